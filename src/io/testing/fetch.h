// SPDX-License-Identifier: MIT OR Apache-2.0
// HTTP requests run to their end on a loop of their own.
#pragma once

#include <boost/asio/io_context.hpp>
#include <map>
#include <string>

#include "io/internal/http_fetcher.h"

namespace weir {

class FetchLoop {
 public:
  explicit FetchLoop(HttpLimits limits = {})
      : fetcher_(io_, {"weir/test", {}, limits},
                 [this](RequestId id, HttpReply reply) { replies.emplace(id, std::move(reply)); }) {
  }

  RequestId get(const std::string& url, std::size_t body_max = 1u << 20, bool allow_local = true,
                AddressFamily family = AddressFamily::v4) {
    HttpGet request;
    request.id = static_cast<RequestId>(++last_id_);
    request.url = url;
    request.family = family;
    request.body_max = body_max;
    request.allow_local = allow_local;
    fetcher_.get(request);
    return request.id;
  }
  // The reply to `id`; status -1 when none came in time.
  HttpReply wait(RequestId id, std::chrono::seconds patience = std::chrono::seconds(10)) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!replies.contains(id) && std::chrono::steady_clock::now() < end) {
      io_.restart();
      io_.run_one_for(std::chrono::milliseconds(50));
    }
    if (!replies.contains(id)) return HttpReply{-1, {}, "no reply", {}};
    return replies.at(id);
  }
  HttpReply fetch(const std::string& url, std::size_t body_max = 1u << 20,
                  bool allow_local = true) {
    return wait(get(url, body_max, allow_local));
  }
  HttpFetcher& fetcher() { return fetcher_; }
  boost::asio::io_context& io() { return io_; }

  std::map<RequestId, HttpReply> replies;

 private:
  boost::asio::io_context io_;
  HttpFetcher fetcher_;
  std::uint64_t last_id_ = 0;
};

}  // namespace weir
