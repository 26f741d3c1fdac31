// SPDX-License-Identifier: MIT OR Apache-2.0
// The info dictionary of a created torrent, key by key as libtorrent 2.0 writes it.
#include "bencode/encoder.h"
#include "metainfo/create.h"

namespace weir {
namespace {

void write_attributes(BencodeWriter& writer, const FileAttributes& attributes) {
  std::string letters;
  if (attributes.pad) letters += 'p';
  if (attributes.executable) letters += 'x';
  if (attributes.hidden) letters += 'h';
  if (attributes.symlink) letters += 'l';
  if (!letters.empty()) writer.entry("attr", letters);
}

void write_path(BencodeWriter& writer, std::string_view key, const std::vector<std::string>& path) {
  writer.key(key);
  writer.begin_list();
  for (const std::string& component : path) writer.string(component);
  writer.end();
}

std::string_view as_key_text(const std::vector<Sha1Digest>& hashes) {
  return {reinterpret_cast<const char*>(hashes.data()), hashes.size() * Sha1Digest::kSize};
}

}  // namespace

void TorrentBuilder::write_file_list(BencodeWriter& writer) const {
  writer.key("files");
  writer.begin_list();
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const TorrentFile& file = layout_.files()[i];
    writer.begin_dict();
    write_attributes(writer, file.attributes);
    writer.entry("length", static_cast<std::int64_t>(file.length));
    if (file.attributes.pad) {
      write_path(writer, "path", {".pad", std::to_string(file.length)});
    } else {
      const CreateFile& source = files_[sources_[i]];
      write_path(writer, "path", source.path);
      if (file.attributes.symlink) write_path(writer, "symlink path", source.symlink_target);
    }
    writer.end();
  }
  writer.end();
}

// Files are in tree order, so the tree is written by comparing each path with the one before it:
// close what they don't share, open what is new.
void TorrentBuilder::write_file_tree(BencodeWriter& writer) const {
  writer.key("file tree");
  writer.begin_dict();
  const std::vector<std::string> single_path = {options_.name};
  std::vector<std::string> open;
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const TorrentFile& file = layout_.files()[i];
    if (file.attributes.pad) continue;
    const CreateFile& source = files_[sources_[i]];
    const std::vector<std::string>& path = single_ ? single_path : source.path;
    std::size_t shared = 0;
    while (shared < open.size() && shared + 1 < path.size() && open[shared] == path[shared]) {
      ++shared;
    }
    for (; open.size() > shared; open.pop_back()) writer.end();
    for (std::size_t depth = shared; depth + 1 < path.size(); ++depth) {
      writer.key(path[depth]);
      writer.begin_dict();
      open.push_back(path[depth]);
    }
    writer.key(path.back());
    writer.begin_dict();
    writer.key("");
    writer.begin_dict();
    write_attributes(writer, file.attributes);
    if (file.attributes.symlink) {
      write_path(writer, "symlink path", source.symlink_target);
    } else {
      writer.entry("length", static_cast<std::int64_t>(file.length));
      if (file.length > 0) writer.entry("pieces root", as_text(roots_[i].view()));
    }
    writer.end();
    writer.end();
  }
  for (; !open.empty(); open.pop_back()) writer.end();
  writer.end();
}

Buffer TorrentBuilder::write_info() const {
  const TorrentKind kind = options_.kind;
  BencodeWriter writer;
  writer.begin_dict();
  if (has_v1(kind) && single_) write_attributes(writer, files_[0].attributes);
  if (has_v2(kind)) write_file_tree(writer);
  if (has_v1(kind) && !single_) write_file_list(writer);
  if (has_v1(kind) && single_) writer.entry("length", static_cast<std::int64_t>(files_[0].length));
  if (has_v2(kind)) writer.entry("meta version", 2);
  writer.entry("name", options_.name);
  writer.entry("piece length", std::int64_t{options_.piece_length});
  if (has_v1(kind)) writer.entry("pieces", as_key_text(v1_hashes_));
  if (options_.is_private) writer.entry("private", 1);
  if (!options_.source.empty()) writer.entry("source", options_.source);
  writer.end();
  return writer.take();
}

}  // namespace weir
