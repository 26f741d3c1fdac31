// SPDX-License-Identifier: MIT OR Apache-2.0
#include "metainfo/create.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <utility>

#include "base/assert.h"
#include "base/result.h"
#include "base/utf8.h"
#include "hash/merkle.h"
#include "hash/sha.h"
#include "metainfo/parse.h"
#include "metainfo/path.h"
#include "metainfo/write.h"

namespace weir {
namespace {

constexpr std::size_t kPad = std::numeric_limits<std::size_t>::max();
constexpr std::uint64_t kPiecesWanted = 2000;
constexpr std::uint32_t kAutoPieceLengthMax = 16 * 1024 * 1024;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_plain_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && is_utf8(name) &&
         name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

std::string shown(const CreateFile& file) {
  std::string out;
  for (const std::string& component : file.path) out += (out.empty() ? "" : "/") + component;
  return out;
}

std::unexpected<CreateError> fail(CreateErrc code, std::string path = {}) {
  return std::unexpected(CreateError{code, std::move(path), std::nullopt});
}

CreateResult<std::uint64_t> check_files(const std::vector<CreateFile>& files, bool single) {
  if (files.empty()) return fail(CreateErrc::no_files);
  if (files.size() > MetainfoLimits().files_max) return fail(CreateErrc::too_many_files);
  constexpr std::uint64_t kSizeMax = std::uint64_t{2'097'152} * kPieceLengthMax;
  std::uint64_t total = 0;
  for (const CreateFile& file : files) {
    const bool named = std::all_of(file.path.begin(), file.path.end(), is_plain_name);
    if (!named || (file.path.empty() && !single) || file.path.size() > kPathDepthMax) {
      return fail(CreateErrc::bad_name, shown(file));
    }
    WEIR_ASSERT(!file.attributes.pad && !(file.attributes.symlink && file.length > 0));
    if (file.length > kSizeMax - total) return fail(CreateErrc::too_large, shown(file));
    total += file.length;
  }
  if (total == 0) return fail(CreateErrc::no_content);
  return total;
}

// Sorted component by component, a path comes right before those below it.
CreateResult<std::vector<std::size_t>> tree_order(const std::vector<CreateFile>& files) {
  std::vector<std::size_t> order(files.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&files](std::size_t a, std::size_t b) { return files[a].path < files[b].path; });
  for (std::size_t i = 1; i < order.size(); ++i) {
    const auto& above = files[order[i - 1]].path;
    const auto& path = files[order[i]].path;
    if (above.size() <= path.size() && std::equal(above.begin(), above.end(), path.begin())) {
      return fail(CreateErrc::duplicate_path, shown(files[order[i]]));
    }
  }
  return order;
}

void sort_naturally(const std::vector<CreateFile>& files, std::vector<std::size_t>& order) {
  std::sort(order.begin(), order.end(), [&files](std::size_t a, std::size_t b) {
    return std::lexicographical_compare(files[a].path.begin(), files[a].path.end(),
                                        files[b].path.begin(), files[b].path.end(), natural_less);
  });
}

std::uint64_t aligned(std::uint64_t offset, std::uint64_t piece_length) {
  return (offset + piece_length - 1) / piece_length * piece_length;
}

TorrentFile pad_file(std::uint64_t length, std::uint64_t offset) {
  TorrentFile pad;
  pad.path = ".pad/" + std::to_string(length);
  pad.length = length;
  pad.offset = offset;
  pad.attributes.pad = true;
  return pad;
}

std::size_t payload_blocks(const Layout& layout, PieceIndex piece) {
  return (layout.piece_payload(piece) + kBlockSize - 1) / kBlockSize;
}

Sha256Digest v2_subtree(const Layout& layout, PieceIndex piece,
                        std::span<const Sha256Digest> leaves) {
  // BEP 52: a file within one piece has a tree of its own width only.
  const bool small = layout.file(layout.piece_file(piece)).length <= layout.piece_length();
  const std::uint64_t width =
      small ? merkle_width(leaves.size()) : std::uint64_t{layout.piece_length() / kBlockSize};
  return merkle_root(leaves, width, 0);
}

}  // namespace

std::uint32_t choose_piece_length(std::uint64_t content_size) {
  std::uint32_t length = kPieceLengthMin;
  while (length < kAutoPieceLengthMax && content_size / length >= kPiecesWanted) length *= 2;
  return length;
}

bool natural_less(std::string_view a, std::string_view b) {
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (!is_digit(a[i]) || !is_digit(b[j])) {
      if (a[i] != b[j]) {
        return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
      }
      ++i, ++j;
      continue;
    }
    const auto run = [](std::string_view text, std::size_t& at) {
      while (at < text.size() && text[at] == '0') ++at;
      const std::size_t begin = at;
      while (at < text.size() && is_digit(text[at])) ++at;
      return text.substr(begin, at - begin);
    };
    const std::string_view x = run(a, i), y = run(b, j);
    if (x.size() != y.size()) return x.size() < y.size();
    if (x != y) return x < y;
  }
  if (i < a.size() || j < b.size()) return j < b.size();
  return a < b;  // only leading zeros differ
}

CreateResult<TorrentBuilder> TorrentBuilder::make(CreateOptions options,
                                                  std::vector<CreateFile> files) {
  TorrentBuilder out;
  out.single_ = files.size() == 1 && files[0].path.empty();
  if (!is_plain_name(options.name)) return fail(CreateErrc::bad_name, options.name);
  WEIR_TRY(total, check_files(files, out.single_));
  if (options.piece_length == 0) options.piece_length = choose_piece_length(total);
  if (options.piece_length < kPieceLengthMin || options.piece_length > kPieceLengthMax ||
      !std::has_single_bit(options.piece_length)) {
    return fail(CreateErrc::bad_piece_length);
  }
  WEIR_TRY(order, tree_order(files));
  if (options.kind == TorrentKind::v1) {
    if (options.v1_order == CreateV1Order::natural) sort_naturally(files, order);
    if (options.v1_order == CreateV1Order::as_given) {
      std::iota(order.begin(), order.end(), std::size_t{0});
    }
  }
  std::uint64_t pieces = 0;
  const std::uint64_t piece_length = options.piece_length;
  for (const CreateFile& file : files) pieces += aligned(file.length, piece_length) / piece_length;
  if (options.kind == TorrentKind::v1) pieces = aligned(total, piece_length) / piece_length;
  if (pieces > MetainfoLimits().pieces_max) return fail(CreateErrc::too_many_pieces);
  out.options_ = std::move(options);
  out.files_ = std::move(files);
  out.lay_out(std::move(order));
  return out;
}

void TorrentBuilder::lay_out(std::vector<std::size_t> order) {
  const std::uint64_t piece_length = options_.piece_length;
  const TorrentKind kind = options_.kind;
  std::vector<TorrentFile> laid;
  std::uint64_t offset = 0;
  for (const std::size_t source : order) {
    const CreateFile& from = files_[source];
    TorrentFile file;
    file.path = options_.name + (single_ ? "" : "/" + shown(from));
    file.length = from.length;
    file.attributes = from.attributes;
    if (has_v2(kind) && from.length > 0) offset = aligned(offset, piece_length);
    file.offset = offset;
    offset += from.length;
    laid.push_back(std::move(file));
    sources_.push_back(source);
    const std::uint64_t gap = aligned(offset, piece_length) - offset;
    if (kind == TorrentKind::hybrid && from.length > 0 && gap > 0 && order.size() > 1) {
      laid.push_back(pad_file(gap, offset));
      sources_.push_back(kPad);
      offset += gap;
    }
  }
  layout_ = Layout(kind, options_.piece_length, std::move(laid));
  missing_ = layout_.piece_count();
  added_.resize(missing_);
  if (has_v1(kind)) v1_hashes_.resize(missing_);
  if (has_v2(kind)) v2_subtrees_.resize(missing_);
}

std::optional<std::size_t> TorrentBuilder::source_of(FileIndex file) const {
  const std::size_t source = sources_[to_int(file)];
  return source == kPad ? std::nullopt : std::optional(source);
}

std::vector<CreatedPieceHashes> hash_created_pieces(const Layout& layout,
                                                    std::span<const CreatedPieceInput> inputs,
                                                    CreatedLeaves keep) {
  WEIR_ASSERT(keep == CreatedLeaves::drop || has_v2(layout.kind()));
  std::vector<Bytes> messages;
  for (const CreatedPieceInput& input : inputs) {
    WEIR_ASSERT(input.data.size() == layout.piece_size(input.piece));
    messages.push_back(input.data);
  }
  std::vector<Sha1Digest> digests(inputs.size());
  if (has_v1(layout.kind())) sha1_many(messages, digests);
  // The blocks of all pieces go through the lanes together.
  messages.clear();
  for (const CreatedPieceInput& input : inputs) {
    if (!has_v2(layout.kind())) break;
    Bytes rest = input.data.first(layout.piece_payload(input.piece));
    for (; !rest.empty(); rest = rest.subspan(messages.back().size())) {
      messages.push_back(rest.first(std::min<std::size_t>(kBlockSize, rest.size())));
    }
  }
  std::vector<Sha256Digest> leaves(messages.size());
  sha256_many(messages, leaves);
  std::vector<CreatedPieceHashes> out(inputs.size());
  std::span<const Sha256Digest> rest = leaves;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    out[i].piece = inputs[i].piece;
    out[i].v1 = digests[i];
    if (!has_v2(layout.kind())) continue;
    const auto own = rest.first(payload_blocks(layout, inputs[i].piece));
    rest = rest.subspan(own.size());
    out[i].v2_subtree = v2_subtree(layout, inputs[i].piece, own);
    if (keep == CreatedLeaves::keep) out[i].leaves.assign(own.begin(), own.end());
  }
  return out;
}

void TorrentBuilder::add(std::span<const CreatedPieceHashes> hashes) {
  for (const CreatedPieceHashes& piece : hashes) {
    const std::size_t index = to_int(piece.piece);
    WEIR_ASSERT(index < added_.size());
    if (added_[index]) continue;
    added_[index] = true;
    --missing_;
    if (!v1_hashes_.empty()) v1_hashes_[index] = piece.v1;
    if (!v2_subtrees_.empty()) v2_subtrees_[index] = piece.v2_subtree;
  }
}

void TorrentBuilder::compute_roots() {
  roots_.assign(layout_.files().size(), {});
  layers_.clear();
  const std::uint32_t layer = merkle_depth(layout_.piece_length() / kBlockSize);
  for (std::size_t i = 0; i < roots_.size(); ++i) {
    const TorrentFile& file = layout_.files()[i];
    if (file.length == 0 || file.attributes.pad) continue;
    const auto range = layout_.file_pieces(FileIndex{static_cast<std::uint32_t>(i)});
    const auto subtrees =
        std::span<const Sha256Digest>(v2_subtrees_)
            .subspan(to_int(range.begin), to_int(range.end) - to_int(range.begin));
    if (subtrees.size() == 1) {
      roots_[i] = subtrees[0];
      continue;
    }
    roots_[i] = merkle_root(subtrees, merkle_width(subtrees.size()), layer);
    layers_.push_back({roots_[i], {subtrees.begin(), subtrees.end()}});
  }
}

CreateResult<CreatedTorrent> TorrentBuilder::finish() {
  WEIR_ASSERT(missing_ == 0);
  if (has_v2(options_.kind)) compute_roots();
  TorrentInfo raw;
  raw.layout = layout_;
  raw.raw_info = write_info();
  TorrentMetadata metadata;
  metadata.info = std::make_shared<const TorrentInfo>(std::move(raw));
  metadata.tracker_tiers = options_.tracker_tiers;
  metadata.web_seeds = options_.web_seeds;
  metadata.nodes = options_.nodes;
  metadata.piece_layers = std::move(layers_);
  metadata.comment = options_.comment;
  metadata.created_by = options_.created_by;
  metadata.creation_date = options_.creation_date;
  CreatedTorrent out;
  out.bytes = write_torrent(metadata);
  // Reading our own result back proves that it loads, and fills in what only the parser computes.
  MetainfoLimits limits;
  limits.torrent_bytes_max = out.bytes.size();
  auto parsed = parse_torrent(out.bytes, limits);
  if (!parsed) {
    return std::unexpected(CreateError{CreateErrc::not_loadable, "", parsed.error().code});
  }
  out.metadata = std::move(*parsed);
  return out;
}

const char* error_name(CreateErrc code) {
  switch (code) {
    case CreateErrc::no_files:
      return "no_files";
    case CreateErrc::no_content:
      return "no_content";
    case CreateErrc::too_many_files:
      return "too_many_files";
    case CreateErrc::too_many_pieces:
      return "too_many_pieces";
    case CreateErrc::bad_piece_length:
      return "bad_piece_length";
    case CreateErrc::bad_name:
      return "bad_name";
    case CreateErrc::duplicate_path:
      return "duplicate_path";
    case CreateErrc::too_large:
      return "too_large";
    case CreateErrc::not_loadable:
      return "not_loadable";
  }
  return "unknown";
}

}  // namespace weir
