// SPDX-License-Identifier: MIT OR Apache-2.0
// The UDP tracker protocol (BEP 15, options of BEP 41): packet codec and the machine that carries
// one announce or scrape to one tracker endpoint.
//
// Owner of UdpTrackerClient: the engine, one a request, for as long as the request lasts. It owns
// one UdpConnectionIds for all of them. Call order: start(), drain next(); handle_packet() for
// packets (false: not for this client) and handle_timer() at next_deadline(), drain next() after
// each; when done(), take result() and destroy.
//
// `io` resolves the host, judges addresses with tracker_address_allowed() and owns the socket.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "base/random.h"
#include "base/time.h"
#include "tracker/tracker_types.h"

namespace weir {

inline constexpr std::size_t kUdpScrapeHashesMax = 74;  // BEP 15: about what one packet holds
inline constexpr Duration kUdpConnectionIdLife = std::chrono::seconds(60);
inline constexpr Duration kUdpFirstTimeout = std::chrono::seconds(15);
inline constexpr unsigned kUdpTimeoutDoublingsMax = 8;  // 15 * 2^8 s

// --- Codec. -------------------------------------------------------------------------------------
enum class UdpTrackerAction : std::uint32_t { connect = 0, announce = 1, scrape = 2, error = 3 };

[[nodiscard]] Buffer encode_udp_connect(std::uint32_t transaction);
// `target`: TrackerUrl::target, sent as URLData unless it is "/" (BEP 41).
[[nodiscard]] Buffer encode_udp_announce(std::uint64_t connection, std::uint32_t transaction,
                                         const AnnounceParams& params, std::string_view target);
// REQUIRES: 1 to kUdpScrapeHashesMax hashes.
[[nodiscard]] Buffer encode_udp_scrape(std::uint64_t connection, std::uint32_t transaction,
                                       std::span<const Sha1Digest> info_hashes);

struct UdpReplyHeader {
  std::uint32_t action = 0;  // unchecked: may be no UdpTrackerAction
  std::uint32_t transaction = 0;
};
// Nothing when shorter than 8 bytes.
[[nodiscard]] std::optional<UdpReplyHeader> udp_reply_header(Bytes packet);

// Each: nothing when the packet is too short for its action. The action must have been checked.
[[nodiscard]] std::optional<std::uint64_t> decode_udp_connect(Bytes packet);
// `family` of the packet's source decides the form of the peers (BEP 15 "IPv6").
[[nodiscard]] std::optional<AnnounceReply> decode_udp_announce(Bytes packet, AddressFamily family);
[[nodiscard]] std::optional<std::vector<ScrapeCounts>> decode_udp_scrape(
    Bytes packet, std::span<const Sha1Digest> asked);
[[nodiscard]] TrackerError decode_udp_error(Bytes packet);

// --- Connection ids. ----------------------------------------------------------------------------
// Ids trackers gave us, usable for a minute after reception. At most kEntriesMax; the oldest goes.
class UdpConnectionIds {
 public:
  static constexpr std::size_t kEntriesMax = 256;

  [[nodiscard]] std::optional<std::uint64_t> find(TimePoint now, const Endpoint& tracker) const;
  void put(TimePoint now, const Endpoint& tracker, std::uint64_t id);
  void drop(const Endpoint& tracker);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t id = 0;
    TimePoint received{};
  };
  std::map<Endpoint, Entry> entries_;
};

// --- Machine. -----------------------------------------------------------------------------------
struct UdpAnnounceRequest {
  AnnounceParams params;
  std::string target;  // TrackerUrl::target
};
struct UdpScrapeRequest {
  std::vector<Sha1Digest> info_hashes;  // 1 to kUdpScrapeHashesMax
};
using UdpTrackerRequest = std::variant<UdpAnnounceRequest, UdpScrapeRequest>;
using UdpTrackerReply = std::variant<AnnounceReply, ScrapeReply>;

class UdpTrackerClient {
 public:
  // `ids` and `random` must outlive the client. `deadline` ends the request with timed_out whatever
  // the retransmission schedule says.
  UdpTrackerClient(const Endpoint& tracker, UdpTrackerRequest request, TimePoint deadline,
                   UdpConnectionIds& ids, Random& random);

  void start(TimePoint now);
  // True when the packet belonged to this request. Packets from elsewhere, with another transaction
  // id or a wrong action are ignored and the schedule continues (TRU-01).
  bool handle_packet(TimePoint now, const Endpoint& from, Bytes packet);
  void handle_timer(TimePoint now);

  // A packet to send to tracker().
  [[nodiscard]] std::optional<Buffer> next();
  [[nodiscard]] TimePoint next_deadline() const;
  [[nodiscard]] const Endpoint& tracker() const { return tracker_; }
  [[nodiscard]] bool done() const { return result_.has_value(); }
  // REQUIRES: done().
  [[nodiscard]] const TrackerResult<UdpTrackerReply>& result() const { return *result_; }

 private:
  enum class Step : std::uint8_t { connecting, asking };
  void send(TimePoint now);
  void handle_error(TimePoint now, Bytes packet);
  bool accept_connection(TimePoint now, std::uint32_t action, Bytes packet);
  bool accept_answer(std::uint32_t action, Bytes packet);
  void finish(TrackerResult<UdpTrackerReply> result);

  Endpoint tracker_;
  UdpTrackerRequest request_;
  TimePoint deadline_;
  UdpConnectionIds& ids_;
  Random& random_;
  std::optional<Step> step_;  // of the packets being sent
  bool id_is_old_ = false;    // the connection id is from an earlier request
  std::uint32_t transaction_ = 0;
  unsigned timeouts_ = 0;  // packets that went unanswered; n of 15 * 2^n
  TimePoint resend_at_ = kNever;
  std::optional<Buffer> outgoing_;
  std::optional<TrackerResult<UdpTrackerReply>> result_;
};

}  // namespace weir
