// SPDX-License-Identifier: MIT OR Apache-2.0
#include "client/source.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "metainfo/magnet.h"
#include "metainfo/parse.h"

namespace weir {
namespace {

ClientResult<AddTorrent> with_file(const std::string& path, AddTorrent options) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) {
    const bool permission = error == std::errc::permission_denied;
    return std::unexpected(
        ClientError{permission ? "permission" : "not_found", path + ": " + error.message()});
  }
  if (size > MetainfoLimits{}.torrent_bytes_max) {
    return std::unexpected(ClientError{error_name(MetainfoErrc::input_too_large), path});
  }
  Buffer bytes(size);
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size))) {
    return std::unexpected(ClientError{"permission", path + ": " + std::strerror(errno)});
  }
  auto metadata = parse_torrent(bytes);
  if (!metadata) {
    const MetainfoError& bad = metadata.error();
    const std::string field = bad.field;
    return std::unexpected(ClientError{
        error_name(bad.code),
        path + ": at byte " + std::to_string(bad.offset) + (field.empty() ? "" : " in " + field)});
  }
  options.metadata = std::make_shared<const TorrentMetadata>(std::move(*metadata));
  options.torrent_file = std::move(bytes);
  return options;
}

// 40 hexadecimal or 32 base32 digits of SHA-1, 64 hexadecimal digits of SHA-256.
std::optional<InfoHashes> parse_hash(const std::string& text) {
  InfoHashes hashes;
  if (text.size() == 40) hashes.v1 = Sha1Digest::from_hex_text(text);
  if (text.size() == 64) hashes.v2 = Sha256Digest::from_hex_text(text);
  if (text.size() == 32) {
    if (const auto raw = from_base32(text)) hashes.v1 = Sha1Digest::from(*raw);
  }
  return hashes.v1 || hashes.v2 ? std::optional(hashes) : std::nullopt;
}

}  // namespace

ClientResult<AddTorrent> read_source(const std::string& source, AddTorrent options) {
  if (source.starts_with("magnet:")) {
    auto magnet = parse_magnet(source);
    if (!magnet) {
      return std::unexpected(ClientError{error_name(magnet.error().code),
                                         "at character " + std::to_string(magnet.error().offset)});
    }
    options.magnet = std::move(*magnet);
    return options;
  }
  std::error_code ignored;
  if (!std::filesystem::exists(source, ignored)) {
    if (const auto hashes = parse_hash(source)) {
      options.magnet = Magnet{};
      options.magnet->hashes = *hashes;
      return options;
    }
  }
  return with_file(source, std::move(options));
}

void restore(AddTorrent& request, StateStore& state) {
  const InfoHashes hashes =
      request.metadata ? request.metadata->info->hashes : request.magnet->hashes;
  for (const Sha1Digest& hash : hashes.wire_hashes()) {
    auto entry = state.load(hash.hex());
    if (!entry || !*entry) continue;
    const auto record = decode_record((*entry)->record);
    if (!record || record->root != request.storage.root) continue;
    if (!request.metadata && !record->torrent_file.empty()) {
      if (auto metadata = parse_torrent(record->torrent_file)) {
        request.metadata = std::make_shared<const TorrentMetadata>(std::move(*metadata));
        request.torrent_file = record->torrent_file;
      }
    }
    request.saved_progress = std::move((*entry)->progress);
    request.saved_id = hash.hex();
    // Where the bytes are depends on what was selected then.
    if (request.file_priorities.empty() && !request.select_files) {
      request.file_priorities = record->file_priorities;
    }
    return;
  }
}

ClientResult<AddTorrent> from_record(StateStore::Entry entry) {
  auto record = decode_record(entry.record);
  if (!record) {
    return std::unexpected(ClientError{error_name(record.error().code), record.error().field});
  }
  AddTorrent request;
  if (!record->torrent_file.empty()) {
    auto metadata = parse_torrent(record->torrent_file);
    if (!metadata) return std::unexpected(ClientError{error_name(metadata.error().code), {}});
    request.metadata = std::make_shared<const TorrentMetadata>(std::move(*metadata));
    request.torrent_file = std::move(record->torrent_file);
  }
  if (!record->magnet.empty()) {
    auto magnet = parse_magnet(record->magnet);
    if (!magnet) return std::unexpected(ClientError{error_name(magnet.error().code), {}});
    request.magnet = std::move(*magnet);
  }
  request.storage.root = std::move(record->root);
  request.storage.part_suffix = record->part_suffix;
  request.paused = record->paused;
  request.sequential = record->sequential;
  request.file_priorities = std::move(record->file_priorities);
  request.saved_progress = std::move(entry.progress);
  request.saved_id = std::move(entry.id);
  return request;
}

}  // namespace weir
