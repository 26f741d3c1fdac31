// SPDX-License-Identifier: MIT OR Apache-2.0
// Asks a running node over HTTP: through its Unix socket, or at an address with a token.
//
//   ApiClient client({.unix_path = "/run/weir/api.sock"}, [] { return stop_requested(); });
//   auto answer = client.ask({.target = "/api/weir/v1/status"});
//   auto streamed = client.stream({.target = "/btih/…"}, [](Bytes part) { return write(part); });
//
// Blocking; one request at a time, over one connection where the node keeps it. Redirects are not
// followed and no proxy is used: a token goes to nobody but who was named. Certificates of HTTPS
// are checked.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace weir {

struct ApiTarget {
  // One of the two. A URL without a path: "http://127.0.0.1:8080".
  std::string unix_path;
  std::string url;
  std::string token;    // empty: none is sent
  std::string ca_file;  // trusted for HTTPS (PEM); empty: the system's
};

enum class ApiClientErrc : std::uint8_t {
  bad_target,   // neither a URL nor a path that a socket can have
  not_running,  // nobody listens there
  permission,   // the Unix socket is another user's
  unreachable,  // the host has no address, or no connection comes about
  tls,          // the certificate is not trusted, or no TLS is spoken there
  timed_out,    // nothing came for too long
  broken_off,   // the answer ended before its end
  too_large,    // an answer that is collected is larger than kAnswerBytesMax
  not_http,     // what came is no HTTP
  interrupted,  // `stopped` said so
  sink_failed,  // whoever takes the body took no more
};
// Stable: "not_running".
[[nodiscard]] const char* error_name(ApiClientErrc code);
struct ApiClientError {
  ApiClientErrc code{};
  std::string detail;  // for people
};
template <class T>
using ApiClientResult = std::expected<T, ApiClientError>;

struct ApiRequest {
  std::string method = "GET";
  std::string target;  // escaped, from its first slash on
  std::string body = {};
  std::string content_type = {};
  std::string range = {};  // "0-99", without its unit
};

struct ApiAnswer {
  unsigned status = 0;
  std::string body;  // empty when it was streamed
  std::optional<std::uint64_t> content_length;
};

class ApiClient {
 public:
  static constexpr std::size_t kAnswerBytesMax = 64u << 20;

  // `stopped` is asked about once a second and at every part; it ends the request under way.
  explicit ApiClient(ApiTarget target, std::function<bool()> stopped = {});
  ~ApiClient();
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  // The whole answer, whatever its status.
  [[nodiscard]] ApiClientResult<ApiAnswer> ask(const ApiRequest& request);
  // The body of a 2xx answer goes to `sink`, in order, which returns false to end it; that of any
  // other is collected. A body that does not come whole is an error, though parts of it went out.
  [[nodiscard]] ApiClientResult<ApiAnswer> stream(const ApiRequest& request,
                                                  std::function<bool(Bytes)> sink);
  [[nodiscard]] const ApiTarget& target() const { return target_; }

 private:
  struct Impl;
  const ApiTarget target_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
