// SPDX-License-Identifier: MIT OR Apache-2.0
// The life of an HTTP connection and its receiving half; sending is in http_connection_send.cc.
#include "io/internal/http_connection.h"

#include <sys/socket.h>
#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "io/internal/http_call.h"
#include "io/internal/sockets.h"

namespace weir {

using boost::system::error_code;

HttpConnection::HttpConnection(HttpCore& core, Descriptor connected, const Endpoint& remote,
                               bool local_user)
    : core_(core),
      socket_(core.io),
      remote_(remote),
      local_user_(local_user),
      since_(Clock::now()) {
  error_code failed;
  socket_.assign(connected.get(), failed);
  if (!failed) (void)connected.release();
}

HttpConnection::~HttpConnection() = default;

void HttpConnection::start() {
  if (!socket_.is_open()) return shut(false);  // the loop has no room for it
  set_peer_options(socket_.native_handle());
  local_ = local_endpoint(socket_.native_handle()).value_or(Endpoint{});
  next_request();
  advance();
}

Bytes HttpConnection::unread() const {
  return in_ ? Bytes(*in_).subspan(in_begin_, in_end_ - in_begin_) : Bytes();
}

void HttpConnection::next_request() {
  if (call_) call_->connected = false;
  call_.reset();
  phase_ = Phase::head;
  body_ = Body::waiting;
  answer_ = Answer::none;
  is_head_ = expects_continue_ = false;
  reader_ = std::make_unique<HttpRequestReader>(HttpReaderLimits{
      core_.config.header_bytes_max, core_.config.header_count_max, core_.config.target_bytes_max});
  since_ = Clock::now();
  // A connection that waits for its next request holds no memory.
  if (unread().empty()) {
    in_.reset();
    in_begin_ = in_end_ = 0;
  }
}

void HttpConnection::advance() {
  if (std::exchange(advancing_, true)) {
    again_ = true;
    return;
  }
  const auto self = shared_from_this();
  turn_bytes_ = 0;
  do {
    again_ = false;
    while (phase_ != Phase::closed && (advance_input() || advance_output())) {
    }
  } while (again_ && phase_ != Phase::closed);
  advancing_ = false;
  if (wants_input() && !waiting_readable_) wait_readable();
}

bool HttpConnection::advance_input() {
  switch (phase_) {
    case Phase::head:
      return advance_head();
    case Phase::call:
      return advance_body();
    case Phase::linger:
    case Phase::closed:
      return false;
  }
  std::unreachable();
}

bool HttpConnection::advance_head() {
  if (unread().empty()) return false;
  const HttpRequestReader::Step step = reader_->next(unread());
  in_begin_ += step.used;
  if (step.event == HttpRequestReader::Event::head) {
    begin_call();
    return true;
  }
  if (step.event == HttpRequestReader::Event::refused) {
    refuse(step.status);
    return true;
  }
  return step.used > 0;
}

void HttpConnection::begin_call() {
  phase_ = Phase::call;
  first_ = false;
  ++core_.requests;
  call_ = std::make_shared<HttpCall::State>();
  call_->mailbox = core_.mailbox;
  call_->connection = weak_from_this();
  call_->head = reader_->take_head();
  call_->head.remote = remote_;
  call_->head.local = local_;
  call_->head.local_user = local_user_;
  is_head_ = call_->head.method == "HEAD";
  http11_ = reader_->is_http11();
  expects_continue_ = reader_->expects_continue();
  close_after_ = !reader_->keep_alive();
  body_ = call_->head.has_body ? Body::waiting : Body::ended;
  discarded_ = 0;
  window_ = Clock::now();
  window_bytes_ = 0;
  core_.handler.handle(HttpCall(call_));
}

void HttpConnection::receive(const HttpCall::State& call, std::unique_ptr<HttpBodySink> sink,
                             std::uint64_t bytes_max) {
  if (call_.get() != &call || answer_ != Answer::none || body_ == Body::receiving) return;
  sink_ = std::move(sink);
  sink_left_ = bytes_max;
  if (call.head.content_length.value_or(0) > bytes_max) {
    too_large();
  } else {
    body_ = Body::receiving;
    // Not when the client did not wait for it.
    if (expects_continue_ && unread().empty()) push({.text = "HTTP/1.1 100 Continue\r\n\r\n"});
    expects_continue_ = false;
  }
  advance();
}

bool HttpConnection::advance_body() {
  if (body_ == Body::waiting || body_ == Body::ended || sink_busy_) return false;
  const HttpRequestReader::Step step = reader_->next(unread());
  in_begin_ += step.used;
  switch (step.event) {
    case HttpRequestReader::Event::data:
      if (body_ == Body::receiving) {
        give_to_sink(step.data);
      } else {
        discard(step.data.size());
      }
      return true;
    case HttpRequestReader::Event::end: {
      body_ = Body::ended;
      const auto sink = std::move(sink_);
      if (sink) sink->end();
      return true;
    }
    case HttpRequestReader::Event::refused:
      drop_sink();
      body_ = Body::ended;
      close_after_ = true;
      // An answer that is on its way, or has begun, goes before.
      if (answer_ == Answer::none && !call_->answered.exchange(true)) refuse(step.status);
      return true;
    case HttpRequestReader::Event::more:
    case HttpRequestReader::Event::head:
      return false;
  }
  std::unreachable();
}

void HttpConnection::give_to_sink(Bytes data) {
  if (data.size() > sink_left_) return too_large();
  sink_left_ -= data.size();
  sink_busy_ = true;
  const std::uint64_t serial = ++sink_serial_;
  // `buffer` keeps the bytes for a sink that outlives its connection in the background.
  sink_->data(data, [mailbox = core_.mailbox, weak = weak_from_this(), serial, buffer = in_] {
    mailbox->post([weak, serial] {
      if (const auto self = weak.lock()) self->sink_done(serial);
    });
  });
}

void HttpConnection::sink_done(std::uint64_t serial) {
  if (!sink_busy_ || serial != sink_serial_) return;
  sink_busy_ = false;
  advance();
}

void HttpConnection::too_large() {
  drop_sink();
  body_ = Body::discarding;
  if (!call_->answered.exchange(true)) refuse(413);
}

void HttpConnection::drop_sink() {
  if (std::exchange(sink_busy_, false)) {
    // It still has the buffer.
    ++sink_serial_;
    const Bytes rest = unread();
    in_ = std::make_shared<Buffer>(to_buffer(rest));
    in_begin_ = 0;
    in_end_ = rest.size();
  }
  const auto dropped = std::move(sink_);
}

void HttpConnection::discard(std::size_t bytes) {
  discarded_ += bytes;
  if (discarded_ <= kDiscardBytesMax) return;
  body_ = Body::ended;
  close_after_ = true;
}

bool HttpConnection::wants_input() const {
  if (phase_ == Phase::closed || remote_ended_) return false;
  if (phase_ != Phase::call) return true;
  if (body_ == Body::receiving) return !sink_busy_;
  return body_ == Body::discarding || unread().size() < kPeekBytes;
}

void HttpConnection::wait_readable() {
  waiting_readable_ = true;
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const error_code&) {
                       self->waiting_readable_ = false;
                       if (self->wants_input()) self->read_some();
                     });
}

void HttpConnection::make_room() {
  const bool bulk =
      phase_ == Phase::call && (body_ == Body::receiving || body_ == Body::discarding);
  const std::size_t wanted = bulk ? kBodyReadBytes : kHeadReadBytes;
  const std::size_t kept = unread().size();
  if (!in_ || (kept == 0 && in_->size() < wanted)) {
    in_ = std::make_shared<Buffer>(wanted);
  } else if (kept == 0 || in_end_ < in_->size()) {
    if (kept > 0) return;
  } else if (in_begin_ > 0) {
    std::memmove(in_->data(), in_->data() + in_begin_, kept);
  } else {
    in_->resize(std::max(2 * kept, wanted));
  }
  in_begin_ = 0;
  in_end_ = kept;
}

void HttpConnection::read_some() {
  if (phase_ == Phase::linger) return read_linger();
  make_room();
  const bool was_idle = is_idle();
  const ssize_t got =
      ::recv(socket_.native_handle(), in_->data() + in_end_, in_->size() - in_end_, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return advance();
  if (got <= 0) return remote_ended(got == 0);
  if (was_idle) since_ = Clock::now();
  in_end_ += static_cast<std::size_t>(got);
  window_bytes_ += static_cast<std::uint64_t>(got);
  advance();
}

void HttpConnection::read_linger() {
  std::array<std::byte, 16 * 1024> unwanted;
  for (int i = 0; i < 16; ++i) {
    const ssize_t got = ::recv(socket_.native_handle(), unwanted.data(), unwanted.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (got <= 0) return shut(false);
    discarded_ += static_cast<std::uint64_t>(got);
    if (discarded_ > kLingerBytesMax) return shut(false);
  }
  wait_readable();
}

void HttpConnection::remote_ended(bool in_order) {
  // Who has sent all of a request may close that direction and still read the answer.
  if (!in_order || phase_ != Phase::call || body_ != Body::ended) return shut(false);
  remote_ended_ = true;
  close_after_ = true;
  since_ = Clock::now();
  if (call_) call_->connected = false;
}

bool HttpConnection::waits_for_peer() const {
  return waiting_writable_ || (body_ == Body::receiving && !sink_busy_) ||
         body_ == Body::discarding;
}

void HttpConnection::check_pace(Clock::time_point now) {
  if (waits_for_peer()) {
    if (now - window_ < core_.config.slow_window) return;
    if (window_bytes_ < core_.config.slow_bytes) {
      ++core_.slow_closed;
      return shut(true);
    }
  }
  window_ = now;
  window_bytes_ = 0;
}

void HttpConnection::tick(Clock::time_point now) {
  const auto passed = now - since_;
  switch (phase_) {
    case Phase::head:
      if (is_idle()) {
        if (passed >= (first_ ? core_.config.header_deadline : core_.config.idle_timeout)) {
          shut(false);
        }
      } else if (passed >= core_.config.header_deadline) {
        ++core_.slow_closed;
        refuse(408);
        advance();
      }
      return;
    case Phase::call:
      // Nobody may be there any more, which only sending would tell.
      if (remote_ended_ && pulling_ && out_.empty() && passed >= core_.config.half_closed_wait) {
        return shut(true);
      }
      return check_pace(now);
    case Phase::linger:
      if (passed >= kLingerMax) shut(false);
      return;
    case Phase::closed:
      return;
  }
  std::unreachable();
}

void HttpConnection::begin_stop() {
  if (phase_ == Phase::head) return shut(false);
  close_after_ = true;
}

void HttpConnection::end() { shut(phase_ == Phase::call); }

void HttpConnection::shut(bool with_reset) {
  if (phase_ == Phase::closed) return;
  const auto self = shared_from_this();
  phase_ = Phase::closed;
  if (call_) call_->connected = false;
  call_.reset();
  if (with_reset) {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  }
  error_code ignored;
  socket_.close(ignored);
  out_.clear();
  const auto source = std::move(source_);
  const auto sink = std::move(sink_);
  core_.closed(*this);
}

}  // namespace weir
