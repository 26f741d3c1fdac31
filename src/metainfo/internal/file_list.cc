// SPDX-License-Identifier: MIT OR Apache-2.0
// BEP 3 and BEP 47: the `length` or `files` of an info dictionary.
#include "base/result.h"
#include "metainfo/internal/raw_files.h"
#include "metainfo/path.h"

namespace weir::metainfo_internal {
namespace {

bool is_string_list(BencodeNode node) {
  if (!node.is_list()) return false;
  for (const BencodeNode item : node.as_list()) {
    if (item.type() != BencodeType::string) return false;
  }
  return true;
}

MetainfoResult<void> read_path(BencodeNode entry, bool prefer_utf8, RawFiles& out, RawFile& file) {
  BencodeNode path = entry.find("path");
  // Old creators put a legacy encoding into `path` and the real name beside it.
  if (const BencodeNode utf8 = entry.find("path.utf-8");
      prefer_utf8 && is_string_list(utf8) && !utf8.as_list().empty()) {
    path = utf8;
  }
  file.path_begin = static_cast<std::uint32_t>(out.components.size());
  if (!path) {
    // Nobody ever opens a pad file, so it may do without a name.
    if (file.attributes.pad) return {};
    return refuse(MetainfoErrc::missing_path, entry, "path");
  }
  if (!is_string_list(path)) return refuse(MetainfoErrc::bad_path, path, "path");
  for (const BencodeNode component : path.as_list()) {
    if (file.path_count == kPathDepthMax) return refuse(MetainfoErrc::path_too_deep, path, "path");
    out.components.push_back(*component.as_string());
    ++file.path_count;
  }
  if (file.path_count == 0 && !file.attributes.pad) {
    return refuse(MetainfoErrc::empty_path, path, "path");
  }
  return {};
}

MetainfoResult<RawFile> read_file(BencodeNode entry) {
  RawFile file;
  file.node = entry;
  file.attributes = read_attributes(entry);
  // BEP 47 symbolic links may leave their length out.
  if (file.attributes.symlink && !entry.find("length")) return file;
  WEIR_TRY(length, read_length(entry));
  file.length = length;
  if (file.attributes.symlink && length != 0) {
    return refuse(MetainfoErrc::symlink_with_length, entry, "length");
  }
  return file;
}

}  // namespace

MetainfoResult<std::uint64_t> read_length(BencodeNode file) {
  const BencodeNode node = file.find("length");
  if (!node) return refuse(MetainfoErrc::missing_length, file, "length");
  const auto length = node.as_integer();
  if (!length) return refuse(MetainfoErrc::bad_length, node, "length");
  if (*length < 0) return refuse(MetainfoErrc::negative_length, node, "length");
  const auto value = static_cast<std::uint64_t>(*length);
  if (value > kLengthMax) return refuse(MetainfoErrc::length_too_large, node, "length");
  return value;
}

FileAttributes read_attributes(BencodeNode file) {
  FileAttributes attributes;
  const auto letters = file.find("attr").as_string();
  if (!letters) return attributes;
  attributes.pad = letters->find('p') != std::string_view::npos;
  attributes.executable = letters->find('x') != std::string_view::npos;
  attributes.hidden = letters->find('h') != std::string_view::npos;
  attributes.symlink = !attributes.pad && letters->find('l') != std::string_view::npos;
  return attributes;
}

MetainfoResult<RawFiles> read_v1_files(BencodeNode info, std::string_view name,
                                       const MetainfoLimits& limits) {
  RawFiles out;
  const BencodeNode list = info.find("files");
  if (!list) {
    WEIR_TRY(length, read_length(info));
    RawFile file;
    file.node = info;
    file.length = length;
    file.attributes = read_attributes(info);
    // A torrent that is nothing but padding or a link has no content to speak of.
    file.attributes.pad = file.attributes.symlink = false;
    file.path_count = 1;
    out.components.push_back(name);
    out.files.push_back(file);
    out.single = true;
    return out;
  }
  if (!list.is_list()) return refuse(MetainfoErrc::bad_files, list, "files");
  const bool prefer_utf8 = !info.find("file tree");
  std::uint64_t offset = 0;
  std::size_t real_files = 0;
  for (const BencodeNode entry : list.as_list()) {
    if (!entry.is_dict()) return refuse(MetainfoErrc::bad_file, entry, "files");
    WEIR_TRY(file, read_file(entry));
    // A hybrid of the largest kind has a pad file for each file, so pads count apart.
    if (!file.attributes.pad) ++real_files;
    if (real_files > limits.files_max || out.files.size() >= 2 * limits.files_max) {
      return refuse(MetainfoErrc::too_many_files, entry, "files");
    }
    WEIR_CHECK(read_path(entry, prefer_utf8, out, file));
    file.offset = offset;
    offset += file.length;
    if (offset > kLengthMax) return refuse(MetainfoErrc::length_too_large, entry, "length");
    out.files.push_back(file);
  }
  if (out.files.empty()) return refuse(MetainfoErrc::empty_files, list, "files");
  return out;
}

}  // namespace weir::metainfo_internal
