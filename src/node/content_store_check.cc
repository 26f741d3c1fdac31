// SPDX-License-Identifier: MIT OR Apache-2.0
// Hashing what is known again, and bringing back what was damaged.
#include <algorithm>
#include <utility>

#include "io/low_priority.h"
#include "io/posix_disk.h"
#include "node/content_store.h"

namespace weir {
namespace {
constexpr std::size_t kCopyBytes = 1u << 20;
}  // namespace

bool ContentStore::begin_check(std::vector<std::string> owners, CheckAction action) {
  {
    const std::lock_guard lock(mutex_);
    if (check_.running || stopping_) return false;
    check_ = {};
    check_.running = true;
    check_.action = action;
    cancel_check_ = false;
  }
  return check_queue_.post([this, owners = std::move(owners), action] {
    lower_thread_priority();
    run_check(owners, action);
    const std::lock_guard lock(mutex_);
    check_.running = false;
    check_.cancelled = cancel_check_;
  });
}

void ContentStore::cancel_check() { cancel_check_ = true; }

StoreCheck ContentStore::check() {
  const std::lock_guard lock(mutex_);
  return check_;
}

std::size_t ContentStore::damaged_count() {
  const std::lock_guard lock(mutex_);
  return damaged_.size();
}

// Names of one file are hashed once, for all of them.
void ContentStore::run_check(const std::vector<std::string>& owners, CheckAction action) {
  std::vector<Copy> copies;
  {
    const std::lock_guard lock(mutex_);
    for (const std::string& owner : owners.empty() ? index_.owners() : owners) {
      for (Copy& copy : index_.owned_by(owner)) {
        if (action == CheckAction::repair && !damaged_.contains(copy.path)) continue;
        check_.files += 1;
        check_.bytes += copy.content.length;
        copies.push_back(std::move(copy));
      }
    }
  }
  std::map<std::uint64_t, bool> judged;  // files on the disk
  for (const Copy& copy : copies) {
    if (stopping_ || cancel_check_) return;
    if (action == CheckAction::repair) {
      note_checked(copy, restore(copy) ? CheckResult::restored : CheckResult::asked_for);
      continue;
    }
    const auto found = now(copy.path);
    auto known = found ? judged.find(found->file_id) : judged.end();
    if (found && known == judged.end()) {
      const auto root = found->size == copy.content.length ? root_of(copy.path, *found)
                                                           : std::optional<ContentId>();
      // It was written to meanwhile, or there is no time left: that says nothing.
      if (!root && found->size == copy.content.length) {
        note_checked(copy, CheckResult::not_read);
        continue;
      }
      known = judged.emplace(found->file_id, root == copy.content).first;
    }
    // Written to since, as by a repair, and still the same content.
    if (found && known->second && !unchanged(copy.seen, *found)) {
      Copy again = copy;
      again.seen = *found;
      put(std::move(again));
    }
    note_checked(copy, !found          ? CheckResult::missing
                       : known->second ? CheckResult::good
                                       : CheckResult::damaged);
  }
}

// What is not good is offered to nobody any more, and the engine looks at it again: it serves no
// piece of it, and what has peers is fetched.
void ContentStore::note_checked(const Copy& copy, CheckResult result) {
  const bool bad = result == CheckResult::damaged || result == CheckResult::missing;
  {
    const std::lock_guard lock(mutex_);
    ++check_.files_done;
    check_.bytes_done += copy.content.length;
    if (bad) damaged_.insert(copy.path);
    if (result != CheckResult::good && check_.found.size() < StoreCheck::kFoundMax) {
      check_.found.push_back({copy.owner, copy.path, copy.file, copy.kind, result});
    }
    if (result != CheckResult::good) ++check_.found_count;
  }
  if (result == CheckResult::good || result == CheckResult::not_read) return;
  recheck_(copy);
}

// From another copy that is intact, hashed now: a link to one of our own, or the bytes of somebody
// else's. False: there is none.
bool ContentStore::restore(const Copy& copy) {
  const auto to = copy.kind == CopyKind::in_place ? std::nullopt : own(copy.path);
  if (!to) return false;
  PosixDisk& disk = client_->disk();
  const auto damaged_now = now(copy.path);
  for (const Copy& source : copies_of(copy.content)) {
    const auto found = now(source.path);
    if (source.path == copy.path || !found || found->size != copy.content.length) continue;
    if (damaged_now && damaged_now->file_id == found->file_id) continue;
    if (root_of(source.path, *found) != copy.content) continue;
    const DiskPath fresh = fresh_name();
    const auto from = source.kind == CopyKind::in_place ? std::nullopt : own(source.path);
    const bool made = (from && disk.link(*from, fresh)) || copy_bytes(source, fresh);
    if (made && put_in_place(copy, fresh, damaged_now.has_value())) return true;
    (void)disk.remove(fresh);
  }
  return false;
}

bool ContentStore::copy_bytes(const Copy& source, const DiskPath& to) {
  PosixDisk& disk = client_->disk();
  const DiskPath from = place_of(source.path);
  Buffer buffer;
  for (std::uint64_t offset = 0; offset < source.content.length; offset += buffer.size()) {
    if (stopping_ || cancel_check_) return false;
    buffer.resize(static_cast<std::size_t>(
        std::min<std::uint64_t>(kCopyBytes, source.content.length - offset)));
    const Bytes part = buffer;
    if (!disk.read(from, offset, buffer) || !disk.write(to, offset, {&part, 1})) return false;
  }
  // Somebody may have written to it while it was read.
  const auto written = disk.stat(to);
  return disk.sync(to) && written &&
         root_of(directory_ + '/' + to.relative, *written) == source.content;
}

bool ContentStore::put_in_place(const Copy& copy, const DiskPath& fresh, bool is_there) {
  PosixDisk& disk = client_->disk();
  const DiskPath to = *own(copy.path);
  {
    // Nobody begins to remove it meanwhile; it would come back.
    const std::lock_guard replacing(link_mutex_);
    {
      const std::lock_guard lock(mutex_);
      if (index_.find(copy.path) == nullptr) return false;
    }
    if (!(is_there ? disk.replace(fresh, to) : disk.rename(fresh, to))) return false;
  }
  Copy restored = copy;
  restored.seen = now(copy.path).value_or(copy.seen);
  put(std::move(restored));
  return true;
}

}  // namespace weir
