// SPDX-License-Identifier: MIT OR Apache-2.0
// Looks names up without stopping the shard.
//
// getaddrinfo() blocks, for minutes when name servers are dead, and cannot be interrupted. So it
// runs on a few helper threads that share nothing with the shard but a queue, which they own
// together with it. stop() waits for them for at most kStopWait; one that is still inside
// getaddrinfo() then finds the mailbox closed when it comes back, and ends without having touched
// anything else. It is the only thread of the program that may still be there when stop() returns.
//
// Owner: the shard. Every lookup() is answered exactly once, later, unless it is cancelled.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/time.h"
#include "engine/session_types.h"
#include "io/internal/mailbox.h"

namespace weir {

class Resolver {
 public:
  static constexpr unsigned kThreadsMax = 4;
  static constexpr std::size_t kLookupsMax = 1000;  // under way; more are answered with nothing
  static constexpr std::size_t kAddressesMax = 16;  // kept of one name
  static constexpr Duration kTimeout = std::chrono::seconds(20);
  static constexpr std::chrono::milliseconds kStopWait{500};

  // Called on the shard's thread. No addresses: unknown, failed or too late.
  using Answer = std::function<void(RequestId id, std::vector<IpAddress> addresses)>;
  // Blocking; replaced by tests.
  using LookUp = std::function<std::vector<IpAddress>(const std::string& host, AddressFamily)>;

  Resolver(boost::asio::io_context& io, std::shared_ptr<Mailbox> mailbox, Answer answer,
           LookUp look_up = system_look_up);
  ~Resolver();

  void lookup(RequestId id, const std::string& host, AddressFamily family);
  void cancel(RequestId id) { under_way_.erase(id); }
  // Close the mailbox first. Idempotent.
  void stop();

  [[nodiscard]] static std::vector<IpAddress> system_look_up(const std::string& host,
                                                             AddressFamily family);

 private:
  struct Shared;
  void finish(RequestId id, std::vector<IpAddress> addresses);
  void arm();

  std::shared_ptr<Mailbox> mailbox_;
  Answer answer_;
  boost::asio::steady_timer timer_;
  std::map<RequestId, TimePoint> under_way_;  // until when
  std::shared_ptr<Shared> shared_;            // kept alive by helper threads too
  bool armed_ = false;
  bool stopped_ = false;
};

}  // namespace weir
