// SPDX-License-Identifier: MIT OR Apache-2.0
// What the connections of an HTTP server share. All but `mailbox` and the counters belongs to the
// server's thread.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "io/http_server.h"
#include "io/internal/mailbox.h"

namespace weir {

class HttpConnection;

// How many connections may be open before one from `remote` is too many: the last ones are kept for
// whoever administrates this node from the same machine.
[[nodiscard]] std::size_t connections_allowed(const HttpServerConfig& config,
                                              const IpAddress& remote);

struct HttpCore {
  HttpCore(HttpServerConfig server_config, HttpHandler& server_handler)
      : config(std::move(server_config)), handler(server_handler) {}
  virtual ~HttpCore() = default;
  // The connection is closed; it may be forgotten.
  virtual void closed(HttpConnection& connection) = 0;
  // The Date field of now.
  [[nodiscard]] const std::string& date();

  const HttpServerConfig config;
  HttpHandler& handler;
  boost::asio::io_context io{1};
  std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>(io);
  bool stopping = false;  // every answer from now on is its connection's last

  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> open{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> slow_closed{0};
  std::atomic<std::uint64_t> sent_bytes{0};

 private:
  std::int64_t date_time_ = -1;
  std::string date_;
};

}  // namespace weir
