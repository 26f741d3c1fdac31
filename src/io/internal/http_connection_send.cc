// SPDX-License-Identifier: MIT OR Apache-2.0
// The sending half of an HTTP connection: answers, their bodies, and the way into the socket.
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <charconv>
#include <utility>

#include "io/internal/http_call.h"
#include "io/internal/http_connection.h"
#include "io/posix_disk.h"

namespace weir {
namespace {

std::string chunk_line(std::uint64_t size) {
  std::array<char, 16> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
  return std::string(digits.data(), end) + "\r\n";
}

}  // namespace

std::uint64_t HttpConnection::Out::size() const { return file ? file->length : memory().size(); }

Bytes HttpConnection::Out::memory() const { return buffer ? Bytes(*buffer) : as_bytes(text); }

void HttpConnection::refuse(unsigned status) {
  if (phase_ == Phase::head) {
    ++core_.refused;
    http11_ = true;
  }
  phase_ = Phase::call;
  body_ = Body::ended;
  close_after_ = true;
  window_ = Clock::now();
  window_bytes_ = 0;
  begin_answer(plain_answer(status));
}

void HttpConnection::answer(const HttpCall::State& call, HttpAnswer answer) {
  if (call_.get() != &call || answer_ != Answer::none) return;
  begin_answer(std::move(answer));
  advance();
}

void HttpConnection::begin_answer(HttpAnswer answer) {
  drop_sink();
  if (body_ == Body::receiving) body_ = Body::discarding;
  if (body_ == Body::waiting) {
    // Whether a client that was not told to continue sends its body, nobody knows.
    const bool much = call_->head.content_length.value_or(0) > kDiscardBytesMax;
    if (much || expects_continue_) close_after_ = true;
    body_ = close_after_ ? Body::ended : Body::discarding;
  }
  if (auto* source = std::get_if<std::unique_ptr<HttpBodySource>>(&answer.body);
      !is_writable(answer) || (source != nullptr && !*source)) {
    answer = plain_answer(500);
  }
  auto* text = std::get_if<std::string>(&answer.body);
  const std::optional<std::uint64_t> length = text != nullptr ? text->size() : answer.length;
  const bool bodiless = is_bodiless(answer.status);
  framing_ = bodiless    ? HttpFraming::none
             : length    ? HttpFraming::length
             : !http11_  ? HttpFraming::close
             : !is_head_ ? HttpFraming::chunked
                         : HttpFraming::none;
  close_after_ |= answer.close || core_.stopping || framing_ == HttpFraming::close;
  push({.text = format_answer_head(answer, {.framing = framing_,
                                            .length = length.value_or(0),
                                            .close = close_after_,
                                            .http11 = http11_,
                                            .date = core_.date()})});
  answer_ = Answer::queued;
  if (is_head_ || bodiless) return;
  if (text != nullptr) {
    if (!text->empty()) push({.text = std::move(*text)});
    return;
  }
  source_ = std::move(std::get<std::unique_ptr<HttpBodySource>>(answer.body));
  body_left_ = length;
  answer_ = Answer::streaming;
}

bool HttpConnection::advance_output() {
  if (phase_ != Phase::call) return false;
  if (answer_ == Answer::streaming && !pulling_ && out_.size() < kPartsMax &&
      out_bytes_ < core_.config.send_buffer_bytes) {
    pull();
  }
  if (!out_.empty()) return !waiting_writable_ && send_some();
  if (answer_ != Answer::queued || body_ != Body::ended) return false;
  finish_answer();
  return true;
}

void HttpConnection::finish_answer() {
  if (!close_after_ && !core_.stopping) return next_request();
  if (remote_ended_) return shut(false);
  // Closing with unread input would reset the connection and take the answer's end with it.
  if (call_) call_->connected = false;
  call_.reset();
  phase_ = Phase::linger;
  since_ = Clock::now();
  discarded_ = 0;
  ::shutdown(socket_.native_handle(), SHUT_WR);
}

void HttpConnection::pull() {
  pulling_ = true;
  const std::uint64_t serial = ++pull_serial_;
  source_->next(core_.config.send_buffer_bytes - out_bytes_,
                [mailbox = core_.mailbox, weak = weak_from_this(), serial](HttpBodyPart part) {
                  mailbox->post([weak, serial, part = std::move(part)]() mutable {
                    if (const auto self = weak.lock()) self->take_part(serial, std::move(part));
                  });
                });
}

void HttpConnection::take_part(std::uint64_t serial, HttpBodyPart part) {
  if (!pulling_ || serial != pull_serial_ || phase_ != Phase::call) return;
  pulling_ = false;
  if (remote_ended_) since_ = Clock::now();
  if (auto* buffer = std::get_if<std::shared_ptr<const Buffer>>(&part)) {
    if (*buffer) queue_body({.buffer = std::move(*buffer)});
  } else if (auto* range = std::get_if<HttpFileRange>(&part)) {
    queue_body({.file = std::move(*range)});
  } else if (std::holds_alternative<HttpBodyEnd>(part)) {
    end_body();
  } else {
    shut(true);
  }
  advance();
}

void HttpConnection::queue_body(Out out) {
  const std::uint64_t size = out.size();
  if (size == 0) return;
  if (body_left_) {
    if (size > *body_left_) return shut(true);
    *body_left_ -= size;
  }
  const bool chunked = framing_ == HttpFraming::chunked;
  if (chunked) push({.text = chunk_line(size)});
  push(std::move(out));
  if (chunked) push({.text = "\r\n"});
}

void HttpConnection::end_body() {
  if (body_left_.value_or(0) != 0) return shut(true);
  if (framing_ == HttpFraming::chunked) push({.text = "0\r\n\r\n"});
  answer_ = Answer::queued;
  const auto done = std::move(source_);
}

void HttpConnection::push(Out out) {
  if (!out.file) out_bytes_ += out.memory().size();
  out_.push_back(std::move(out));
}

bool HttpConnection::send_some() {
  if (turn_bytes_ >= kSendTurnBytes) {
    // Others go first.
    boost::asio::post(core_.io, [self = shared_from_this()] { self->advance(); });
    return false;
  }
  switch (out_.front().file ? send_file() : send_memory()) {
    case Sent::progress:
      return true;
    case Sent::blocked:
      wait_writable();
      return false;
    case Sent::closed:
      return false;
  }
  std::unreachable();
}

HttpConnection::Sent HttpConnection::send_memory() {
  std::array<iovec, kPartsMax> parts;
  std::size_t count = 0;
  auto at = out_.begin();
  for (; at != out_.end() && !at->file && count < parts.size(); ++at) {
    const Bytes rest = at->memory().subspan(at->offset);
    parts[count++] = {const_cast<std::byte*>(rest.data()), rest.size()};
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  // A head and the file behind it share packets.
  const int more = at != out_.end() ? MSG_MORE : 0;
  const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | more);
  if (sent < 0) return failed_send();
  consume(static_cast<std::size_t>(sent));
  return Sent::progress;
}

HttpConnection::Sent HttpConnection::send_file() {
  const Out& out = out_.front();
  const FileStat& expected = out.file->file.stat;
  if (expected != FileStat{} && file_stat(out.file->file.fd) != expected) {
    shut(true);  // what was verified is not what is there
    return Sent::closed;
  }
  auto offset = static_cast<off_t>(out.file->offset + out.offset);
  const std::uint64_t left = out.file->length - out.offset;
  const ssize_t sent = ::sendfile(socket_.native_handle(), out.file->file.fd, &offset,
                                  std::min<std::uint64_t>(left, kSendTurnBytes));
  if (sent < 0) return failed_send();
  if (sent == 0) {
    shut(true);  // the file is shorter than was said
    return Sent::closed;
  }
  consume(static_cast<std::size_t>(sent));
  return Sent::progress;
}

HttpConnection::Sent HttpConnection::failed_send() {
  if (errno == EINTR) return Sent::progress;
  if (errno == EAGAIN) return Sent::blocked;
  shut(true);
  return Sent::closed;
}

void HttpConnection::consume(std::size_t bytes) {
  core_.sent_bytes += bytes;
  window_bytes_ += bytes;
  turn_bytes_ += bytes;
  while (bytes > 0) {
    Out& out = out_.front();
    const std::size_t step = std::min<std::uint64_t>(bytes, out.size() - out.offset);
    if (!out.file) out_bytes_ -= step;
    out.offset += step;
    bytes -= step;
    if (out.offset == out.size()) out_.pop_front();
  }
}

void HttpConnection::wait_writable() {
  waiting_writable_ = true;
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_write,
                     [self = shared_from_this()](const boost::system::error_code&) {
                       self->waiting_writable_ = false;
                       if (self->phase_ != Phase::closed) self->advance();
                     });
}

}  // namespace weir
