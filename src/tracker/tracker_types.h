// SPDX-License-Identifier: MIT OR Apache-2.0
// Values that every part of the tracker client shares: what is announced, what a tracker answers,
// and how an announce fails. Plain data, no behaviour.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/endpoint.h"
#include "base/time.h"

namespace weir {

// A tracker's `interval` is brought into this range (TRH-08, TRU-07).
inline constexpr Duration kTrackerIntervalMin = std::chrono::seconds(60);
inline constexpr Duration kTrackerIntervalMax = std::chrono::hours(24);
inline constexpr Duration kTrackerIntervalDefault = std::chrono::seconds(1800);
inline constexpr std::size_t kTrackerReplyMax = 1u << 20;  // LIM-12, after decompression
inline constexpr std::size_t kTrackerPeersMax = 1000;      // kept of one reply
inline constexpr std::size_t kTrackerTextMax = 256;        // characters kept of a tracker's text
inline constexpr std::size_t kTrackerIdMax = 1024;         // a longer `tracker id` is ignored
inline constexpr std::uint32_t kTrackerCountMax = 0x7fffffff;  // seeders, leechers, downloads

enum class TrackerErrc : std::uint8_t {
  unsupported_scheme,  // wss:, i2p: and others: skipped, nothing is wrong with the torrent
  bad_url,             // malformed, or a control character in it
  url_too_long,
  bad_host,          // empty, malformed or international
  user_info,         // name or password in the URL
  preset_parameter,  // the URL brings its own info_hash, event, ...
  no_scrape,         // this tracker's URL has no scrape form (BEP 48)
  reply_too_large,
  bad_reply,         // no bencoded dictionary, no packet of the right form
  tracker_failure,   // the tracker said no: `failure reason`, UDP error
  http_status,       // not 200 and no failure reason
  unresolved,        // no address of this family
  address_refused,   // the host's address may not be contacted (TRU-05)
  redirect_refused,  // TRH-05
  connection_failed,
  timed_out,
};

// Stable, lower-case, for logs and machine-readable output.
[[nodiscard]] const char* error_name(TrackerErrc code);

// BEP 31: when the tracker wants to be asked again after a failure.
struct TrackerRetryHint {
  bool never = false;
  Duration after{};  // when not `never`; at most kTrackerIntervalMax
  bool operator==(const TrackerRetryHint&) const = default;
};

struct TrackerError {
  TrackerErrc code{};
  std::string text;  // for the user; what a tracker wrote is cleaned by tracker_text()
  std::optional<TrackerRetryHint> retry;
  bool operator==(const TrackerError&) const = default;
};

template <class T>
using TrackerResult = std::expected<T, TrackerError>;

// Numbered as in BEP 15.
enum class AnnounceEvent : std::uint8_t { none = 0, completed = 1, started = 2, stopped = 3 };
// As BEP 3 spells it; empty for none.
[[nodiscard]] const char* event_name(AnnounceEvent event);

// Bytes, of this session; `left` of the whole torrent.
struct AnnounceStats {
  std::uint64_t uploaded = 0;
  std::uint64_t downloaded = 0;
  std::uint64_t left = 0;
  std::uint64_t corrupt = 0;
  bool partial_seed = false;  // has all that is wanted, though something is left (BEP 21)
  bool operator==(const AnnounceStats&) const = default;
};

struct AnnounceParams {
  Sha1Digest info_hash;  // v1, or the first 20 bytes of the v2 hash (BEP 52)
  PeerId peer_id;
  std::uint16_t port = 0;
  AnnounceStats stats;
  AnnounceEvent event = AnnounceEvent::none;
  std::uint32_t numwant = 200;
  std::uint32_t key = 0;  // tells a tracker it is still us when our address changes
  bool supports_encryption = false;
  std::string tracker_id;  // from an earlier reply of the same tracker
  bool operator==(const AnnounceParams&) const = default;
};

// Already clamped, cleaned and without duplicates.
struct AnnounceReply {
  std::vector<Endpoint> peers;  // usable address, port not 0; any scope: the announcer filters
  Duration interval = kTrackerIntervalDefault;
  std::optional<Duration> min_interval;
  std::optional<std::uint32_t> seeders;
  std::optional<std::uint32_t> leechers;
  std::optional<std::uint32_t> downloads;
  std::optional<IpAddress> external_ip;  // BEP 24: how the tracker sees us
  std::string tracker_id;
  std::string warning;
  bool operator==(const AnnounceReply&) const = default;
};

struct ScrapeCounts {
  Sha1Digest info_hash;
  std::uint32_t seeders = 0;
  std::uint32_t leechers = 0;
  std::uint32_t downloads = 0;
  bool operator==(const ScrapeCounts&) const = default;
};

struct ScrapeReply {
  std::vector<ScrapeCounts> counts;      // of the hashes it knows, in the order asked
  std::optional<Duration> min_interval;  // of scrapes; a UDP tracker does not say
  bool operator==(const ScrapeReply&) const = default;
};

// A tracker's text made fit to show: valid UTF-8, control characters as \xNN, at most
// kTrackerTextMax characters of the original (TRU-03).
[[nodiscard]] std::string tracker_text(std::string_view raw);

}  // namespace weir
