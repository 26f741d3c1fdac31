// SPDX-License-Identifier: MIT OR Apache-2.0
// One request that has passed the gate, and the ways to answer it. Shared by whatever works on it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/origin.h"
#include "http/router.h"
#include "http/target.h"
#include "io/http_server.h"
#include "node/node_types.h"

namespace weir::api {

struct Request {
  explicit Request(HttpCall its_call) : call(std::move(its_call)) {}

  [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const {
    return call.head().value(name);
  }
  // Once, from any thread. Adds the fields that every answer has.
  void answer(HttpAnswer answer);
  void text(unsigned status, std::string text);
  void json(std::string body, unsigned status = 200);
  void error(const NodeError& error);

  HttpCall call;
  http::Method method{};
  http::DecodedPath path;
  http::Query query;
  std::vector<std::string> captures;
  http::CorsFields cors;
  std::string authority;    // that it was sent to, as in a URL; empty: to the Unix socket
  bool with_token = false;  // the answer is for this client alone
};
using RequestPtr = std::shared_ptr<Request>;

// Whether it is the node's own user who asks, through the Unix socket. Not so when a page is behind
// the request: somebody may have put a proxy before the socket.
[[nodiscard]] bool is_local_user(const HttpRequestHead& head);

// 404, 409, 429, 500, 502, 503, 504 or 507.
[[nodiscard]] unsigned status_of(NodeErrc code);

}  // namespace weir::api
