// SPDX-License-Identifier: MIT OR Apache-2.0
// A bound UDP socket: packets in through a callback, packets out without waiting. What does not fit
// the socket's buffer is lost, as on the way.
//
// Owner: the shard, whose loop's run() it must not outlive; close() first.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "io/internal/descriptor.h"

namespace weir {

class UdpSocket {
 public:
  static constexpr int kPacketsPerTurn = 64;
  static constexpr std::size_t kPacketMax = 16u << 10;  // longer ones are dropped

  // `packet` is borrowed for the call.
  using Received = std::function<void(const Endpoint& from, Bytes packet)>;
  UdpSocket(boost::asio::io_context& io, Descriptor bound, Received received);

  void start() { wait(); }
  void close();
  void send(const Endpoint& to, Bytes packet);

 private:
  void wait();
  void receive_some();

  Received received_;
  boost::asio::posix::stream_descriptor socket_;
};

}  // namespace weir
