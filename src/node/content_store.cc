// SPDX-License-Identifier: MIT OR Apache-2.0
// What is known; reading and linking files is in content_store_work.cc.
#include "node/content_store.h"

#include <future>
#include <utility>

#include "base/result.h"
#include "io/low_priority.h"
#include "io/posix_disk.h"

namespace weir {

const char* result_name(CheckResult result) {
  switch (result) {
    case CheckResult::good:
      return "good";
    case CheckResult::damaged:
      return "damaged";
    case CheckResult::missing:
      return "missing";
    case CheckResult::not_read:
      return "not_read";
    case CheckResult::restored:
      return "restored";
    case CheckResult::asked_for:
      return "asked_for";
  }
  std::unreachable();
}

ContentStore::ContentStore(std::string directory, CatalogueStore& catalogue,
                           std::function<void(const std::string&)> warn)
    : directory_(std::move(directory)), catalogue_(catalogue), warn_(std::move(warn)) {
  queue_.post([] { lower_thread_priority(); });
}

ContentStore::~ContentStore() { stop(); }

void ContentStore::stop() {
  stopping_ = true;
  check_queue_.stop();
  queue_.stop();
}

void ContentStore::warn(const std::string& text) const {
  if (warn_) warn_(text);
}

DiskResult<void> ContentStore::load() {
  WEIR_TRY(copies, catalogue_.load_copies());
  const std::lock_guard lock(mutex_);
  for (Copy& copy : copies) index_.put(std::move(copy));
  return {};
}

void ContentStore::attach(Client& client) { client_ = &client; }

// Where it is below the node's own directory; nothing for what lies elsewhere.
std::optional<DiskPath> ContentStore::own(const std::string& path) const {
  if (!path.starts_with(directory_ + '/')) return std::nullopt;
  return DiskPath{directory_, path.substr(directory_.size() + 1)};
}

DiskPath ContentStore::place_of(const std::string& path) const {
  if (auto place = own(path)) return std::move(*place);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

DiskPath ContentStore::fresh_name() {
  return {directory_, "incoming/link." + std::to_string(++last_link_)};
}

std::optional<FileStat> ContentStore::now(const std::string& path) {
  const auto found = client_->disk().stat(place_of(path));
  return found ? std::optional(*found) : std::nullopt;
}

void ContentStore::save(const std::vector<Copy>& saved, const std::vector<std::string>& removed) {
  if (saved.empty() && removed.empty()) return;
  if (const auto done = catalogue_.change_copies(saved, removed); !done) {
    warn("where contents lie could not be saved: " + done.error().path);
  }
}

void ContentStore::put(Copy copy) {
  const Copy saved = copy;
  {
    const std::lock_guard lock(mutex_);
    damaged_.erase(copy.path);
    index_.put(std::move(copy));
  }
  save({saved}, {});
}

void ContentStore::drop(const std::vector<std::string>& paths) {
  {
    const std::lock_guard lock(mutex_);
    for (const std::string& path : paths) {
      index_.remove(path);
      damaged_.erase(path);
    }
  }
  save({}, paths);
}

void ContentStore::torrent_done(TorrentKey torrent) {
  queue_.post([this, torrent] { collect(torrent); });
}

void ContentStore::forget(TorrentKey torrent, const std::string& owner) {
  {
    const std::lock_guard replacing(link_mutex_);
    const std::lock_guard lock(mutex_);
    gone_.insert(torrent);
    keys_.erase(owner);
  }
  forget_owner(owner);
}

void ContentStore::forget_owner(const std::string& owner) {
  std::vector<std::string> paths;
  {
    const std::lock_guard lock(mutex_);
    paths = index_.remove_owner(owner);
    for (const std::string& path : paths) damaged_.erase(path);
  }
  if (!paths.empty()) {
    queue_.post([this, paths = std::move(paths)] { save({}, paths); });
  }
}

void ContentStore::torrent_removed(TorrentKey torrent) {
  // After what is queued: a collection of it may still wait.
  queue_.post([this, torrent] {
    const std::lock_guard lock(mutex_);
    gone_.erase(torrent);
  });
}

void ContentStore::keep_only(const std::set<std::string>& owners) {
  std::vector<std::string> paths;
  {
    const std::lock_guard lock(mutex_);
    for (const std::string& owner : index_.owners()) {
      if (owners.contains(owner)) continue;
      for (std::string& path : index_.remove_owner(owner)) paths.push_back(std::move(path));
    }
  }
  save({}, paths);
}

void ContentStore::uploaded(const std::string& path, const ContentId& content,
                            const std::string& owner) {
  const auto seen = now(path);
  if (!seen || seen->size != content.length) return;
  std::vector<Copy> copies{{path, content, *seen, CopyKind::upload, owner, 0}};
  // Its other names are links to what has just come.
  for (const Copy& other : owned_by(owner)) {
    if (other.path == path) continue;
    copies.push_back(other);
    copies.back().seen = now(other.path).value_or(other.seen);
  }
  {
    const std::lock_guard lock(mutex_);
    for (const Copy& copy : copies) {
      index_.put(copy);
      damaged_.erase(copy.path);
    }
  }
  save(copies, {});
  // What torrents have of it becomes a link to it; other names of the upload are links already.
  queue_.post([this, content] { unify(content); });
}

void ContentStore::upload_known(const std::string& path, const ContentId& content,
                                const std::string& owner) {
  {
    const std::lock_guard lock(mutex_);
    if (index_.find(path) != nullptr) return;
  }
  queue_.post([this, path, content, owner] {
    const auto seen = now(path);
    if (!seen || hash(path, *seen) != content) return;
    put({path, content, *seen, CopyKind::upload, owner, 0});
    unify(content);
  });
}

void ContentStore::upload_removed(const std::string& path) { drop({path}); }

void ContentStore::published_in_place(const TorrentInfo& info, const StorageOptions& storage,
                                      const std::string& owner) {
  std::vector<Copy> copies;
  const Layout& layout = info.layout;
  for (std::uint32_t i = 0; i < layout.files().size(); ++i) {
    const TorrentFile& file = layout.files()[i];
    if (file.attributes.pad || file.attributes.symlink || file.length == 0) continue;
    std::string path = storage.root + '/' + content_path(layout, storage, FileIndex{i});
    const auto seen = now(path);
    if (!seen || seen->size != file.length) continue;
    const ContentId content{file.pieces_root, file.length};
    copies.push_back({std::move(path), content, *seen, CopyKind::in_place, owner, i});
  }
  {
    const std::lock_guard lock(mutex_);
    for (const Copy& copy : copies) index_.put(copy);
  }
  save(copies, {});
}

// Of the node's own directory alone, whatever a row says.
std::vector<ContentCopies::Place> ContentStore::by_content(const ContentId& content) {
  std::vector<Place> out;
  if (content.root.is_zero()) return out;
  const std::vector<Copy> copies = copies_of(content);
  const std::set<std::uint64_t> foreign = foreign_files(copies);
  for (const Copy& copy : copies) {
    auto path = copy.kind == CopyKind::in_place ? std::nullopt : own(copy.path);
    if (!path || is_damaged(copy.path)) continue;
    if (!foreign.empty()) {
      const auto found = now(copy.path);
      if (!found || foreign.contains(found->file_id)) continue;
    }
    out.push_back({std::move(*path), copy.seen});
  }
  return out;
}

// Files that somebody published where they lie. Should one of them be one of our own copies too, by
// another name, it is his to change.
std::set<std::uint64_t> ContentStore::foreign_files(const std::vector<Copy>& copies) {
  std::set<std::uint64_t> out;
  for (const Copy& copy : copies) {
    if (copy.kind != CopyKind::in_place) continue;
    if (const auto found = now(copy.path)) out.insert(found->file_id);
  }
  return out;
}

// One place for each content: two of one content are right or wrong together.
std::vector<ContentCopies::Place> ContentStore::by_length(std::uint64_t length) {
  std::vector<ContentId> contents;
  {
    const std::lock_guard lock(mutex_);
    contents = index_.of_length(length);
  }
  std::vector<Place> out;
  for (const ContentId& content : contents) {
    auto places = by_content(content);
    if (!places.empty()) out.push_back(std::move(places.front()));
    if (out.size() == CopySearch::kPlacesMax) break;
  }
  return out;
}

bool ContentStore::is_damaged(const std::string& path) {
  const std::lock_guard lock(mutex_);
  return damaged_.contains(path);
}

ContentIndex::Totals ContentStore::totals() {
  const std::lock_guard lock(mutex_);
  return index_.totals();
}

std::set<std::string> ContentStore::sharers(const std::string& path) {
  std::set<std::string> out;
  const std::lock_guard lock(mutex_);
  const Copy* copy = index_.find(path);
  if (copy == nullptr) return out;
  for (const Copy& other : index_.copies_of(copy->content)) {
    if (other.owner != copy->owner && other.seen.file_id == copy->seen.file_id) {
      out.insert(other.owner);
    }
  }
  return out;
}

std::vector<Copy> ContentStore::owned_by(const std::string& owner) {
  const std::lock_guard lock(mutex_);
  return index_.owned_by(owner);
}

std::vector<Copy> ContentStore::copies_of(const ContentId& content) {
  const std::lock_guard lock(mutex_);
  return index_.copies_of(content);
}

void ContentStore::settle() {
  std::promise<void> through;
  if (queue_.post([&through] { through.set_value(); })) through.get_future().wait();
}

}  // namespace weir
