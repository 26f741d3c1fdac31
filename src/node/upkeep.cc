// SPDX-License-Identifier: MIT OR Apache-2.0
// What goes by itself: torrents and uploads whose time has come, and what a killed process left.
#include "node/upkeep.h"

#include <algorithm>
#include <utility>

#include "base/result.h"
#include "io/clock.h"
#include "node/event_log.h"
#include "node/internal/publication.h"
#include "node/node.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds kUpkeepMin{1'000};
constexpr std::chrono::milliseconds kUpkeepMax{60'000};

// torrent_id() back; nothing for any other text.
std::optional<InfoHashes> hashes_of(const std::string& id) {
  if (const auto v1 = Sha1Digest::from_hex_text(id)) return InfoHashes{*v1, std::nullopt};
  if (const auto v2 = Sha256Digest::from_hex_text(id)) return InfoHashes{std::nullopt, *v2};
  return std::nullopt;
}

}  // namespace

// Both torrents of an upload stay or go together.
std::string Node::keeper_of(const InfoHashes& hashes) {
  const auto uploaded = publication(hashes);
  return torrent_id(uploaded ? uploaded->reference->info->hashes : hashes);
}

Keep Node::keep(const InfoHashes& hashes) { return keeps_->of(keeper_of(hashes)); }

NodeResult<void> Node::change_keep(const InfoHashes& hashes, const KeepChange& change) {
  if (auto changed = keeps_->change(keeper_of(hashes), change); !changed) {
    return std::unexpected(node_error(changed.error()));
  }
  plan_upkeep();
  return {};
}

// At the next expiry, or in a minute: last uses are to be saved.
void Node::plan_upkeep() {
  const auto next = keeps_->next_expiry();
  std::chrono::milliseconds wait = kUpkeepMax;
  if (next) {
    const std::int64_t seconds = std::clamp<std::int64_t>(*next - unix_now(), 0, 60);
    wait = std::clamp(std::chrono::milliseconds(1000 * seconds), kUpkeepMin, kUpkeepMax);
  }
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  work_.cancel(upkeep_timer_);
  upkeep_timer_ = work_.after(wait, [this] { upkeep(); });
}

void Node::upkeep() {
  const auto warn = [this](const std::string& text) {
    if (config_.client.warn) config_.client.warn(text);
  };
  if (const auto flushed = keeps_->flush(); !flushed) {
    warn("when torrents were last used could not be saved: " + flushed.error().path);
  }
  for (const std::string& id : keeps_->expired(unix_now())) {
    if (const auto removed = remove_by_id(id); !removed) {
      warn("torrent " + id + " has expired and stays: " + removed.error().detail);
    }
  }
  plan_upkeep();
}

// Removes a torrent with its content, or an upload. What was published in place stays where it is.
NodeResult<void> Node::remove_by_id(const std::string& id) {
  const auto hashes = hashes_of(id);
  if (hashes) {
    while (const auto uploaded = publication(*hashes)) WEIR_CHECK(remove(uploaded->cid));
    const auto key = client_->find(*hashes);
    if (key && !being_removed(*key)) remove(*key, RemoveContent::remove);
  }
  keeps_->forget(id);
  return {};
}

// REQUIRES: mutex_ is held.
bool Node::fits(std::uint64_t bytes) {
  const std::uint64_t quota = config_.quota_bytes;
  return quota == 0 || bytes <= quota - std::min(quota, in_use() + reserved_);
}

// What has expired goes first where the quota is short, the oldest in front. Not under a lock:
// removing waits.
bool Node::make_room(std::uint64_t bytes) {
  const auto enough = [&] {
    const std::lock_guard lock(mutex_);
    return fits(bytes);
  };
  if (enough()) return true;
  for (const std::string& id : keeps_->expired(unix_now())) {
    if (!remove_by_id(id)) continue;
    if (enough()) return true;
  }
  return enough();
}

std::optional<GcReport::Torrent> Node::expired_torrent(const std::string& id) {
  const auto hashes = hashes_of(id);
  const auto found = hashes ? find(*hashes) : std::nullopt;
  const auto status = found ? client_->status(found->key) : std::nullopt;
  if (!status) return std::nullopt;
  return GcReport::Torrent{id, status->name, removal(*status).frees};
}

NodeResult<GcReport> Node::collect_garbage(const GcOptions& options) {
  GcReport report;
  for (const std::string& id : keeps_->expired(unix_now())) {
    auto torrent = expired_torrent(id);
    if (!options.dry_run) WEIR_CHECK(remove_by_id(id));
    if (!torrent) continue;
    report.freed += torrent->frees;
    report.expired.push_back(std::move(*torrent));
  }
  const auto take = [&](ContentDir::Left left, bool removes, std::vector<GcReport::Left>& out) {
    if (removes && !options.dry_run) content_->remove_left(left);
    if (removes) report.freed += left.bytes;
    out.push_back({std::move(left.path), left.bytes, left.files, removes});
  };
  const auto take_unknown = [&](ContentDir::Left left) {
    const bool removes = options.remove_unknown || left.files == 0;
    take(std::move(left), removes, report.unknown);
  };
  for (ContentDir::Left& left : content_->leftovers()) {
    take(std::move(left), true, report.leftovers);
  }
  {
    const std::lock_guard one(add_mutex_);  // nobody adds a torrent whose directory this would be
    for (ContentDir::Left& left : content_->unknown_fetched([this](const std::string& name) {
           const auto hashes = hashes_of(name);
           return hashes && client_->find(*hashes).has_value();
         })) {
      take_unknown(std::move(left));
    }
  }
  const std::lock_guard one(publish_mutex_);
  for (ContentDir::Left& left : content_->unknown_published([this](const std::string& root) {
         const std::lock_guard lock(mutex_);
         return published_sizes_.contains(root);
       })) {
    take_unknown(std::move(left));
  }
  return report;
}

StoreStat Node::store_stat() {
  const ContentIndex::Totals totals = contents_->totals();
  return {.space = space(),
          .contents = totals.contents,
          .copies = totals.copies,
          .shared_bytes = totals.shared_bytes,
          .pinned = keeps_->pinned_count(),
          .expired = keeps_->expired(unix_now()).size(),
          .damaged = contents_->damaged_count()};
}

std::vector<InfoHashes> Node::torrents_with(const Copy& copy) {
  std::vector<InfoHashes> out;
  if (copy.kind != CopyKind::upload) {
    if (const auto hashes = hashes_of(copy.owner)) out.push_back(*hashes);
    return out;
  }
  const std::lock_guard lock(mutex_);
  for (const auto& [cid, publication] : names_.by_cid) {
    if (publication->root != copy.owner) continue;
    out.push_back(publication->reference->info->hashes);
    out.push_back(publication->hybrid->info->hashes);
  }
  return out;
}

bool Node::check_store(const std::optional<InfoHashes>& hashes, CheckAction action) {
  std::vector<std::string> owners;
  if (hashes) {
    const auto uploaded = publication(*hashes);
    owners.push_back(uploaded ? uploaded->root : torrent_id(*hashes));
  }
  return contents_->begin_check(std::move(owners), action);
}

}  // namespace weir
