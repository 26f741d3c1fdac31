// SPDX-License-Identifier: MIT OR Apache-2.0
// Keeps each content once: knows where verified copies lie, gives them to torrents that would
// download the same, and makes links of copies that came twice.
//
//   auto store = std::make_shared<ContentStore>(directory, catalogue, warn);
//   client_config.copies = store;            // torrents find what is here
//   store->attach(client);
//   … on TorrentDone: store->torrent_done(key); before a removal: store->forget(…)
//   store->stop();
//
// Reading and comparing files is done by one thread of its own with low priority, a file at a time.
// What is never done, and why the rest is safe, is in docs/decisions/0012-one-copy.md.
//
// Threads: every method from any; those that say so from the engine's too.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/weir.h"
#include "io/catalogue_store.h"
#include "io/work_queue.h"
#include "store/copy_search.h"

namespace weir {

enum class CheckAction : std::uint8_t { verify, repair };
enum class CheckResult : std::uint8_t {
  good,
  damaged,
  missing,
  not_read,   // it changed while it was read: nothing is known
  restored,   // from another copy
  asked_for,  // there is none: peers are asked, where the torrent has any
};
// Stable, lower-case.
[[nodiscard]] const char* result_name(CheckResult result);

// A check of files, as far as it has come.
struct StoreCheck {
  static constexpr std::size_t kFoundMax = 1000;  // more are only counted
  struct File {
    std::string owner;
    std::string path;
    std::uint32_t file = 0;
    CopyKind kind{};
    CheckResult result{};
  };
  CheckAction action{};
  bool running = false;
  bool cancelled = false;
  std::uint64_t files = 0, files_done = 0;
  std::uint64_t bytes = 0, bytes_done = 0;
  std::uint64_t found_count = 0;  // that are not good
  std::vector<File> found;
};

class ContentStore : public ContentCopies {
 public:
  // `directory` is the node's own (io/content_dir.h): only what lies in it is ever linked. The
  // catalogue outlives the call of stop().
  ContentStore(std::string directory, CatalogueStore& catalogue,
               std::function<void(const std::string&)> warn);
  ~ContentStore() override;
  ContentStore(const ContentStore&) = delete;
  ContentStore& operator=(const ContentStore&) = delete;

  // What earlier runs saved. Before any torrent is added.
  DiskResult<void> load();
  // From here on there is an engine, which lives until stop() has returned.
  void attach(Client& client);
  void stop();

  // All that is wanted of the torrent is complete. Engine's thread.
  void torrent_done(TorrentKey torrent);
  // Before the engine is told to remove it: none of its files is linked from or to any more.
  void forget(TorrentKey torrent, const std::string& owner);
  // It is gone. Engine's thread.
  void torrent_removed(TorrentKey torrent);
  // Drops copies of owners that are not here any more.
  void keep_only(const std::set<std::string>& owners);

  // An upload at its place, hashed a moment ago. One that earlier versions placed is read once.
  void uploaded(const std::string& path, const ContentId& content, const std::string& owner);
  void upload_known(const std::string& path, const ContentId& content, const std::string& owner);
  void upload_removed(const std::string& path);
  // Content that was hashed where it lies; never linked.
  void published_in_place(const TorrentInfo& info, const StorageOptions& storage,
                          const std::string& owner);
  void forget_owner(const std::string& owner);

  // ContentCopies.
  std::vector<Place> by_content(const ContentId& content) override;
  std::vector<Place> by_length(std::uint64_t length) override;

  [[nodiscard]] ContentIndex::Totals totals();
  // Copies that are other names of this one's file, by other owners.
  [[nodiscard]] std::set<std::string> sharers(const std::string& path);
  [[nodiscard]] std::vector<Copy> owned_by(const std::string& owner);
  [[nodiscard]] std::vector<Copy> copies_of(const ContentId& content);
  // --- content_store_check.cc. Hashes complete files again, or brings back those that were found
  // damaged; of these owners, or all. One check at a time; false: there is one. What is damaged is
  // never linked from, and told to `recheck`, which has the engine look at it.
  void set_recheck(std::function<void(const Copy& copy)> recheck) { recheck_ = std::move(recheck); }
  [[nodiscard]] bool begin_check(std::vector<std::string> owners, CheckAction action);
  void cancel_check();
  [[nodiscard]] StoreCheck check();
  [[nodiscard]] std::size_t damaged_count();

  // Blocks until everything asked for so far is through. For tests.
  void settle();

 private:
  [[nodiscard]] std::optional<DiskPath> own(const std::string& path) const;
  [[nodiscard]] DiskPath place_of(const std::string& path) const;
  // A name for a link or a copy until it is put in its place.
  [[nodiscard]] DiskPath fresh_name();
  [[nodiscard]] bool is_damaged(const std::string& path);
  void put(Copy copy);
  void drop(const std::vector<std::string>& paths);
  void save(const std::vector<Copy>& saved, const std::vector<std::string>& removed);
  void warn(const std::string& text) const;
  // content_store_work.cc; on the store's own thread
  void collect(TorrentKey torrent);
  [[nodiscard]] std::optional<ContentId> hash(const std::string& path, const FileStat& seen);
  void unify(const ContentId& content);
  void unify_copy(const Copy& kept, const Copy& other);
  [[nodiscard]] bool same_bytes(const Copy& a, const Copy& b);
  [[nodiscard]] std::set<std::uint64_t> foreign_files(const std::vector<Copy>& copies);
  [[nodiscard]] std::optional<FileStat> now(const std::string& path);

  // content_store_check.cc; on the thread of checks
  void run_check(const std::vector<std::string>& owners, CheckAction action);
  void note_checked(const Copy& copy, CheckResult result);
  [[nodiscard]] bool restore(const Copy& copy);
  [[nodiscard]] bool copy_bytes(const Copy& source, const DiskPath& to);
  [[nodiscard]] bool put_in_place(const Copy& copy, const DiskPath& fresh, bool is_there);
  // The root of what lies there, wherever that is; nothing when it changes meanwhile.
  [[nodiscard]] std::optional<ContentId> root_of(const std::string& path, const FileStat& seen);

  const std::string directory_;
  CatalogueStore& catalogue_;
  const std::function<void(const std::string&)> warn_;
  Client* client_ = nullptr;  // set once, before anything else is asked
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> last_link_{0};
  std::atomic<bool> cancel_check_{false};
  std::function<void(const Copy& copy)> recheck_;  // set before the first check
  std::mutex link_mutex_;                          // held while a file is replaced; before mutex_
  std::mutex mutex_;                               // everything below but the queue
  ContentIndex index_;
  std::map<std::string, TorrentKey> keys_;  // of owners that were done in this run
  std::set<TorrentKey> gone_;               // being removed
  StoreCheck check_;
  std::set<std::string> damaged_;  // paths
  WorkQueue queue_{1};
  WorkQueue check_queue_{1};
};

}  // namespace weir
