// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/checkers/referee.h"

#include <algorithm>

namespace weir::sim {

void Referee::saw_ban(const IpAddress& by, const IpAddress& banned) {
  bans_.emplace(by, banned);
  if (!liar(banned) && !liar(by)) {
    world_.violation(by.text() + " bans " + banned.text() + ", which is honest");
  }
}

std::size_t Referee::liars_banned(std::uint64_t blocks) const {
  std::set<IpAddress> punished;
  for (const auto& [by, whom] : bans_) {
    if (liar(whom) && !liar(by)) punished.insert(whom);
  }
  for (const auto& [pair, count] : poison_) {
    const auto& [from, to] = pair;
    if (count >= blocks && !liar(to) && !banned(to, from)) punished.erase(from);
  }
  return punished.size();
}

std::uint64_t Referee::most_unpunished() const {
  std::uint64_t most = 0;
  for (const auto& [pair, count] : poison_) {
    const auto& [from, to] = pair;
    if (!liar(to) && !banned(to, from)) most = std::max(most, count);
  }
  return most;
}

std::size_t Referee::unpunished(std::uint64_t blocks) const {
  return static_cast<std::size_t>(
      std::count_if(poison_.begin(), poison_.end(), [&](const auto& entry) {
        const auto& [from, to] = entry.first;
        return entry.second >= blocks && !banned(to, from) && !liar(to);
      }));
}

}  // namespace weir::sim
