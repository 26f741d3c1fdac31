// SPDX-License-Identifier: MIT OR Apache-2.0
// An HTTP/1.1 server: sockets, message framing and limits (RFC 9112, LIM-13). What a request means
// is its handler's matter; src/http helps there.
//
//   HttpServer server(config, handler);
//   if (auto started = server.start(); !started) …
//   server.stop();
//
// One thread serves all connections. HttpHandler::handle() is called on it, once per request, and
// must not block: it answers at once or keeps the HttpCall and answers later, from any thread. A
// call that is destroyed without an answer becomes 500, or closes the connection when an answer had
// begun.
//
// Refused before any handler sees them: a header block or count beyond its limit (431), a target
// beyond it (414), no or more than one Host (400), both Content-Length and Transfer-Encoding, two
// or more lengths, a last transfer coding that is not chunked, obsolete line folding, a bare CR or
// LF or NUL in the head (400), codings below chunked (501), other expectations than 100-continue
// (417), HTTP/2 and other versions (505), a header block that takes longer than its deadline (408
// when something came, else closed). All of these end the connection. With no room for another
// connection, the one whose request is longest in coming is closed; when all are busy, the new
// one is answered 503.
//
// One request of a connection is under way at a time; what a client sends ahead waits. A client
// that ends its sending direction after a whole request still gets the answer, but counts as gone
// (HttpCall::connected()): mostly it has closed both, which only sending tells. So it is closed
// when a source makes it wait longer than `half_closed_wait`.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "io/net_error.h"
#include "io/shard_disk.h"

namespace weir {

// What sockaddr_un has room for, without the last zero.
inline constexpr std::size_t kUnixPathBytesMax = 107;

struct HttpServerConfig {
  std::vector<Endpoint> listen = {};  // port 0: chosen by the system
  // A Unix socket to serve on too, for this user alone (mode 0600); at most kUnixPathBytesMax.
  // Empty: none. Its requests are marked: HttpRequestHead::local_user.
  std::string unix_path = {};
  // LIM-13.
  std::size_t header_bytes_max = 64 * 1024;
  std::size_t header_count_max = 100;
  std::size_t target_bytes_max = 16 * 1024;
  std::chrono::milliseconds header_deadline{10'000};
  std::chrono::milliseconds idle_timeout{60'000};  // between requests
  // A client that has ended its direction waits this long for the next part of a source.
  std::chrono::milliseconds half_closed_wait{2'000};
  // A peer that takes or gives fewer bytes than this in `slow_window` is closed; a handler that
  // makes the peer wait is not counted against the peer.
  std::uint64_t slow_bytes = 8 * 1024;
  std::chrono::milliseconds slow_window{30'000};
  std::size_t connections_max = 512;
  std::size_t connections_per_address_max = 256;
  // Of connections_max (at most a quarter), for loopback addresses alone.
  std::size_t loopback_reserved = 16;
  // In an answer's way to the socket, per connection; nothing is pulled from a body beyond it.
  std::size_t send_buffer_bytes = 512 * 1024;
};

struct HttpField {
  std::string name;  // as received or to be sent
  std::string value;
};

struct HttpRequestHead {
  std::string method;  // as received: "GET"
  std::string target;  // as received
  std::vector<HttpField> fields;
  // Known for bodies with a Content-Length; nothing for none and for chunked ones.
  std::optional<std::uint64_t> content_length;
  bool has_body = false;
  // Of a Unix socket's: a loopback address with port 0, and nothing.
  Endpoint remote;
  Endpoint local;
  bool local_user = false;  // it came through the Unix socket

  // The values of all fields of this name, in order; case does not matter.
  [[nodiscard]] std::vector<std::string_view> values(std::string_view name) const;
  // The first, or nothing.
  [[nodiscard]] std::optional<std::string_view> value(std::string_view name) const;
};

// A stretch of an open file, sent with sendfile. Where `file.stat` is set, the file is looked at
// before each step, and the connection reset when it is anything else by then.
struct HttpFileRange {
  SendFile file;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};
struct HttpBodyEnd {};
// The rest can't be had: the connection is reset, so that nobody takes the part for the whole.
struct HttpBodyAbort {};
using HttpBodyPart =
    std::variant<std::shared_ptr<const Buffer>, HttpFileRange, HttpBodyEnd, HttpBodyAbort>;

// Gives an answer's body part by part. Owned by the server once answered; destroyed when the body
// is through or the connection has gone, on the server's thread, possibly while a next() is under
// way: its `done` may then still be called and does nothing.
class HttpBodySource {
 public:
  virtual ~HttpBodySource() = default;
  // Calls `done` once, now or later, from any thread. Not called again before that. The part
  // should have at most `bytes_max` bytes (file ranges may be longer); no empty parts.
  virtual void next(std::size_t bytes_max, std::function<void(HttpBodyPart)> done) = 0;
};

struct HttpAnswer {
  unsigned status = 200;
  // Without Content-Length, Transfer-Encoding, Connection and Date, which the server writes.
  std::vector<HttpField> fields;
  // The whole body, or where it comes from. For HEAD it is not sent, but its length is.
  std::variant<std::string, std::unique_ptr<HttpBodySource>> body;
  // Of a source's body; it ends the connection with a reset when the source gives more or fewer.
  // Nothing: chunked.
  std::optional<std::uint64_t> length;
  bool close = false;  // the connection, after this answer
};

// Takes a request's body. Owned by the server from HttpCall::receive() on; called on its thread,
// and destroyed there, possibly while a data() is under way: its bytes stay until `done` is
// destroyed.
class HttpBodySink {
 public:
  virtual ~HttpBodySink() = default;  // without end() before it: the body did not come whole
  // `bytes` is borrowed until `done` is called, once, now or later, from any thread. No more data
  // comes before that.
  virtual void data(Bytes bytes, std::function<void()> done) = 0;
  // The body is complete.
  virtual void end() = 0;
};

// One request and the right to answer it. Movable; may outlive the connection and the server: then
// answering does nothing.
class HttpCall {
 public:
  struct State;
  explicit HttpCall(std::shared_ptr<State> state);
  ~HttpCall();
  HttpCall(HttpCall&&) noexcept;
  HttpCall& operator=(HttpCall&&) noexcept;

  [[nodiscard]] const HttpRequestHead& head() const;
  // Begins to read the body (and answers `Expect: 100-continue`). At most once, on the server's
  // thread, before answer(). A body beyond `bytes_max` is answered with 413 by the server, and the
  // sink destroyed. A body that no one receives is read and thrown away up to 64 KiB, else the
  // connection is closed after the answer.
  void receive(std::unique_ptr<HttpBodySink> sink, std::uint64_t bytes_max);
  // Reads the whole body, then calls `done` on the server's thread; never when it did not come
  // whole or was too large (then the call has been answered or its connection is gone).
  void receive_all(std::uint64_t bytes_max, std::function<void(Buffer body)> done);
  // Once, from any thread.
  void answer(HttpAnswer answer);
  // Whether the client still waits. From any thread; may change at once.
  [[nodiscard]] bool connected() const;

 private:
  std::shared_ptr<State> state_;
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  virtual void handle(HttpCall call) = 0;
};

struct HttpServerCounts {
  std::uint64_t connections = 0;  // open now
  std::uint64_t accepted = 0;
  std::uint64_t requests = 0;
  std::uint64_t refused = 0;  // before a handler
  std::uint64_t slow_closed = 0;
  std::uint64_t sent_bytes = 0;
};

class HttpServer {
 public:
  // `handler` must outlive the server's stop().
  HttpServer(HttpServerConfig config, HttpHandler& handler);
  ~HttpServer();  // stops
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Binds and begins to serve.
  NetResult<void> start();
  // Serves on a socket that listens already (socket activation); may be called before start().
  void adopt(int listening_fd);
  // The addresses really listened on, once started.
  [[nodiscard]] std::vector<Endpoint> listening() const;
  // The Unix socket served on, once started; empty: none.
  [[nodiscard]] std::string unix_path() const;
  [[nodiscard]] HttpServerCounts counts() const;
  // No new connections; waits up to `grace` for answers under way, then closes all. Idempotent.
  void stop(std::chrono::milliseconds grace = std::chrono::milliseconds(0));

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
