// SPDX-License-Identifier: MIT OR Apache-2.0
#include "node/torrent_index.h"

#include <algorithm>
#include <utility>

namespace weir {
namespace {

std::string folded(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::shared_ptr<const TorrentRow> row_of(TorrentStatus status) {
  auto row = std::make_shared<TorrentRow>();
  row->folded = folded(status.name);
  row->status = std::move(status);
  return row;
}

// Changes without an event of its own.
bool is_active(const TorrentStatus& status) {
  if (status.swarm.peers > 0 || status.swarm.down_rate > 0 || status.swarm.up_rate > 0) return true;
  switch (status.state) {
    case TorrentState::preparing:
    case TorrentState::checking:
    case TorrentState::stopping:
      return true;
    case TorrentState::fetching_metadata:
    case TorrentState::downloading:
    case TorrentState::seeding:
    case TorrentState::paused:
    case TorrentState::failed:
      return false;
  }
  std::unreachable();
}

bool matches(const TorrentRow& row, const TorrentQuery& query, const std::string& text) {
  if (query.state && row.status.state != *query.state) return false;
  if (text.empty() || row.folded.find(text) != std::string::npos) return true;
  const InfoHashes& hashes = row.status.hashes;
  return (hashes.v1 && hashes.v1->hex().starts_with(text)) ||
         (hashes.v2 && hashes.v2->hex().starts_with(text));
}

double rate_of(const TorrentStatus& status) {
  return status.swarm.down_rate + status.swarm.up_rate;
}

// Less, equal or more than 0 as `a` comes before, with or after `b`.
template <class Value>
int compare(const Value& a, const Value& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

int compare_by(TorrentOrder order, const TorrentRow& a, const TorrentRow& b) {
  switch (order) {
    case TorrentOrder::added:
      return 0;
    case TorrentOrder::name:
      return a.folded.compare(b.folded);
    case TorrentOrder::progress:
      return compare(progress_of(a.status), progress_of(b.status));
    case TorrentOrder::rate:
      return compare(rate_of(a.status), rate_of(b.status));
    case TorrentOrder::size:
      return compare(a.status.total_bytes, b.status.total_bytes);
  }
  std::unreachable();
}

}  // namespace

std::optional<TorrentState> parse_torrent_state(std::string_view name) {
  for (std::size_t i = 0; i < kTorrentStates; ++i) {
    const auto state = static_cast<TorrentState>(i);
    if (name == state_name(state)) return state;
  }
  return std::nullopt;
}

double progress_of(const TorrentStatus& status) {
  if (!status.has_metadata) return 0;
  if (status.total_bytes == 0) return 1;
  return static_cast<double>(status.done_bytes) / static_cast<double>(status.total_bytes);
}

std::vector<TorrentStatus> TorrentIndex::begin() {
  const std::vector<TorrentKey> keys = client_.torrents();
  std::vector<TorrentStatus> out;
  for (std::size_t at = 0; at < keys.size(); at += kBatch) {
    const std::size_t end = std::min(keys.size(), at + kBatch);
    auto statuses = client_.statuses({keys.begin() + static_cast<std::ptrdiff_t>(at),
                                      keys.begin() + static_cast<std::ptrdiff_t>(end)});
    const std::lock_guard lock(mutex_);
    for (TorrentStatus& status : statuses) {
      rows_.emplace(status.key, row_of(status));
      out.push_back(std::move(status));
    }
  }
  return out;
}

void TorrentIndex::on_event(const Event& event) {
  if (std::holds_alternative<PieceDone>(event.body)) return;
  const std::lock_guard lock(mutex_);
  if (const auto* added = std::get_if<TorrentAdded>(&event.body)) {
    TorrentStatus status;
    status.key = event.torrent;
    status.hashes = added->hashes;
    status.name = added->name;
    rows_[event.torrent] = row_of(std::move(status));
  } else if (std::holds_alternative<TorrentRemoved>(event.body)) {
    drop(event.torrent);
  }
  if (rows_.contains(event.torrent)) dirty_.insert(event.torrent);
}

void TorrentIndex::touch(TorrentKey torrent) {
  const std::lock_guard lock(mutex_);
  if (rows_.contains(torrent)) dirty_.insert(torrent);
}

// REQUIRES: mutex_ is held.
void TorrentIndex::drop(TorrentKey torrent) {
  dirty_.erase(torrent);
  const auto it = rows_.find(torrent);
  if (it == rows_.end()) return;
  const SwarmStats& moved = it->second->status.swarm;
  gone_.downloaded_bytes += moved.downloaded_bytes;
  gone_.uploaded_bytes += moved.uploaded_bytes;
  gone_.wasted_bytes += moved.wasted_bytes;
  gone_.failed_pieces += moved.failed_pieces;
  rows_.erase(it);
}

std::vector<TorrentStatus> TorrentIndex::ask(const std::vector<TorrentKey>& keys) {
  std::vector<TorrentStatus> statuses = client_.statuses(keys);
  std::map<TorrentKey, RowPtr> fresh;
  for (const TorrentStatus& status : statuses) fresh.emplace(status.key, row_of(status));
  const std::lock_guard lock(mutex_);
  for (const TorrentKey key : keys) {
    const auto row = fresh.find(key);
    const auto it = rows_.find(key);
    if (row == fresh.end()) {
      drop(key);  // on its way out
    } else if (it != rows_.end()) {
      it->second = std::move(row->second);
    }
  }
  return statuses;
}

std::vector<TorrentKey> TorrentIndex::due(bool all) {
  const std::lock_guard lock(mutex_);
  std::set<TorrentKey> out;
  const auto take = [&out](std::set<TorrentKey>& from, std::size_t most) {
    while (!from.empty() && out.size() < most) out.insert(from.extract(from.begin()));
  };
  take(dirty_, kActiveMax);
  if (all) {
    std::size_t active = 0;
    for (auto it = rows_.begin(); it != rows_.end() && active < kActiveMax; ++it) {
      if (!is_active(it->second->status)) continue;
      out.insert(it->first);
      ++active;
    }
    auto next = rows_.upper_bound(swept_);
    for (std::size_t i = 0; i < kSweep && !rows_.empty(); ++i) {
      if (next == rows_.end()) next = rows_.begin();
      swept_ = next->first;
      out.insert(swept_);
      ++next;
    }
  }
  return {out.begin(), out.end()};
}

// A turn of the engine comes first, behind which the events are here of everything that was done
// before: who adds a torrent and then looks, sees it, and in the state that it is in.
void TorrentIndex::refresh() {
  const std::lock_guard one(refresh_mutex_);
  (void)client_.statuses({});
  const auto now = std::chrono::steady_clock::now();
  const bool all = now - refreshed_ >= kRefreshInterval;
  if (all) refreshed_ = now;
  const std::vector<TorrentKey> keys = due(all);
  for (std::size_t at = 0; at < keys.size(); at += kBatch) {
    const std::size_t end = std::min(keys.size(), at + kBatch);
    (void)ask({keys.begin() + static_cast<std::ptrdiff_t>(at),
               keys.begin() + static_cast<std::ptrdiff_t>(end)});
  }
}

std::vector<TorrentIndex::RowPtr> TorrentIndex::rows() const {
  const std::lock_guard lock(mutex_);
  std::vector<RowPtr> out;
  out.reserve(rows_.size());
  for (const auto& [key, row] : rows_) out.push_back(row);
  return out;
}

TorrentPage TorrentIndex::page(const TorrentQuery& query) {
  refresh();
  // Filtered and sorted without the lock, which the engine's thread may be waiting for.
  std::vector<RowPtr> all = rows();
  TorrentPage out;
  out.total = all.size();
  const std::string text = folded(query.text);
  std::erase_if(all, [&](const RowPtr& row) { return !matches(*row, query, text); });
  out.matched = all.size();
  const std::size_t begin = std::min(query.offset, all.size());
  const std::size_t end = begin + std::min(query.limit, all.size() - begin);
  const auto before = [&query](const RowPtr& a, const RowPtr& b) {
    int order = compare_by(query.order, *a, *b);
    if (order == 0) order = compare(a->status.key, b->status.key);
    return query.descending ? order > 0 : order < 0;
  };
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(end), all.end(), before);
  std::vector<TorrentKey> keys;
  for (std::size_t i = begin; i < end; ++i) keys.push_back(all[i]->status.key);
  out.rows = ask(keys);
  return out;
}

TorrentTotals TorrentIndex::totals() {
  refresh();
  TorrentTotals out;
  const std::lock_guard lock(mutex_);
  out = gone_;
  for (const auto& [key, row] : rows_) {
    const TorrentStatus& status = row->status;
    ++out.by_state[static_cast<std::size_t>(status.state)];
    out.downloaded_bytes += status.swarm.downloaded_bytes;
    out.uploaded_bytes += status.swarm.uploaded_bytes;
    out.wasted_bytes += status.swarm.wasted_bytes;
    out.failed_pieces += status.swarm.failed_pieces;
    out.down_rate += status.swarm.down_rate;
    out.up_rate += status.swarm.up_rate;
    out.peers += status.swarm.peers;
  }
  out.torrents = rows_.size();
  return out;
}

}  // namespace weir
