// SPDX-License-Identifier: MIT OR Apache-2.0
// Accepts connections on one endpoint. When descriptors run out it pauses for a second and says so,
// instead of spinning on a queue it cannot empty.
//
// Owner: the shard, whose loop's run() it must not outlive; close() first.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>

#include "io/internal/descriptor.h"
#include "io/internal/sockets.h"

namespace weir {

class Listener {
 public:
  static constexpr int kAcceptsPerTurn = 64;
  static constexpr std::chrono::seconds kPause{1};

  struct Handlers {
    std::function<void(Descriptor fd, const Endpoint& remote)> accepted;
    std::function<void(const NetError& error)> paused;
  };
  Listener(boost::asio::io_context& io, Descriptor listening, Handlers handlers);

  void start() { wait(); }
  void close();

 private:
  void wait();
  void accept_some();

  Handlers handlers_;
  boost::asio::posix::stream_descriptor socket_;
  boost::asio::steady_timer pause_;
};

}  // namespace weir
