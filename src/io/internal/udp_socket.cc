// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/internal/udp_socket.h"

#include <sys/socket.h>
#include <array>
#include <cerrno>
#include <utility>

#include "io/internal/sockets.h"

namespace weir {

UdpSocket::UdpSocket(boost::asio::io_context& io, Descriptor bound, Received received)
    : received_(std::move(received)), socket_(io, bound.release()) {}

void UdpSocket::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void UdpSocket::send(const Endpoint& to, Bytes packet) {
  if (!socket_.is_open()) return;
  const SocketAddress address = to_socket_address(to);
  (void)::sendto(socket_.native_handle(), packet.data(), packet.size(), MSG_NOSIGNAL, address.get(),
                 address.length);
}

void UdpSocket::wait() {
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [this](const boost::system::error_code& failed) {
                       if (!failed) receive_some();
                     });
}

void UdpSocket::receive_some() {
  std::array<std::byte, kPacketMax> packet;
  for (int i = 0; i < kPacketsPerTurn; ++i) {
    SocketAddress from;
    from.length = sizeof(from.storage);
    // MSG_TRUNC: the packet's real length, so that a cut one is seen.
    const ssize_t got = ::recvfrom(socket_.native_handle(), packet.data(), packet.size(), MSG_TRUNC,
                                   reinterpret_cast<sockaddr*>(&from.storage), &from.length);
    // Other errors are reports about packets sent earlier: the next call has the next packet.
    if (got < 0 && errno == EAGAIN) break;
    const auto size = static_cast<std::size_t>(got);
    const auto sender = got < 0 ? std::nullopt : to_endpoint(from.get(), from.length);
    if (!sender || size > packet.size()) continue;
    received_(*sender, Bytes(packet).first(size));
    if (!socket_.is_open()) return;
  }
  wait();
}

}  // namespace weir
