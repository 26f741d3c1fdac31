// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/sim_tracker.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

namespace weir::sim {
namespace {

std::string parameter(const std::string& url, std::string_view name) {
  const std::string key = std::string(name) + "=";
  for (std::size_t at = url.find(key); at != std::string::npos; at = url.find(key, at + 1)) {
    if (url[at - 1] != '?' && url[at - 1] != '&') continue;
    const std::size_t begin = at + key.size();
    return url.substr(begin, url.find('&', begin) - begin);
  }
  return {};
}

}  // namespace

std::size_t SimTracker::peers() const {
  std::size_t count = 0;
  for (const auto& [hash, peers] : swarms_) count += peers.size();
  return count;
}

void SimTracker::count() {
  ++announces_;
  world_.trace("announce", announces_);
  while (!recent_.empty() && recent_.front() + std::chrono::seconds(1) <= world_.now()) {
    recent_.pop_front();
  }
  recent_.push_back(world_.now());
  peak_ = std::max(peak_, recent_.size());
}

void SimTracker::get(const std::string& url, const IpAddress& from,
                     std::function<void(HttpReply)> reply) {
  count();
  const IpAddress own = *IpAddress::parse("198.18.255.1");
  if (down_ || failing_) {
    const int status = down_ ? 0 : 500;
    world_.after(delay_, [reply = std::move(reply), status, own] {
      reply(HttpReply{status, {}, status == 0 ? "connection refused" : "", own});
    });
    return;
  }
  auto& peers = swarms_[parameter(url, "info_hash")];
  std::uint16_t port = 0;
  const std::string port_text = parameter(url, "port");
  std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  const Endpoint self{from, port};
  const bool stops = parameter(url, "event") == "stopped";
  stops ? (void)peers.erase(self) : (void)peers.insert(self);
  if (stops) ++stops_;

  std::vector<Endpoint> others;
  for (const Endpoint& peer : peers) {
    if (peer != self) others.push_back(peer);
  }
  world_.random().shuffle(std::span(others));
  if (others.size() > 50) others.resize(50);
  Buffer compact;
  if (forged_) forged_(from, compact);
  for (const Endpoint& peer : others) peer.append_compact(compact);
  Buffer body;
  append(body, "d" + interval_fields_ + "5:peers" + std::to_string(compact.size()) + ":");
  append(body, Bytes(compact));
  append(body, "e");
  world_.after(delay_, [reply = std::move(reply), body = std::move(body), own]() mutable {
    reply(HttpReply{200, std::move(body), {}, own});
  });
}

}  // namespace weir::sim
