// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/internal/listener.h"

#include <cerrno>
#include <utility>

namespace weir {
namespace {

// What is wrong with one connection, not with accepting.
bool concerns_one(int os_error) {
  switch (os_error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ETIMEDOUT:
      return true;
    default:
      return false;
  }
}

}  // namespace

Listener::Listener(boost::asio::io_context& io, Descriptor listening, Handlers handlers)
    : handlers_(std::move(handlers)), socket_(io, listening.release()), pause_(io) {}

void Listener::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
  pause_.cancel();
}

void Listener::wait() {
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [this](const boost::system::error_code& failed) {
                       if (!failed) accept_some();
                     });
}

void Listener::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    auto accepted = accept_one(socket_.native_handle());
    if (accepted) {
      handlers_.accepted(std::move(accepted->fd), accepted->remote);
      if (!socket_.is_open()) return;
      continue;
    }
    if (accepted.error().os_error == EAGAIN) break;
    if (concerns_one(accepted.error().os_error)) continue;
    handlers_.paused(accepted.error());
    pause_.expires_after(kPause);
    pause_.async_wait([this](const boost::system::error_code& failed) {
      if (!failed && socket_.is_open()) wait();
    });
    return;
  }
  wait();
}

}  // namespace weir
