// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "bencode/decoder.h"
#include "cli/error_text.h"
#include "cli/render.h"
#include "cli/values.h"
#include "io/posix_disk.h"
#include "metainfo/original_names.h"
#include "metainfo/parse.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

// Closes what it opened; stdin stays open.
struct InputFile {
  explicit InputFile(const std::string& path)
      : fd(path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~InputFile() {
    if (fd > STDIN_FILENO) close(fd);
  }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  int fd;
};

CliError metainfo_failure(const MetainfoError& error, const std::string& path) {
  const std::string why =
      explain(error_name(error.code), error.bencode ? explain(error_name(*error.bencode)) : "");
  std::string where = fmt::format("byte {}", error.offset);
  if (*error.field != 0) where += fmt::format(", in \"{}\"", error.field);
  return {.exit = ExitCode::bad_input,
          .code = error_name(error.code),
          .text = fmt::format("{}: not a valid torrent: {} ({})", printable(path), why, where),
          .offset = error.offset,
          .field = error.field};
}

CliResult<TorrentSource> load_magnet(const std::string& text) {
  TorrentSource source;
  auto magnet = parse_magnet(text, &source.left_out_trackers);
  if (!magnet) {
    const std::string code = error_name(magnet.error().code);
    return std::unexpected(CliError{.exit = ExitCode::bad_input,
                                    .code = code,
                                    .text = fmt::format("not a valid magnet link: {} (byte {})",
                                                        explain(code), magnet.error().offset),
                                    .offset = magnet.error().offset,
                                    .field = {}});
  }
  source.id = text;
  source.magnet = std::move(*magnet);
  return source;
}

bool starts_with_no_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::ranges::equal(text.substr(0, prefix.size()), prefix, [](char a, char b) {
           return a == b || (b >= 'a' && b <= 'z' && a == b - 'a' + 'A');
         });
}

bool is_magnet(std::string_view id) { return starts_with_no_case(id, "magnet:"); }

// What people give where only a file will do, and what to do instead.
std::optional<CliError> no_file_at_all(const std::string& path) {
  const auto refuse = [&](const char* code, std::string_view advice) {
    return CliError{.exit = ExitCode::bad_input,
                    .code = code,
                    .text = fmt::format("{}: {}; {}", printable(path), explain(code), advice),
                    .offset = {},
                    .field = {}};
  };
  if (is_magnet(path)) {
    return refuse("needs_torrent_file", "get saves none, so ask its publisher for the file");
  }
  for (const char* scheme : {"http://", "https://", "ftp://"}) {
    if (!starts_with_no_case(path, scheme)) continue;
    return refuse("web_address",
                  "download it first, or pipe it: curl -L URL | weir get -, as - is stdin");
  }
  return std::nullopt;
}

bool exists(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0;
}

ContentPlace place_of(const TorrentInfo& info, const DiskPath& place, ContentNames names) {
  ContentPlace out{.root = place.root, .names = nullptr};
  if (names.top != info.name || !names.files.empty()) {
    out.names = std::make_shared<const ContentNames>(std::move(names));
  }
  return out;
}

}  // namespace

const InfoHashes& TorrentSource::hashes() const {
  return metadata ? metadata->info->hashes : magnet->hashes;
}

std::string TorrentSource::label() const {
  const std::string& name = metadata ? metadata->info->name : magnet->name;
  if (!name.empty()) return printable(name);
  return hashes().v1 ? hashes().v1->hex() : hashes().v2->hex();
}

CliResult<Buffer> read_whole_file(const std::string& path, std::size_t bytes_max) {
  const InputFile file(path);
  if (file.fd < 0) return std::unexpected(errno_error(errno, path));
  struct stat status{};
  if (fstat(file.fd, &status) != 0) return std::unexpected(errno_error(errno, path));
  if (S_ISDIR(status.st_mode)) return std::unexpected(errno_error(EISDIR, path));
  Buffer bytes;
  for (std::size_t size = 0;;) {
    bytes.resize(std::min(size + 256 * 1024, bytes_max + 1));
    const ssize_t got = read(file.fd, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(errno_error(errno, path));
    size += static_cast<std::size_t>(got);
    if (size > bytes_max) {
      return std::unexpected(CliError{
          .exit = ExitCode::bad_input,
          .code = error_name(MetainfoErrc::input_too_large),
          .text = fmt::format("{}: larger than {}", printable(path), render_bytes(bytes_max)),
          .offset = bytes_max,
          .field = {}});
    }
    if (got == 0) {
      bytes.resize(size);
      return bytes;
    }
  }
}

CliResult<TorrentSource> load_torrent_file(const std::string& path) {
  if (path != "-" && !exists(path)) {
    if (auto refused = no_file_at_all(path)) return std::unexpected(std::move(*refused));
  }
  auto bytes = read_whole_file(path, MetainfoLimits{}.torrent_bytes_max);
  if (!bytes) return std::unexpected(bytes.error());
  auto metadata = parse_torrent(*bytes);
  if (!metadata) return std::unexpected(metainfo_failure(metadata.error(), path));
  TorrentSource source;
  source.id = path;
  source.metadata = std::make_shared<const TorrentMetadata>(std::move(*metadata));
  source.torrent_file = std::move(*bytes);
  return source;
}

CliResult<TorrentSource> load_source(const std::string& id) {
  if (is_magnet(id)) return load_magnet(id);
  if (id != "-" && !exists(id)) {
    if (const auto hashes = parse_info_hash(id)) {
      TorrentSource source;
      source.id = id;
      source.magnet.emplace().hashes = *hashes;
      return source;
    }
  }
  return load_torrent_file(id);
}

std::string absolute_path(const std::string& path) {
  std::error_code failed;
  const fs::path absolute = fs::absolute(path, failed).lexically_normal();
  return failed ? path : absolute.string();
}

CliResult<ContentPlace> find_content(const TorrentInfo& info, const std::string& data) {
  const OriginalNames original = original_names(info);
  std::vector<DiskPath> places;
  const std::string directory = absolute_path(data);
  for (const std::string& top : {original.name, info.name}) {
    if (top.empty()) continue;
    const fs::path path = fs::path(directory) / top;
    std::error_code unknown;
    if (fs::exists(path, unknown)) places.push_back({directory, top});
    if (unknown) return std::unexpected(errno_error(unknown.value(), path.string()));
  }
  const std::size_t inside = places.size();
  // The user names this place, so it may be reached through links, as a root may.
  std::error_code failed;
  const fs::path itself = fs::canonical(data, failed);
  if (!failed && itself.has_filename()) {
    places.push_back({itself.parent_path().string(), itself.filename().string()});
  }
  PosixDisk disk;
  for (const DiskPath& place : places) {
    ContentNames names = look_up_names(disk, info, original, place);
    if (holds_content(disk, info.layout, names, place.root)) return place_of(info, place, names);
  }
  const std::string own_name = places.size() > inside ? places[inside].relative : "";
  const bool itself_named =
      !own_name.empty() && (own_name == original.name || own_name == info.name);
  const bool single = info.layout.files().front().path == info.name;
  const bool itself_file = single && !failed && fs::is_regular_file(itself, failed);
  if (inside > 0 || itself_named || itself_file) {
    return place_of(info, places.front(), look_up_names(disk, info, original, places.front()));
  }
  return std::unexpected(
      CliError{.exit = ExitCode::not_found,
               .code = "not_found",
               .text = fmt::format("{}: there is no {} in it", printable(data),
                                   printable(original.name.empty() ? info.name : original.name)),
               .offset = {},
               .field = {}});
}

std::vector<UnusableTracker> unusable_trackers_of(const TorrentSource& source) {
  return source.magnet ? unusable_trackers(source.left_out_trackers)
                       : unusable_trackers(source.torrent_file);
}

std::string magnet_of(const TorrentMetadata& metadata) {
  Magnet magnet;
  magnet.hashes = metadata.info->hashes;
  magnet.name = metadata.info->name;
  for (const auto& tier : metadata.tracker_tiers) {
    magnet.trackers.insert(magnet.trackers.end(), tier.begin(), tier.end());
  }
  magnet.web_seeds = metadata.web_seeds;
  return format_magnet(magnet);
}

}  // namespace weir
