// SPDX-License-Identifier: MIT OR Apache-2.0
// HTTP requests of a shard, driven by its loop: a libcurl multi handle whose sockets are gathered
// in one epoll descriptor, which the loop watches. So the loop never holds a descriptor that curl
// may close and the system may give to someone else.
//
// Owner: the shard. Every get() is answered exactly once, later, unless cancelled or closed first.
// What is allowed is in http_transfer.h.
#pragma once

#include <curl/curl.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "engine/session_types.h"
#include "io/internal/http_transfer.h"

namespace weir {

class HttpFetcher {
 public:
  static constexpr std::size_t kRequestsMax = 256;  // under way; more are answered with an error

  // Called on the loop's thread, from its own handler.
  using Done = std::function<void(RequestId id, HttpReply reply)>;
  HttpFetcher(boost::asio::io_context& io, HttpFetcherConfig config, Done done);
  ~HttpFetcher();
  HttpFetcher(const HttpFetcher&) = delete;
  HttpFetcher& operator=(const HttpFetcher&) = delete;

  void get(const HttpGet& request);
  void cancel(RequestId id);
  // Gives up everything under way, without answers.
  void close();
  [[nodiscard]] std::size_t under_way() const { return transfers_.size(); }

 private:
  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* known);
  static int on_timer(CURLM* multi, long timeout_ms, void* self);
  void watch();
  void poll_sockets();
  void drive(curl_socket_t socket, int events);
  void take_finished();
  void begin(RequestId id);
  void answer(RequestId id, HttpReply reply);

  struct Free {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };
  boost::asio::io_context& io_;
  HttpFetcherConfig config_;
  Done done_;
  boost::asio::posix::stream_descriptor sockets_;  // the epoll descriptor
  boost::asio::steady_timer timer_;
  std::unique_ptr<CURLM, Free> multi_;
  std::map<RequestId, std::unique_ptr<HttpTransfer>> transfers_;
  bool watching_ = false;
};

}  // namespace weir
