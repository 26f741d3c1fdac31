// SPDX-License-Identifier: MIT OR Apache-2.0
// All torrents of a client as rows that can be filtered, sorted and counted without asking the
// engine about each.
//
// What there is comes from events; what changes all the time (rates, progress) is asked in batches,
// and only of torrents that something happens to. A page's own rows are asked for when the page is
// made, so they are as of now; the order among rows may be up to kRefreshInterval old.
//
// Threads: on_event() and touch() from any, the engine's too; the others from any but the engine's.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/weir.h"

namespace weir {

inline constexpr std::size_t kTorrentStates = 8;
[[nodiscard]] std::optional<TorrentState> parse_torrent_state(std::string_view name);

struct TorrentRow {
  TorrentStatus status;  // key, hashes and name are set from the start
  std::string folded;    // the name in lower case, for finding and sorting
};

enum class TorrentOrder : std::uint8_t { added, name, progress, rate, size };

struct TorrentQuery {
  std::optional<TorrentState> state = {};
  std::string text = {};  // in the name, or the beginning of a hash; case does not matter
  TorrentOrder order = TorrentOrder::added;
  bool descending = false;
  std::size_t offset = 0;
  std::size_t limit = 100;
};

struct TorrentPage {
  std::size_t total = 0;    // torrents there are
  std::size_t matched = 0;  // of them, that the filters let through
  std::vector<TorrentStatus> rows;
};

struct TorrentTotals {
  std::array<std::size_t, kTorrentStates> by_state{};
  std::size_t torrents = 0;
  std::uint64_t downloaded_bytes = 0, uploaded_bytes = 0;  // in this run; they never become smaller
  std::uint64_t wasted_bytes = 0, failed_pieces = 0;
  double down_rate = 0, up_rate = 0;
  std::uint64_t peers = 0;
};

// From 0 to 1.
[[nodiscard]] double progress_of(const TorrentStatus& status);

class TorrentIndex {
 public:
  static constexpr std::chrono::milliseconds kRefreshInterval{500};
  static constexpr std::size_t kBatch = 512;       // in one turn of the engine
  static constexpr std::size_t kSweep = 256;       // quiet torrents asked in each refresh
  static constexpr std::size_t kActiveMax = 2048;  // busy ones asked in each refresh

  // The client must outlive it.
  explicit TorrentIndex(Client& client) : client_(client) {}

  // Learns what is there already, and gives it.
  std::vector<TorrentStatus> begin();
  void on_event(const Event& event);
  // Something was done to it that no event tells.
  void touch(TorrentKey torrent);

  [[nodiscard]] TorrentPage page(const TorrentQuery& query);
  [[nodiscard]] TorrentTotals totals();

 private:
  using RowPtr = std::shared_ptr<const TorrentRow>;
  void refresh();
  [[nodiscard]] std::vector<TorrentKey> due(bool all);
  std::vector<TorrentStatus> ask(const std::vector<TorrentKey>& keys);
  void drop(TorrentKey torrent);
  [[nodiscard]] std::vector<RowPtr> rows() const;

  Client& client_;
  std::mutex refresh_mutex_;  // one refresh at a time; taken before mutex_
  std::chrono::steady_clock::time_point refreshed_{};
  mutable std::mutex mutex_;  // everything below
  std::map<TorrentKey, RowPtr> rows_;
  std::set<TorrentKey> dirty_;
  TorrentKey swept_{};  // the last one
  TorrentTotals gone_;  // what removed torrents had moved
};

}  // namespace weir
