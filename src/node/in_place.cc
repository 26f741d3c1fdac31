// SPDX-License-Identifier: MIT OR Apache-2.0
#include "node/in_place.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include "base/result.h"
#include "io/clock.h"
#include "io/posix_disk.h"
#include "metainfo/original_names.h"
#include "metainfo/parse.h"
#include "node/event_log.h"
#include "node/internal/local_torrent.h"
#include "node/internal/publication.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

std::unexpected<NodeError> failure(NodeErrc code, std::string detail) {
  return std::unexpected(NodeError{code, std::move(detail)});
}

NodeError cancelled() { return {NodeErrc::cancelled, "publishing was cancelled"}; }

// Names that are not safe enough to be created are those of the files all the same.
std::shared_ptr<const ContentNames> names_of(const TorrentInfo& info, const DiskPath& place) {
  PosixDisk disk;
  ContentNames names = look_up_names(disk, info, original_names(info), place);
  if (names.top == info.name && names.files.empty()) return nullptr;
  return std::make_shared<const ContentNames>(std::move(names));
}

StorageOptions storage_of(const TorrentInfo& info, const fs::path& path) {
  StorageOptions storage;
  storage.root = path.parent_path().string();
  storage.names = names_of(info, {storage.root, path.filename()});
  return storage;
}

}  // namespace

const char* state_name(PublishState state) {
  switch (state) {
    case PublishState::waiting:
      return "waiting";
    case PublishState::hashing:
      return "hashing";
    case PublishState::done:
      return "done";
    case PublishState::failed:
      return "failed";
  }
  std::unreachable();
}

struct InPlace::Running {
  std::uint64_t number = 0;
  std::string path;
  std::shared_ptr<std::atomic<bool>> stop;
};

InPlace::InPlace(Client& client, CatalogueStore& catalogue, ContentStore& contents,
                 std::function<void(const std::string&)> warn)
    : client_(client), catalogue_(catalogue), contents_(contents), warn_(std::move(warn)) {}
InPlace::~InPlace() { stop(); }

void InPlace::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& [number, stop] : cancelled_) *stop = true;
  }
  queue_.stop();
}

NodeResult<void> InPlace::restore() {
  auto rows = catalogue_.load_in_place();
  if (!rows) return std::unexpected(node_error(rows.error()));
  for (const InPlaceRow& row : *rows) {
    auto parsed = parse_torrent(row.torrent);
    if (!parsed || !parsed->info->hashes.v2 || parsed->info->hashes.v2->hex() != row.hash) {
      if (warn_) warn_("what lies at " + row.path + " is not published: its torrent is damaged");
      continue;
    }
    auto metadata = std::make_shared<const TorrentMetadata>(std::move(*parsed));
    if (const auto seeded = seed(row, std::move(metadata), false); !seeded && warn_) {
      warn_("what lies at " + row.path + " is not published: " + seeded.error().detail);
    }
  }
  return {};
}

// It is known by its names first, so that nobody who finds the torrent takes it for another's.
NodeResult<void> InPlace::seed(const InPlaceRow& row,
                               std::shared_ptr<const TorrentMetadata> metadata, bool paused) {
  const InfoHashes hashes = metadata->info->hashes;
  {
    const std::lock_guard lock(mutex_);
    paths_.insert_or_assign(*hashes.v2, row.path);
    if (hashes.v1) by_v1_.insert_or_assign(*hashes.v1, *hashes.v2);
  }
  AddTorrent request;
  request.storage = storage_of(*metadata->info, row.path);
  request.metadata = std::move(metadata);
  request.torrent_file = row.torrent;
  request.check = StartCheck::trust;
  request.seed_only = true;
  request.paused = paused;
  const auto added = client_.add(std::move(request));
  if (added) return {};
  {
    const std::lock_guard lock(mutex_);
    paths_.erase(*hashes.v2);
    if (hashes.v1) by_v1_.erase(*hashes.v1);
  }
  if (added.error().code == "already_added") {
    return failure(NodeErrc::already_here,
                   "the node has this torrent already, and its content "
                   "elsewhere");
  }
  return failure(NodeErrc::engine, added.error().code + ": " + added.error().detail);
}

NodeResult<PublishJob> InPlace::begin(PublishRequest request) {
  const fs::path path = fs::path(request.path).lexically_normal();
  if (!path.is_absolute() || request.path.find('\0') != std::string::npos ||
      path == path.root_path()) {
    return failure(NodeErrc::bad_path, "the path is absolute, and not the root of all");
  }
  PublishJob out;
  out.path = path.has_filename() ? path.string() : path.parent_path().string();
  out.state = PublishState::waiting;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return failure(NodeErrc::stopping, "the node is stopping");
    if (cancelled_.size() >= kJobsMax) {
      return failure(NodeErrc::too_many, "too much waits to be published");
    }
    out.number = ++last_;
    jobs_.emplace(out.number, out);
    cancelled_.emplace(out.number, std::make_shared<std::atomic<bool>>(false));
    for (auto it = jobs_.begin(); jobs_.size() > kEndedMax + kJobsMax && it != jobs_.end();) {
      it = cancelled_.contains(it->first) ? std::next(it) : jobs_.erase(it);
    }
  }
  queue_.post([this, number = out.number, paused = request.paused] { run(number, paused); });
  return out;
}

void InPlace::change(std::uint64_t number, const std::function<void(PublishJob&)>& change) {
  const std::lock_guard lock(mutex_);
  if (const auto it = jobs_.find(number); it != jobs_.end()) change(it->second);
}

void InPlace::run(std::uint64_t number, bool paused) {
  Running running{number, {}, {}};
  change(number, [&](PublishJob& job) {
    running.path = job.path;
    running.stop = cancelled_.at(number);
    job.state = PublishState::hashing;
  });
  auto published = publish(running, paused);
  change(number, [&](PublishJob& job) {
    job.state = published ? PublishState::done : PublishState::failed;
    if (published) job.torrent = *published;
    if (!published) job.error = published.error();
    cancelled_.erase(number);
  });
}

NodeResult<InfoHashes> InPlace::publish(Running& running, bool paused) {
  if (*running.stop) return std::unexpected(cancelled());
  const auto content = list_local_content(running.path);
  if (!content) return std::unexpected(content_error(content.error()));
  WEIR_TRY(created, hash(running, *content));
  // What was hashed is what lies there, not half of it and half of what came after.
  if (const auto same = check_unchanged(*content); !same) {
    return std::unexpected(content_error(same.error()));
  }
  if (*running.stop) return std::unexpected(cancelled());
  return take_up(*content, std::move(created), paused);
}

NodeResult<CreatedTorrent> InPlace::hash(Running& running, const LocalContent& content) {
  HashingWatch watch;
  watch.cancelled = [&running] { return running.stop->load(); };
  watch.begun = [&](std::uint64_t size) {
    change(running.number, [&](PublishJob& job) { job.size = size; });
  };
  watch.progressed = [&](std::uint64_t bytes) {
    change(running.number,
           [&](PublishJob& job) { job.done = std::min(job.done + bytes, job.size); });
  };
  return hash_local_content(content, content.name, watch);
}

// The catalogue first: a node that is killed between the two steps brings the torrent back.
NodeResult<InfoHashes> InPlace::take_up(const LocalContent& content, CreatedTorrent created,
                                        bool paused) {
  const InfoHashes hashes = created.metadata.info->hashes;
  InPlaceRow row{hashes.v2->hex(), content.root, std::move(created.bytes), unix_now()};
  if (client_.find(hashes)) {
    if (path_of(hashes) == row.path) return hashes;
    return failure(NodeErrc::already_here,
                   "the node has this torrent already, and its content elsewhere");
  }
  if (auto saved = catalogue_.save_in_place(row); !saved) {
    return std::unexpected(node_error(saved.error()));
  }
  auto metadata = std::make_shared<const TorrentMetadata>(std::move(created.metadata));
  const auto info = metadata->info;
  if (auto seeded = seed(row, std::move(metadata), paused); !seeded) {
    if (const auto removed = catalogue_.remove_in_place(row.hash); !removed && warn_) {
      warn_("what lies at " + row.path + " may come back: the catalogue can't be written");
    }
    return std::unexpected(seeded.error());
  }
  contents_.published_in_place(*info, storage_of(*info, row.path), torrent_id(hashes));
  return hashes;
}

std::optional<PublishJob> InPlace::job(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  const auto it = jobs_.find(number);
  return it == jobs_.end() ? std::nullopt : std::optional(it->second);
}

std::vector<PublishJob> InPlace::jobs() {
  const std::lock_guard lock(mutex_);
  std::vector<PublishJob> out;
  for (const auto& [number, job] : jobs_) out.push_back(job);
  return out;
}

bool InPlace::cancel(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  const auto it = cancelled_.find(number);
  if (it == cancelled_.end()) return false;
  *it->second = true;
  return true;
}

std::optional<std::string> InPlace::path_of(const InfoHashes& hashes) {
  const std::lock_guard lock(mutex_);
  auto v2 = hashes.v2;
  if (!v2 && hashes.v1) {
    const auto known = by_v1_.find(*hashes.v1);
    if (known != by_v1_.end()) v2 = known->second;
  }
  const auto it = v2 ? paths_.find(*v2) : paths_.end();
  return it == paths_.end() ? std::nullopt : std::optional(it->second);
}

NodeResult<void> InPlace::forget(const InfoHashes& hashes) {
  const std::lock_guard lock(mutex_);
  auto v2 = hashes.v2;
  if (!v2 && hashes.v1 && by_v1_.contains(*hashes.v1)) v2 = by_v1_.at(*hashes.v1);
  if (!v2 || !paths_.contains(*v2)) return {};
  if (auto removed = catalogue_.remove_in_place(v2->hex()); !removed) {
    return std::unexpected(node_error(removed.error()));
  }
  paths_.erase(*v2);
  std::erase_if(by_v1_, [&v2](const auto& entry) { return entry.second == *v2; });
  return {};
}

}  // namespace weir
