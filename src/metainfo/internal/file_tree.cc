// SPDX-License-Identifier: MIT OR Apache-2.0
// BEP 52: the `file tree` of an info dictionary, and its agreement with the v1 list of a hybrid.
#include <algorithm>

#include "base/result.h"
#include "metainfo/internal/raw_files.h"
#include "metainfo/path.h"

namespace weir::metainfo_internal {
namespace {

MetainfoResult<RawFile> read_leaf(BencodeNode node) {
  if (!node.is_dict()) return refuse(MetainfoErrc::bad_file_tree, node, "file tree");
  RawFile file;
  file.node = node;
  file.attributes = read_attributes(node);
  // BEP 52 aligns files by itself; a pad file has no place in the tree.
  file.attributes.pad = false;
  if (!(file.attributes.symlink && !node.find("length"))) {
    WEIR_TRY(length, read_length(node));
    file.length = length;
  }
  if (file.attributes.symlink && file.length != 0) {
    return refuse(MetainfoErrc::symlink_with_length, node, "length");
  }
  const BencodeNode root = node.find("pieces root");
  if (file.length == 0) {
    if (root) return refuse(MetainfoErrc::pieces_root_on_empty_file, root, "pieces root");
    return file;
  }
  if (!root) return refuse(MetainfoErrc::missing_pieces_root, node, "pieces root");
  const auto text = root.as_string();
  const auto digest = text ? Sha256Digest::from(as_bytes(*text)) : std::nullopt;
  if (!digest) return refuse(MetainfoErrc::bad_pieces_root, root, "pieces root");
  if (digest->is_zero()) return refuse(MetainfoErrc::zero_pieces_root, root, "pieces root");
  file.pieces_root = *digest;
  return file;
}

// Walks the tree with an explicit stack; its depth is that of the decoder at most.
class TreeWalk {
 public:
  TreeWalk(std::uint32_t piece_length, const MetainfoLimits& limits)
      : piece_length_(piece_length), limits_(limits) {}

  MetainfoResult<RawFiles> run(BencodeNode tree) {
    if (tree.find("")) return refuse(MetainfoErrc::root_is_file, tree, "file tree");
    enter(tree);
    while (!stack_.empty()) {
      Level& level = stack_.back();
      if (level.at == level.end) {
        stack_.pop_back();
        if (!path_.empty()) path_.pop_back();
        continue;
      }
      const BencodeEntry entry = *level.at;
      ++level.at;
      WEIR_CHECK(visit(entry));
    }
    if (out_.files.empty()) return refuse(MetainfoErrc::empty_files, tree, "file tree");
    return std::move(out_);
  }

 private:
  struct Level {
    BencodeDictIterator at;
    BencodeDictIterator end;
  };

  void enter(BencodeNode directory) {
    stack_.push_back({directory.as_dict().begin(), directory.as_dict().end()});
  }

  MetainfoResult<void> visit(const BencodeEntry& entry) {
    if (!entry.value.is_dict())
      return refuse(MetainfoErrc::bad_file_tree, entry.value, "file tree");
    if (path_.size() == kPathDepthMax) {
      return refuse(MetainfoErrc::path_too_deep, entry.value, "file tree");
    }
    path_.push_back(entry.key);
    const auto children = entry.value.as_dict();
    if (children.empty() || !(*children.begin()).key.empty()) {
      enter(entry.value);  // a directory; pops its path component when done
      return {};
    }
    auto second = children.begin();
    const BencodeNode leaf = (*second).value;
    ++second;
    if (second != children.end()) {
      return refuse(MetainfoErrc::file_and_directory, entry.value, "file tree");
    }
    WEIR_CHECK(add(leaf));
    path_.pop_back();
    return {};
  }

  MetainfoResult<void> add(BencodeNode leaf) {
    if (out_.files.size() == limits_.files_max) {
      return refuse(MetainfoErrc::too_many_files, leaf, "file tree");
    }
    WEIR_TRY(file, read_leaf(leaf));
    if (file.length > 0) {
      // Files with content start on a piece boundary.
      offset_ = (offset_ + piece_length_ - 1) / piece_length_ * piece_length_;
    }
    file.offset = offset_;
    offset_ += file.length;
    if (offset_ > kLengthMax) return refuse(MetainfoErrc::length_too_large, leaf, "length");
    file.path_begin = static_cast<std::uint32_t>(out_.components.size());
    file.path_count = static_cast<std::uint32_t>(path_.size());
    out_.components.insert(out_.components.end(), path_.begin(), path_.end());
    out_.files.push_back(file);
    return {};
  }

  std::uint32_t piece_length_;
  const MetainfoLimits& limits_;
  RawFiles out_;
  std::vector<Level> stack_;
  std::vector<std::string_view> path_;
  std::uint64_t offset_ = 0;
};

}  // namespace

MetainfoResult<RawFiles> read_v2_files(BencodeNode info, std::string_view name,
                                       std::uint32_t piece_length, const MetainfoLimits& limits) {
  const BencodeNode tree = info.find("file tree");
  if (!tree) return refuse(MetainfoErrc::missing_file_tree, info, "file tree");
  if (!tree.is_dict()) return refuse(MetainfoErrc::bad_file_tree, tree, "file tree");
  WEIR_TRY(out, TreeWalk(piece_length, limits).run(tree));
  // BEP 52: a tree of one file with the torrent's own name is a single-file torrent.
  out.single = out.files.size() == 1 && out.files[0].path_count == 1 && out.components[0] == name;
  return out;
}

MetainfoResult<void> join_hybrid(RawFiles& v1, const RawFiles& v2, BencodeNode info) {
  if (v1.single != v2.single) return refuse(MetainfoErrc::hybrid_mismatch, info, "files");
  auto other = v2.files.begin();
  std::uint64_t content_end = 0;
  for (RawFile& file : v1.files) {
    if (file.attributes.pad) continue;
    if (other == v2.files.end() || file.length != other->length ||
        file.attributes.symlink != other->attributes.symlink ||
        !std::ranges::equal(v1.path(file), v2.path(*other))) {
      return refuse(MetainfoErrc::hybrid_mismatch, file.node, "files");
    }
    if (file.length > 0) {
      // Equal offsets mean that the pad files fill exactly what alignment asks for.
      if (file.offset != other->offset) {
        return refuse(MetainfoErrc::hybrid_misaligned, file.node, "files");
      }
      content_end = file.offset + file.length;
    }
    file.pieces_root = other->pieces_root;
    ++other;
  }
  if (other != v2.files.end()) return refuse(MetainfoErrc::hybrid_mismatch, other->node, "files");
  // A pad after the last file is optional: creators differ. It may not add a piece.
  const std::int64_t piece = *info.find("piece length").as_integer();
  const auto piece_length = static_cast<std::uint64_t>(piece);
  const std::uint64_t aligned = (content_end + piece_length - 1) / piece_length * piece_length;
  const RawFile& last = v1.files.back();
  if (last.offset + last.length > aligned) {
    return refuse(MetainfoErrc::hybrid_misaligned, last.node, "files");
  }
  return {};
}

}  // namespace weir::metainfo_internal
