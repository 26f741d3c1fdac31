// SPDX-License-Identifier: MIT OR Apache-2.0
// Who may not come near any torrent of a session for a while.
#include <algorithm>
#include <utility>
#include <vector>

#include "engine/session_impl.h"

namespace weir {

void Session::Impl::close_banned(TimePoint now, const IpAddress& address) {
  std::vector<ConnId> theirs;
  for (const auto& [id, conn] : conns_) {
    if (conn->remote.address == address) theirs.push_back(id);
  }
  for (const ConnId id : theirs) close(now, id, CloseReason::banned);
}

Duration Session::Impl::ban(TimePoint now, const IpAddress& address) {
  bans_.ban(address, now);
  close_banned(now, address);
  return bans_.period();
}

void Session::restore_ban(TimePoint now, const IpAddress& address, Duration left) {
  Impl& s = *impl_;
  if (left <= Duration{}) return;
  s.bans_.ban_until(address, now, now + std::min(left, s.bans_.period()));
  s.close_banned(now, address);
  s.settle(now);
}

bool Session::unban(TimePoint now, const IpAddress& address) {
  Impl& s = *impl_;
  if (!s.bans_.unban(address, now)) return false;
  for (const auto& [key, torrent] : s.torrents_) {
    torrent->readmit(now, address);
    s.touch(key);
  }
  s.settle(now);
  return true;
}

std::vector<BanList::Entry> Session::bans(TimePoint now) const { return impl_->bans_.entries(now); }

}  // namespace weir
