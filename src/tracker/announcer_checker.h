// SPDX-License-Identifier: MIT OR Apache-2.0
// Drives an Announcer with arbitrary operations and checks what must hold after each. For the
// property test and the fuzzer; no part of the product.
//
// Fault model: trackers answer, fail, ask for pauses or keep silent, in any order; the owner's
// calls come in any order and at any time; the budget may withhold next() for a while.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "tracker/announcer.h"

namespace weir {

class AnnouncerChecker {
 public:
  explicit AnnouncerChecker(std::uint64_t seed);

  // One operation with an argument.
  void step(std::uint8_t operation, std::uint8_t argument);
  // Empty as long as everything holds, else the first thing that did not.
  [[nodiscard]] const std::string& violation() const { return violation_; }
  [[nodiscard]] std::uint64_t requests() const { return requests_; }

 private:
  using Key = std::tuple<std::string, AddressFamily, Sha1Digest>;
  struct Contact {
    bool started = false;          // sent since start()
    bool acknowledged = false;     // answered since start()
    bool completed_acked = false;  // ever
    TimePoint not_before = TimePoint::min();
  };
  struct Open {
    Key key;
    AnnounceEvent event{};
  };

  void operate(std::uint8_t operation, std::uint8_t argument);
  void start();
  void stop();
  void answer(std::uint8_t argument, bool with_min_interval);
  void fail(std::uint8_t argument, std::uint8_t kind);
  // Ends one of the open requests, if there is any.
  [[nodiscard]] std::optional<std::pair<AnnounceId, Open>> take(std::uint8_t argument);
  void drain();
  void check_request(const AnnounceRequest& request);
  void check_idle();
  void expect(bool holds, const char* claim) {
    if (!holds && violation_.empty()) violation_ = claim;
  }

  TimePoint now_{};
  Random random_;
  Announcer announcer_;
  AnnounceStats stats_{.left = 1000};
  std::map<AnnounceId, Open> open_;
  std::set<Key> open_keys_;
  std::map<Key, Contact> contacts_;
  TimePoint stop_by_ = kNever;
  bool running_ = false;
  bool completed_ = false;
  bool withheld_ = false;  // the budget grants nothing
  std::uint64_t requests_ = 0;
  std::string violation_;
};

}  // namespace weir
