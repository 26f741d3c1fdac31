// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/sim_tracker.h"

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

void SimTracker::get(const std::string& url, const IpAddress& from,
                     std::function<void(HttpReply)> reply) {
  ++announces_;
  world_.trace("announce", announces_);
  if (down_) {
    world_.after(delay_ * 2,
                 [reply = std::move(reply)] { reply(HttpReply{0, {}, "connection refused", {}}); });
    return;
  }
  auto& peers = swarms_[parameter(url, "info_hash")];
  std::uint16_t port = 0;
  const std::string port_text = parameter(url, "port");
  std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  const Endpoint self{from, port};
  parameter(url, "event") == "stopped" ? (void)peers.erase(self) : (void)peers.insert(self);

  std::vector<Endpoint> others;
  for (const Endpoint& peer : peers) {
    if (peer != self) others.push_back(peer);
  }
  world_.random().shuffle(std::span(others));
  if (others.size() > 50) others.resize(50);
  Buffer compact;
  for (const Endpoint& peer : others) peer.append_compact(compact);
  Buffer body;
  append(body, "d8:intervali120e5:peers" + std::to_string(compact.size()) + ":");
  append(body, Bytes(compact));
  append(body, "e");
  world_.after(delay_, [reply = std::move(reply), body = std::move(body)]() mutable {
    reply(HttpReply{200, std::move(body), {}, *IpAddress::parse("198.18.255.1")});
  });
}

}  // namespace weir::sim
