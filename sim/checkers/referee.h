// SPDX-License-Identifier: MIT OR Apache-2.0
// Who lies in this scenario, who was banned by whom, and whether that was just.
//
// Checked at all times (safety): nobody honest is ever banned by anybody honest.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "base/endpoint.h"
#include "sim/world.h"

namespace weir::sim {

class Referee {
 public:
  explicit Referee(World& world) : world_(world) {}

  void declare_liar(const IpAddress& address) { liars_.insert(address); }
  [[nodiscard]] bool liar(const IpAddress& address) const { return liars_.contains(address); }

  void saw_ban(const IpAddress& by, const IpAddress& banned);
  [[nodiscard]] bool banned(const IpAddress& by, const IpAddress& whom) const {
    return bans_.contains({by, whom});
  }
  // How many of the liars were banned by every honest node that they sent at least so many false
  // blocks, and by one at least.
  [[nodiscard]] std::size_t liars_banned(std::uint64_t blocks) const;
  [[nodiscard]] std::size_t liars() const { return liars_.size(); }

  // False bytes of a block went out from one to the other.
  void saw_poison(const IpAddress& from, const IpAddress& to) { ++poison_[{from, to}]; }
  // Pairs of liar and receiver with at least `blocks` false sendings and no ban.
  [[nodiscard]] std::size_t unpunished(std::uint64_t blocks) const;
  // The most false blocks an honest node got from a liar that it did not ban.
  [[nodiscard]] std::uint64_t most_unpunished() const;
  [[nodiscard]] std::size_t poisoned_pairs() const { return poison_.size(); }

 private:
  World& world_;
  std::set<IpAddress> liars_;
  std::set<std::pair<IpAddress, IpAddress>> bans_;  // by whom, who
  std::map<std::pair<IpAddress, IpAddress>, std::uint64_t> poison_;
};

}  // namespace weir::sim
