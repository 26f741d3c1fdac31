// SPDX-License-Identifier: MIT OR Apache-2.0
// Looks names up without stopping the shard.
//
// getaddrinfo() blocks, for minutes when name servers are dead, and cannot be interrupted. So it
// runs on a few helper threads that share nothing with the shard but a queue, which they own
// together with it. stop() waits for them for at most kStopWait; one that is still inside
// getaddrinfo() then finds the mailbox closed when it comes back, and ends without having touched
// anything else. It is the only thread of the program that may still be there when stop() returns.
//
// Owner: the shard. Every lookup() is answered exactly once, later, unless it is cancelled. How
// long to wait is not decided here: who asks cancels when the time is up. One that no thread has
// begun then never is.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "engine/session_types.h"
#include "io/internal/mailbox.h"

namespace weir {

class Resolver {
 public:
  static constexpr unsigned kThreadsMax = 4;
  static constexpr std::size_t kLookupsMax = 1000;  // under way; more are answered with nothing
  static constexpr std::size_t kAddressesMax = 16;  // kept of one name
  static constexpr std::chrono::milliseconds kStopWait{500};

  // Called on the shard's thread. No addresses: unknown or failed.
  using Answer = std::function<void(RequestId id, std::vector<IpAddress> addresses)>;
  // Blocking; replaced by tests.
  using LookUp = std::function<std::vector<IpAddress>(const std::string& host, AddressFamily)>;

  Resolver(std::shared_ptr<Mailbox> mailbox, Answer answer, LookUp look_up = system_look_up);
  ~Resolver();

  void lookup(RequestId id, const std::string& host, AddressFamily family);
  void cancel(RequestId id);
  // Close the mailbox first. Idempotent.
  void stop();

  [[nodiscard]] static std::vector<IpAddress> system_look_up(const std::string& host,
                                                             AddressFamily family);

 private:
  struct Shared;
  void finish(RequestId id, std::vector<IpAddress> addresses);

  std::shared_ptr<Mailbox> mailbox_;
  Answer answer_;
  std::set<RequestId> under_way_;
  std::shared_ptr<Shared> shared_;  // kept alive by helper threads too
  bool stopped_ = false;
};

}  // namespace weir
