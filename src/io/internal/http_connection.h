// SPDX-License-Identifier: MIT OR Apache-2.0
// One connection of an HTTP client: reads a request, hands it to the handler, moves the bodies both
// ways, and only then looks at the next request. So one request is under way at a time, whatever a
// client sends ahead stays in its socket, and answers have the order of their requests.
//
// Each direction stops by itself: reading while a sink has not taken what it was given, pulling
// while the send buffer is full. advance() does all that can be done now; every event ends in it.
//
// Owner: the server, by shared_ptr; operations under way hold another one. All calls come from the
// server's thread. No handler, source or sink is called but from advance() and begin_call().
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "io/http_request_reader.h"
#include "io/http_server.h"
#include "io/internal/descriptor.h"
#include "io/internal/http_answer.h"
#include "io/internal/http_core.h"

namespace weir {

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kHeadReadBytes = 8 * 1024;
  static constexpr std::size_t kBodyReadBytes = 128 * 1024;
  // Read ahead while a request is under way, to notice that the client has gone.
  static constexpr std::size_t kPeekBytes = 8 * 1024;
  static constexpr std::size_t kDiscardBytesMax = 64 * 1024;
  static constexpr std::size_t kSendTurnBytes = 1u << 20;
  static constexpr std::size_t kPartsMax = 64;
  static constexpr std::uint64_t kLingerBytesMax = 16u << 20;
  static constexpr std::chrono::seconds kLingerMax{2};

  HttpConnection(HttpCore& core, Descriptor connected, const Endpoint& remote, bool local_user);
  ~HttpConnection();

  void start();
  // From HttpCall, for the call they belong to; ignored for others.
  void receive(const HttpCall::State& call, std::unique_ptr<HttpBodySink> sink,
               std::uint64_t bytes_max);
  void answer(const HttpCall::State& call, HttpAnswer answer);

  void tick(Clock::time_point now);
  // Closes unless an answer is under way or its end is still on its way.
  void begin_stop();
  // Ends everything at once; with a reset, unless the client has all it can get.
  void end();

  [[nodiscard]] const Endpoint& remote() const { return remote_; }
  // No request of it is under way, or not all of its head has come.
  [[nodiscard]] bool waits_for_request() const { return phase_ == Phase::head; }
  // Since when: the end of the request before, or the first byte of this one.
  [[nodiscard]] Clock::time_point waits_since() const { return since_; }

 private:
  enum class Phase : std::uint8_t {
    head,    // no request, or not all of its head
    call,    // the handler has it; until answer and body are through
    linger,  // the last answer is sent; what still comes is read so that it is not lost
    closed,
  };
  enum class Body : std::uint8_t {
    waiting,     // for receive() or answer()
    receiving,   // into sink_
    discarding,  // nobody wants it
    ended,       // complete, or nothing more is read of it
  };
  enum class Answer : std::uint8_t { none, streaming, queued };
  // One thing to send, from `offset` on.
  struct Out {
    std::string text = {};
    std::shared_ptr<const Buffer> buffer = {};
    std::optional<HttpFileRange> file = {};
    std::uint64_t offset = 0;

    [[nodiscard]] std::uint64_t size() const;
    [[nodiscard]] Bytes memory() const;
  };
  enum class Sent : std::uint8_t { progress, blocked, closed };

  // http_connection.cc: the life, and the receiving half
  void advance();
  [[nodiscard]] bool advance_input();
  [[nodiscard]] bool advance_head();
  [[nodiscard]] bool advance_body();
  void begin_call();
  void next_request();
  void give_to_sink(Bytes data);
  void sink_done(std::uint64_t serial);
  void too_large();
  void drop_sink();
  void discard(std::size_t bytes);
  [[nodiscard]] bool wants_input() const;
  void wait_readable();
  void read_some();
  void read_linger();
  void make_room();
  void remote_ended(bool in_order);
  [[nodiscard]] bool waits_for_peer() const;
  void check_pace(Clock::time_point now);
  void shut(bool with_reset);
  [[nodiscard]] Bytes unread() const;
  [[nodiscard]] bool is_idle() const { return phase_ == Phase::head && unread().empty(); }

  // http_connection_send.cc
  void refuse(unsigned status);
  void begin_answer(HttpAnswer answer);
  [[nodiscard]] bool advance_output();
  void finish_answer();
  void pull();
  void take_part(std::uint64_t serial, HttpBodyPart part);
  void queue_body(Out out);
  void end_body();
  void push(Out out);
  [[nodiscard]] bool send_some();
  [[nodiscard]] Sent send_memory();
  [[nodiscard]] Sent send_file();
  [[nodiscard]] Sent failed_send();
  void consume(std::size_t bytes);
  void wait_writable();

  HttpCore& core_;
  boost::asio::posix::stream_descriptor socket_;
  const Endpoint remote_;
  const bool local_user_;
  Endpoint local_;
  Phase phase_ = Phase::head;
  bool advancing_ = false;
  bool again_ = false;
  bool first_ = true;           // no request has been complete yet
  Clock::time_point since_;     // idle, the head's first byte, the remote's end, lingering
  Clock::time_point window_{};  // of pace
  std::uint64_t window_bytes_ = 0;

  // Input. A sink borrows from the buffer until it is done, even beyond this object.
  std::shared_ptr<Buffer> in_;
  std::size_t in_begin_ = 0;
  std::size_t in_end_ = 0;
  bool waiting_readable_ = false;
  bool remote_ended_ = false;
  std::unique_ptr<HttpRequestReader> reader_;
  Body body_ = Body::waiting;
  std::unique_ptr<HttpBodySink> sink_;
  bool sink_busy_ = false;
  std::uint64_t sink_serial_ = 0;
  std::uint64_t sink_left_ = 0;
  std::uint64_t discarded_ = 0;

  // The request under way.
  std::shared_ptr<HttpCall::State> call_;
  bool is_head_ = false;
  bool http11_ = true;
  bool expects_continue_ = false;
  bool close_after_ = false;

  // Output.
  Answer answer_ = Answer::none;
  HttpFraming framing_ = HttpFraming::none;
  std::unique_ptr<HttpBodySource> source_;
  bool pulling_ = false;
  std::uint64_t pull_serial_ = 0;
  std::optional<std::uint64_t> body_left_;  // of a known length
  std::deque<Out> out_;
  std::size_t out_bytes_ = 0;   // in memory
  std::size_t turn_bytes_ = 0;  // sent since advance() began
  bool waiting_writable_ = false;
};

}  // namespace weir
