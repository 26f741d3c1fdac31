// SPDX-License-Identifier: MIT OR Apache-2.0
// The life of a connection and its receiving half; sending is in connection_send.cc.
#include "io/internal/connection.h"

#include <sys/uio.h>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "io/internal/sockets.h"
#include "io/internal/turn.h"

namespace weir {

namespace asio = boost::asio;
using boost::system::error_code;

void Connection::dial(const Endpoint& remote) {
  WEIR_ASSERT(phase_ == Phase::fresh);
  phase_ = Phase::dialling;
  auto fd = begin_connect(remote);
  error_code failed;
  if (fd) socket_.assign(fd->get(), failed);
  if (!fd || failed) {
    NetError error = fd ? net_error(failed.value(), "connect to " + remote.text()) : fd.error();
    // Later: the machine is in the middle of asking for this connection.
    asio::post(io_, [self = shared_from_this(), error = std::move(error)]() mutable {
      self->fail_dial(std::move(error));
    });
    return;
  }
  (void)fd->release();
  socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                     [self = shared_from_this()](const error_code&) { self->finish_dial(); });
}

void Connection::fail_dial(NetError error) {
  if (phase_ != Phase::dialling) return;
  const Turn turn(host_);
  close();
  host_.dial_failed(id_, error);
}

void Connection::finish_dial() {
  if (phase_ != Phase::dialling) return;
  if (const int error = connect_error(socket_.native_handle()); error != 0) {
    return fail_dial(net_error(error, "connect"));
  }
  const auto local = local_endpoint(socket_.native_handle());
  if (!local) return fail_dial(local.error());
  set_peer_options(socket_.native_handle());
  phase_ = Phase::open;
  const Turn turn(host_);
  host_.dialled(id_, *local);
  wake_read();
}

void Connection::start(Descriptor connected) {
  WEIR_ASSERT(phase_ == Phase::fresh);
  phase_ = Phase::open;
  error_code failed;
  socket_.assign(connected.get(), failed);
  if (failed) {
    asio::post(io_, [self = shared_from_this()] {
      const Turn turn(self->host_);
      self->lose(EMFILE);
    });
    return;
  }
  set_peer_options(connected.release());
  // A peer that connects speaks first, so there is rarely anything yet: wait rather than try.
  wait_readable();
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  error_code ignored;
  socket_.close(ignored);
  file_ = {};
}

void Connection::wake_read() {
  if (phase_ == Phase::open && reading_ == Flow::asleep) post_read();
}

void Connection::wake_write() {
  if (phase_ == Phase::open && writing_ == Flow::asleep) post_write();
}

void Connection::post_read() {
  reading_ = Flow::due;
  asio::post(io_, [self = shared_from_this()] { self->read_turn(); });
}

void Connection::post_write() {
  writing_ = Flow::due;
  asio::post(io_, [self = shared_from_this()] { self->write_turn(); });
}

void Connection::wait_readable() {
  reading_ = Flow::waiting;
  socket_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const error_code&) { self->read_turn(); });
}

void Connection::wait_writable() {
  writing_ = Flow::waiting;
  socket_.async_wait(asio::posix::stream_descriptor::wait_write,
                     [self = shared_from_this()](const error_code&) { self->write_turn(); });
}

void Connection::lose(int os_error) {
  if (phase_ != Phase::open) return;
  close();
  host_.closed(id_, os_error == 0 ? CloseReason::remote_closed : CloseReason::network_error);
}

void Connection::read_turn() {
  if (phase_ != Phase::open) return;
  const Turn turn(host_);
  std::array<MutableBytes, kSpansMax> spans;
  std::array<iovec, kSpansMax> parts;
  std::size_t moved = 0;
  reading_ = Flow::due;  // wakes are for sleepers
  while (phase_ == Phase::open) {
    if (moved >= kTurnBytes) return post_read();
    const std::size_t count = host_.prepare(id_, spans);
    if (count == 0) {
      reading_ = Flow::asleep;
      return;
    }
    std::size_t room = 0;
    for (std::size_t i = 0; i < count; ++i) {
      parts[i] = {spans[i].data(), spans[i].size()};
      room += spans[i].size();
    }
    const ssize_t got = ::readv(socket_.native_handle(), parts.data(), static_cast<int>(count));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return wait_readable();
    if (got <= 0) return lose(got == 0 ? 0 : errno);
    moved += static_cast<std::size_t>(got);
    host_.commit(id_, static_cast<std::size_t>(got));
    // A short read emptied the socket: asking again would only say so.
    if (phase_ == Phase::open && static_cast<std::size_t>(got) < room) return wait_readable();
  }
}

}  // namespace weir
