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

std::size_t Referee::liars_banned() const {
  std::set<IpAddress> seen;
  for (const auto& [by, whom] : bans_) {
    if (liar(whom)) seen.insert(whom);
  }
  return seen.size();
}

std::size_t Referee::unpunished(std::uint64_t blocks) const {
  return static_cast<std::size_t>(
      std::count_if(poison_.begin(), poison_.end(), [&](const auto& entry) {
        const auto& [from, to] = entry.first;
        return entry.second >= blocks && !banned(to, from) && !liar(to);
      }));
}

}  // namespace weir::sim
