// SPDX-License-Identifier: MIT OR Apache-2.0
// An HTTP server for tests with a handler of lambdas, and a client of raw sockets that can
// misbehave in every way. A client gives up after twenty seconds of silence, so that a test fails
// instead of hanging.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/endpoint.h"
#include "io/http_server.h"
#include "io/internal/sockets.h"

namespace weir {

class LambdaHandler final : public HttpHandler {
 public:
  explicit LambdaHandler(std::function<void(HttpCall)> f) : f_(std::move(f)) {}
  void handle(HttpCall call) override { f_(std::move(call)); }

 private:
  std::function<void(HttpCall)> f_;
};

inline HttpAnswer text_answer(std::string text, unsigned status = 200) {
  HttpAnswer answer;
  answer.status = status;
  answer.body = std::move(text);
  return answer;
}

// A server on a free port of loopback.
class LoopbackHttp {
 public:
  explicit LoopbackHttp(std::function<void(HttpCall)> handler, HttpServerConfig config = {})
      : handler_(std::move(handler)), server_(listen_on_loopback(std::move(config)), handler_) {
    WEIR_ASSERT(server_.start().has_value());
  }
  [[nodiscard]] HttpServer& server() { return server_; }
  [[nodiscard]] Endpoint endpoint() const { return server_.listening().at(0); }

 private:
  static HttpServerConfig listen_on_loopback(HttpServerConfig config) {
    config.listen = {Endpoint{IpAddress::v4(0x7f000001), 0}};
    return config;
  }
  LambdaHandler handler_;
  HttpServer server_;
};

struct ClientAnswer {
  unsigned status = 0;
  std::string head;
  std::map<std::string, std::string> fields;  // names in lower case
  std::string body;
  bool complete = false;  // the body ended as its head said
};

class HttpClient {
 public:
  // `receive_bytes`: of the socket's buffer, for clients that are to be slow.
  explicit HttpClient(const Endpoint& to, int receive_bytes = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (receive_bytes > 0) {
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
    }
    const SocketAddress address = to_socket_address(to);
    WEIR_ASSERT(::connect(fd_, address.get(), address.length) == 0);
  }
  ~HttpClient() { close(); }
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // False: the server has closed the connection.
  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // Sends without waiting until the socket takes no more; gives what was taken.
  std::size_t send_what_fits(std::string_view text) {
    const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  void end_sending() { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close();
  }

  // More of the input; nothing at its end, when error() tells how it ended.
  std::string receive(std::size_t bytes_max = 64 * 1024) {
    std::string out(bytes_max, '\0');
    const ssize_t got = ::recv(fd_, out.data(), out.size(), 0);
    error_ = got < 0 ? errno : 0;
    out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return out;
  }
  // 0 after a clean end, ECONNRESET after a reset, EAGAIN when nothing came.
  [[nodiscard]] int error() const { return error_; }
  // All up to the end.
  std::string receive_all() {
    std::string all = std::exchange(buffer_, {});
    for (std::string part = receive(); !part.empty(); part = receive()) all += part;
    return all;
  }
  // Everything up to and with `mark`.
  std::string receive_until(std::string_view mark) {
    std::size_t at = 0;
    while ((at = buffer_.find(mark)) == std::string::npos) {
      if (!fill()) return std::exchange(buffer_, {});
    }
    std::string out = buffer_.substr(0, at + mark.size());
    buffer_.erase(0, out.size());
    return out;
  }
  // One answer; status 0 when none came.
  ClientAnswer answer(bool to_head = false) {
    ClientAnswer out;
    out.head = receive_until("\r\n\r\n");
    if (!out.head.starts_with("HTTP/1.1 ") || !out.head.ends_with("\r\n\r\n")) return out;
    out.status = static_cast<unsigned>(std::atoi(out.head.c_str() + 9));
    split_fields(out);
    if (to_head || out.status == 204 || out.status == 304 || out.status < 200) {
      out.complete = true;
    } else if (const auto length = out.fields.find("content-length"); length != out.fields.end()) {
      const std::size_t bytes = std::strtoull(length->second.c_str(), nullptr, 10);
      out.body = take(bytes);
      out.complete = out.body.size() == bytes;
    } else if (out.fields.contains("transfer-encoding")) {
      take_chunks(out);
    } else {
      out.body = receive_all();
      out.complete = error_ == 0;
    }
    return out;
  }
  ClientAnswer get(const std::string& target) {
    send("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n");
    return answer();
  }

 private:
  bool fill() {
    const std::string part = receive();
    buffer_ += part;
    return !part.empty();
  }
  std::string take(std::size_t bytes) {
    while (buffer_.size() < bytes && fill()) {
    }
    std::string out = buffer_.substr(0, bytes);
    buffer_.erase(0, out.size());
    return out;
  }
  void take_chunks(ClientAnswer& out) {
    for (;;) {
      const std::string line = receive_until("\r\n");
      if (!line.ends_with("\r\n")) return;
      const std::size_t bytes = std::strtoull(line.c_str(), nullptr, 16);
      const std::string chunk = take(bytes + 2);
      if (chunk.size() != bytes + 2 || !chunk.ends_with("\r\n")) return;
      out.body += chunk.substr(0, bytes);
      if (bytes == 0) {
        out.complete = true;
        return;
      }
    }
  }
  static void split_fields(ClientAnswer& out) {
    std::string_view rest = out.head;
    rest.remove_prefix(rest.find("\r\n") + 2);
    while (rest != "\r\n") {
      const std::size_t colon = rest.find(": "), end = rest.find("\r\n");
      std::string name(rest.substr(0, colon));
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      out.fields[name] = rest.substr(colon + 2, end - colon - 2);
      rest.remove_prefix(end + 2);
    }
  }

  int fd_;
  int error_ = 0;
  std::string buffer_;
};

// Something that another thread is to bring about.
template <class T>
class Awaited {
 public:
  void set(T value) {
    const std::lock_guard lock(mutex_);
    value_ = std::move(value);
    changed_.notify_all();
  }
  template <class Wanted>
  bool wait_until(Wanted wanted) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return wanted(value_); });
  }
  template <class Change>
  void change(Change change_value) {
    const std::lock_guard lock(mutex_);
    change_value(value_);
    changed_.notify_all();
  }
  T get() {
    const std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  T value_{};
};

}  // namespace weir
