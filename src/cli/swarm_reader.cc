// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/swarm_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "cli/options.h"
#include "cli/render.h"
#include "cli/stop_signal.h"
#include "cli/transfer.h"
#include "client/weir.h"

namespace weir {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Failure = std::unexpected<CliError>;

constexpr std::uint64_t kStepBytes = 1u << 20;
// How long a wait may go on before it is looked whether the user has had enough.
constexpr std::chrono::milliseconds kTurn{250};

// Gone with all that is in it.
class TemporaryDirectory {
 public:
  static CliResult<TemporaryDirectory> make() {
    std::error_code failed;
    std::string path = (fs::temp_directory_path(failed) / "weir-cat-XXXXXX").string();
    if (failed) return Failure(errno_error(failed.value(), "the temporary directory"));
    if (mkdtemp(path.data()) == nullptr) return Failure(errno_error(errno, path));
    return TemporaryDirectory(std::move(path));
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  TemporaryDirectory(TemporaryDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryDirectory& operator=(TemporaryDirectory&&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

CliError ended(ExitCode exit, const char* code, std::string text) {
  return {.exit = exit, .code = code, .text = std::move(text), .offset = {}, .field = {}};
}

// Waits turn by turn until `done`, while something comes now and then.
class Patience {
 public:
  Patience(std::chrono::milliseconds most, std::string label)
      : most_(most), label_(std::move(label)), since_(Clock::now()) {}
  void something_came() { since_ = Clock::now(); }
  [[nodiscard]] CliResult<void> turn(const char* what) const {
    if (stop_requested()) return Failure(ended(ExitCode::unfinished, "interrupted", "stopped"));
    if (Clock::now() - since_ < most_) return {};
    return Failure(ended(ExitCode::timed_out, "timed_out",
                         fmt::format("{}: nobody gave the {} in time", label_, what)));
  }

 private:
  const std::chrono::milliseconds most_;
  const std::string label_;
  Clock::time_point since_;
};

CliResult<std::shared_ptr<const TorrentInfo>> wait_for_files(Client& client, TorrentKey torrent,
                                                             const Patience& patience) {
  bool checked = false;
  while (true) {
    const auto event = client.wait_event(kTurn);
    if (event && std::holds_alternative<CheckDone>(event->body)) checked = true;
    if (const auto* failed = event ? std::get_if<TorrentFailed>(&event->body) : nullptr) {
      return Failure(ended(exit_code_of(failed->code), failed->code.c_str(),
                           fmt::format("{}: {}", failed->code, printable(failed->detail))));
    }
    if (auto info = checked ? client.info(torrent) : nullptr) return info;
    if (auto go_on = patience.turn("torrent's metadata"); !go_on) return Failure(go_on.error());
  }
}

CliResult<void> give(Client& client, TorrentKey torrent, FileIndex file,
                     std::pair<std::uint64_t, std::uint64_t> stretch, Patience& patience,
                     const std::function<bool(Bytes)>& sink) {
  const auto info = client.info(torrent);
  if (!info) return Failure(ended(ExitCode::failure, "failed", "the engine has stopped"));
  const std::uint64_t piece = info->layout.piece_length();
  auto [at, left] = stretch;
  while (left > 0) {
    // At most to the end of a piece: what is here is given before the next one is waited for.
    const std::uint64_t in_piece = (info->layout.file(file).offset + at) % piece;
    const std::uint64_t step = std::min({left, kStepBytes, piece - in_piece});
    const auto part = client.read(torrent, file, at, step, kTurn);
    if (!part && part.error().code == "timed_out") {
      if (auto go_on = patience.turn("content"); !go_on) return go_on;
      continue;
    }
    if (!part) return Failure(client_failure(part.error(), info->name));
    patience.something_came();
    if (!sink(*part)) return {};
    at += step;
    left -= step;
  }
  return {};
}

}  // namespace

CliResult<FileIndex> find_file(const TorrentInfo& info, const std::string& path,
                               std::string_view id) {
  const auto& files = info.layout.files();
  std::optional<FileIndex> only;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].attributes.pad) continue;
    const auto index = static_cast<FileIndex>(i);
    if (!path.empty()) {
      if (files[i].path == path || files[i].path == info.name + "/" + path) return index;
      continue;
    }
    // One file in a folder has a path that its user should see.
    if (only || files[i].path.find('/') != std::string::npos) return Failure(which_file(id));
    only = index;
  }
  if (only) return *only;
  return Failure(no_such_file(path.empty() ? std::string(id) : fmt::format("{}/{}", id, path)));
}

CliResult<void> read_from_swarm(SwarmRead wanted, const std::function<bool(Bytes)>& sink) {
  const std::string label = wanted.source.label();
  if (wanted.source.metadata) {
    // What the torrent itself refuses needs no peers.
    const TorrentInfo& info = *wanted.source.metadata->info;
    const auto file = find_file(info, wanted.path, wanted.source.id);
    if (!file) return Failure(file.error());
    if (info.layout.file(*file).length == 0 && !wanted.range) return {};
  }
  auto directory = TemporaryDirectory::make();
  if (!directory) return Failure(directory.error());
  ClientConfig config;
  config.session.client_version = fmt::format("weir {}", cli_version());
  config.state_dir = directory->path() + "/state";
  const char* certificates = std::getenv("SSL_CERT_FILE");
  config.ca_file = certificates == nullptr ? "" : certificates;
  auto client = Client::open(std::move(config));
  if (!client) return Failure(client_failure(client.error(), "starting"));

  AddTorrent request;
  request.storage.root = directory->path() + "/content";
  request.metadata = wanted.source.metadata;
  request.torrent_file = wanted.source.torrent_file;
  request.magnet = wanted.source.magnet;
  request.peers = wanted.peers;
  // Nothing is wanted but what is read.
  request.select_files = [](const TorrentInfo& info) {
    return std::vector<std::uint8_t>(info.layout.files().size(), 0);
  };
  const auto torrent = (*client)->add(std::move(request));
  if (!torrent) return Failure(client_failure(torrent.error(), label));
  Patience patience(wanted.patience, label);
  const auto info = wait_for_files(**client, *torrent, patience);
  if (!info) return Failure(info.error());
  const auto file = find_file(**info, wanted.path, wanted.source.id);
  if (!file) return Failure(file.error());
  const std::uint64_t length = (*info)->layout.file(*file).length;
  if (length == 0 && !wanted.range) return {};
  const auto stretch = wanted.range.value_or(CatRange{0, std::nullopt}).within(length);
  if (!stretch) return Failure(outside_file((*info)->layout.file(*file).path));
  patience.something_came();
  auto done = give(**client, *torrent, *file, *stretch, patience, sink);
  (*client)->stop();
  return done;
}

}  // namespace weir
