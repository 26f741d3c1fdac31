// SPDX-License-Identifier: MIT OR Apache-2.0
// The running node without its HTTP face: an engine, the content that was uploaded, the torrents
// that were asked for, and readers of verified bytes.
//
//   auto node = Node::open(config);
//   auto upload = (*node)->begin_upload({.name = "a.txt"});
//   upload->write(bytes, [](NodeResult<void> written) { … });
//   upload->finish([](NodeResult<std::shared_ptr<const Publication>> published) { … });
//   (*node)->fetch(source, [&](NodeResult<Found> found) {
//     auto reader = node.read(*found, FileIndex{0}, 0, length); … });
//   (*node)->stop();
//
// Threads: every method may be called from any thread but the engine's. Those with a `done` return
// at once and call it once, on a thread of the node's or, when the node is stopping, the caller's;
// the others ask the engine's thread and wait (microseconds) unless they say that they block.
// Uploads and readers must be gone before the node is.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "io/catalogue_store.h"
#include "io/content_dir.h"
#include "io/folder_intake.h"
#include "io/work_queue.h"
#include "node/content_store.h"
#include "node/in_place.h"
#include "node/keeps.h"
#include "node/node_types.h"
#include "node/upkeep.h"

namespace weir {

class FolderUpload;
class Reader;
class Upload;
struct CreatedTorrent;
struct PublishedFolder;

class Node {
 public:
  // Brings back what was there: uploads from the catalogue, fetched torrents from the engine's
  // records, neither with a recheck.
  [[nodiscard]] static NodeResult<std::unique_ptr<Node>> open(NodeConfig config);
  ~Node();  // stops
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Ends what is under way, saves, tells trackers; at most 5 s. Idempotent.
  void stop();

  [[nodiscard]] Client& client() { return *client_; }
  [[nodiscard]] const NodeConfig& config() const { return config_; }
  // For work that may block; its owner sees to it that it is bounded.
  [[nodiscard]] WorkQueue& work() { return work_; }

  using FetchDone = std::function<void(NodeResult<Found>)>;

  // --- Uploads. Errors: too_many, stopping.
  [[nodiscard]] NodeResult<std::unique_ptr<Upload>> begin_upload(UploadOptions options);
  [[nodiscard]] NodeResult<std::unique_ptr<FolderUpload>> begin_folder();
  // In the order they were uploaded in.
  [[nodiscard]] std::vector<std::shared_ptr<const Publication>> published();
  // Forgets a manifest; its content and torrents go with the last manifest over them. False: not
  // here. Blocks.
  NodeResult<bool> remove(const Cid& manifest);
  [[nodiscard]] NodeSpace space();

  // Content that is published where it lies.
  [[nodiscard]] InPlace& in_place() { return *in_place_; }
  // What the node knows of contents and their copies.
  [[nodiscard]] ContentStore& contents() { return *contents_; }
  // What removing the torrent with its content gives back, and who goes on using the rest.
  struct Removal {
    std::uint64_t frees = 0;           // bytes of the disk
    std::vector<std::string> used_by;  // torrents that share files with it, by torrent_id()
  };
  [[nodiscard]] Removal removal(const TorrentStatus& status);

  // --- How long things are kept (upkeep.cc). What has expired is removed with its content, by
  // itself and first where the quota is short.
  [[nodiscard]] Keep keep(const InfoHashes& hashes);
  // Errors: disk.
  NodeResult<void> change_keep(const InfoHashes& hashes, const KeepChange& change);
  // Somebody has use for it now.
  void used(const std::string& torrent_id);
  // Blocks. Errors: disk.
  NodeResult<GcReport> collect_garbage(const GcOptions& options);
  [[nodiscard]] StoreStat store_stat();
  // Hashes all complete files again, or those of one torrent; or repairs what was found damaged.
  // False: one such check is under way.
  [[nodiscard]] bool check_store(const std::optional<InfoHashes>& hashes, CheckAction action);
  // The torrents that a copy is part of; an upload is two.
  [[nodiscard]] std::vector<InfoHashes> torrents_with(const Copy& copy);

  // --- Torrents. Found by either hash; uploads also by the CID of their manifest, of their tree
  // and of their info hash.
  [[nodiscard]] std::optional<Found> find(const InfoHashes& hashes);
  [[nodiscard]] std::optional<Found> find(const Cid& cid);
  [[nodiscard]] std::shared_ptr<const Publication> publication(const Cid& cid);
  // Finds the torrent or adds it, and calls `done` once its metadata is known. A torrent that was
  // added for this and whose metadata nobody gave in time is removed again; any other stays.
  // Errors: timed_out, quota_exceeded, too_many, bad_torrent, engine, stopping.
  void fetch(FetchSource source, FetchDone done);
  // Adds a torrent to stay, whether or not anybody gives its metadata; all files of one that is
  // here are fetched from then on. Blocks. Errors: quota_exceeded, bad_torrent, engine, stopping.
  NodeResult<AddedTorrent> add(FetchSource source, AddOptions options);
  // Forgets a torrent that was not uploaded here; when it returns the torrent may still be telling
  // its trackers. What was published in place stays where it is in any case. Blocks.
  void remove(TorrentKey torrent, RemoveContent content);
  // Of all torrents together.
  void set_limits(RateLimits limits);
  [[nodiscard]] RateLimits limits();
  // Called with every event, on the engine's thread, as by Client::set_observer(), which is taken.
  // Once this has returned, the one before runs no more.
  void set_observer(std::function<void(const Event& event)> observer);
  // Verified bytes in order. The file is among those that are fetched from then on. REQUIRES: a
  // range inside the file, found.info.
  [[nodiscard]] std::unique_ptr<Reader> read(const Found& found, FileIndex file,
                                             std::uint64_t offset, std::uint64_t length);

 private:
  friend class FolderUpload;
  friend class Upload;
  struct Waiter {
    std::uint64_t number = 0;
    TimerId timer{};
    FetchDone done;
  };
  struct Pending {
    std::string directory;  // of a torrent added for this, below fetched/; empty: it was here
    std::vector<Waiter> waiters;
  };
  struct Names {
    std::map<Sha1Digest, std::vector<std::shared_ptr<const Publication>>> by_v1;
    std::map<Sha256Digest, std::vector<std::shared_ptr<const Publication>>> by_v2;
    std::map<Cid, std::shared_ptr<const Publication>> by_cid;
    std::map<Cid, std::vector<std::shared_ptr<const Publication>>> by_tree;
  };

  explicit Node(NodeConfig config);
  NodeResult<void> restore();
  void restore_contents();
  // node.cc
  void add_names(const std::shared_ptr<const Publication>& publication);
  void remove_names(const std::shared_ptr<const Publication>& publication);
  NodeResult<void> seed(const Publication& publication);
  [[nodiscard]] std::shared_ptr<const Publication> publication(const InfoHashes& hashes);
  [[nodiscard]] std::optional<Found> found(std::shared_ptr<const Publication> publication);
  // torrents.cc
  void observe(const Event& event);
  [[nodiscard]] Removal removal_of_upload(const TorrentStatus& status, const Publication& uploaded);
  [[nodiscard]] std::vector<std::string> torrents_of(const std::set<std::string>& owners,
                                                     const TorrentStatus& except);
  // upkeep.cc
  [[nodiscard]] std::string keeper_of(const InfoHashes& hashes);
  void plan_upkeep();
  void upkeep();
  NodeResult<void> remove_by_id(const std::string& id);
  [[nodiscard]] bool fits(std::uint64_t bytes);
  bool make_room(std::uint64_t bytes);
  [[nodiscard]] std::optional<GcReport::Torrent> expired_torrent(const std::string& id);
  // upload.cc
  NodeResult<void> count_upload();
  // What the quota is measured by. REQUIRES: mutex_ is held.
  [[nodiscard]] std::uint64_t in_use();
  [[nodiscard]] bool reserve(std::uint64_t bytes);
  void release(std::uint64_t bytes);
  // `reserved` is what reserve() has given the upload; it is 0 once the content counts as in use.
  NodeResult<void> publish(std::unique_ptr<ContentDir::Incoming> file,
                           const std::shared_ptr<const Publication>& publication,
                           std::uint64_t& reserved);
  // folder_upload.cc; `reserved` as above.
  NodeResult<PublishedFolder> take_folder(FolderIntake::Tree& tree, CreatedTorrent created,
                                          std::uint64_t& reserved);
  NodeResult<PublishedFolder> place_folder(FolderIntake::Tree& tree,
                                           std::shared_ptr<const TorrentMetadata> metadata,
                                           Buffer torrent_file, std::uint64_t& reserved);
  NodeResult<TorrentKey> add_folder(AddTorrent request);
  [[nodiscard]] bool is_settling(TorrentKey key);
  void settle_folder(TorrentKey key);
  void restore_folders();
  [[nodiscard]] bool stops();
  // fetch.cc
  void on_event(const Event& event);
  NodeResult<AddedTorrent> add_or_tell(const FetchSource& source, const FetchDone& done);
  NodeResult<AddedTorrent> try_add_or_tell(const FetchSource& source, const FetchDone& done);
  NodeResult<AddedTorrent> add_torrent(const FetchSource& source, const FetchDone& done);
  NodeResult<void> expect(TorrentKey key, const std::string& directory, FetchDone done);
  [[nodiscard]] bool fetches_full();
  // Removing takes until trackers were told; the name is free again after it.
  void remove_torrent(TorrentKey key, RemoveContent content);
  [[nodiscard]] bool being_removed(TorrentKey key);
  void await_removal(TorrentKey key);
  void metadata_known(TorrentKey key);
  void fetch_failed(TorrentKey key, NodeError error);
  void timed_out(TorrentKey key, std::uint64_t waiter);
  [[nodiscard]] bool sized(TorrentKey key);
  [[nodiscard]] bool admit_fetched(TorrentKey key, const TorrentInfo& info);

  NodeConfig config_;
  std::unique_ptr<ContentDir> content_;
  std::unique_ptr<FolderIntake> folders_;
  std::unique_ptr<CatalogueStore> catalogue_;
  std::shared_ptr<ContentStore> contents_;  // the engine's jobs hold it too
  std::unique_ptr<Client> client_;
  std::unique_ptr<InPlace> in_place_;
  std::unique_ptr<Keeps> keeps_;
  std::mutex publish_mutex_;  // one change of what is published at a time
  std::mutex add_mutex_;      // one torrent added, told or given up at a time; before mutex_
  std::mutex mutex_;          // everything below
  Names names_;
  std::map<std::string, std::uint64_t> published_sizes_;  // by root
  std::map<TorrentKey, std::uint64_t> fetched_sizes_;
  std::uint64_t used_ = 0;  // the sum of both
  std::uint64_t reserved_ = 0;
  std::size_t uploads_ = 0;
  std::map<TorrentKey, Pending> pending_;
  std::set<TorrentKey> removing_;
  std::condition_variable changed_;  // something has left removing_
  std::uint64_t last_waiter_ = 0;
  TimerId upkeep_timer_{};
  std::set<TorrentKey> restored_;  // were here when the node started
  RateLimits limits_;
  // Folders that the engine may not have on record yet, by the names of their marks.
  std::map<TorrentKey, std::string> unsettled_;
  std::atomic<std::size_t> unsettled_count_{0};
  bool stopping_ = false;
  std::mutex observer_mutex_;
  std::function<void(const Event&)> observer_;
  WorkQueue work_;
  WorkQueue hashing_{1};  // folders that were uploaded, one at a time
};

}  // namespace weir
