// SPDX-License-Identifier: MIT OR Apache-2.0
// Content that is published where it lies: hashed in one pass, never copied, moved or written, and
// seeded from its own place. Removing the torrent leaves the content as it is.
//
//   auto job = in_place.begin({.path = "/srv/films"});
//   … in_place.job(job->number) … until its state is done or failed
//
// One job hashes at a time, on a thread of its own; others wait. A job that is cancelled, fails or
// is cut short by the node's end leaves nothing behind. What was published is back after a restart
// without being hashed; each piece is hashed before it is first given to anybody
// (StartCheck::trust, decision 0004), so content that has changed is noticed then and never given
// out.
//
// Threads: every method from any thread but the engine's.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "io/catalogue_store.h"
#include "io/local_content.h"
#include "io/work_queue.h"
#include "node/content_store.h"
#include "node/node_types.h"

namespace weir {

enum class PublishState : std::uint8_t { waiting, hashing, done, failed };
// Stable, lower-case.
[[nodiscard]] const char* state_name(PublishState state);

struct PublishRequest {
  std::string path;  // absolute
  bool paused = false;
};

struct PublishJob {
  std::uint64_t number = 0;
  std::string path;
  PublishState state{};
  std::uint64_t size = 0;             // 0 until it was looked at
  std::uint64_t done = 0;             // hashed
  std::optional<InfoHashes> torrent;  // once done
  std::optional<NodeError> error;     // once failed
};

class InPlace {
 public:
  static constexpr std::size_t kJobsMax = 64;    // waiting or hashing; more are too_many
  static constexpr std::size_t kEndedMax = 256;  // remembered; the oldest are forgotten

  // All outlive it; `warn` may be empty.
  InPlace(Client& client, CatalogueStore& catalogue, ContentStore& contents,
          std::function<void(const std::string&)> warn);
  ~InPlace();  // stops
  InPlace(const InPlace&) = delete;
  InPlace& operator=(const InPlace&) = delete;

  // Seeds what was published in earlier runs. Content that is not there now, as on a disk that is
  // not mounted, is taken up when it is.
  NodeResult<void> restore();
  // Cancels what is under way. Blocks for a moment.
  void stop();

  // Errors: bad_path, too_many, stopping.
  NodeResult<PublishJob> begin(PublishRequest request);
  [[nodiscard]] std::optional<PublishJob> job(std::uint64_t number);
  // Those under way and those that ended lately, oldest first.
  [[nodiscard]] std::vector<PublishJob> jobs();
  // False: it is not known or has ended.
  bool cancel(std::uint64_t number);

  // Where the torrent's content lies; nothing for torrents that were not published here.
  [[nodiscard]] std::optional<std::string> path_of(const InfoHashes& hashes);
  // Before the torrent is removed: nothing is brought back any more. Blocks.
  NodeResult<void> forget(const InfoHashes& hashes);

 private:
  struct Running;
  void run(std::uint64_t number, bool paused);
  NodeResult<InfoHashes> publish(Running& running, bool paused);
  NodeResult<CreatedTorrent> hash(Running& running, const LocalContent& content);
  NodeResult<InfoHashes> take_up(const LocalContent& content, CreatedTorrent created, bool paused);
  NodeResult<void> seed(const InPlaceRow& row, std::shared_ptr<const TorrentMetadata> metadata,
                        bool paused);
  void change(std::uint64_t number, const std::function<void(PublishJob&)>& change);

  Client& client_;
  CatalogueStore& catalogue_;
  ContentStore& contents_;
  const std::function<void(const std::string&)> warn_;
  std::mutex mutex_;  // everything below but the queue
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, PublishJob> jobs_;
  std::map<std::uint64_t, std::shared_ptr<std::atomic<bool>>> cancelled_;  // of those under way
  std::map<Sha256Digest, std::string> paths_;
  std::map<Sha1Digest, Sha256Digest> by_v1_;
  bool stopping_ = false;
  WorkQueue queue_{1};
};

}  // namespace weir
