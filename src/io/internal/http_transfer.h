// SPDX-License-Identifier: MIT OR Apache-2.0
// One HTTP GET from its first hop to its last, as a libcurl easy handle.
//
// What is allowed (TRH-01, TRH-03, TRH-05, TRH-11, LIM-12): http and https, at most 5 redirects,
// none from https to http and none to a narrower network; every address is judged before a socket
// is opened for it, whatever the name in the URL said; bodies are counted after decompression while
// they arrive; header bytes are counted; silence and the whole request have time limits. No
// cookies, no .netrc, no proxy, TLS is verified. A connection serves one request only, so that no
// request inherits one that was judged under another's rights.
//
// Owner: HttpFetcher. Call order: begin(), then while curl reports it done: finish(); when that
// yields nothing a redirect is to be followed: begin() again.
#pragma once

#include <curl/curl.h>
#include <memory>
#include <optional>
#include <string>

#include "base/endpoint.h"
#include "base/time.h"
#include "engine/session_types.h"
#include "tracker/tracker_url.h"

namespace weir {

inline constexpr std::size_t kHttpHeaderBytesMax = 64u << 10;  // LIM-12

struct HttpLimits {
  Duration total = std::chrono::seconds(30);    // at most, whatever the request says
  Duration connect = std::chrono::seconds(10);  // name look-up included
  Duration silence = std::chrono::seconds(10);  // less than 10 bytes a second for so long
};

struct HttpFetcherConfig {
  std::string user_agent = "weir";
  std::string ca_file;  // trusted for https in place of the system's certificates, unless empty
  HttpLimits limits;
};

// Whether a request may connect to `to`. `from`: who sent the redirect that leads there. Loopback,
// link-local and private networks only when the user named the target.
[[nodiscard]] bool http_address_allowed(const Endpoint& to, bool allow_local,
                                        const std::optional<IpAddress>& from);

class HttpTransfer {
 public:
  HttpTransfer(TimePoint now, const HttpGet& request, const HttpFetcherConfig& config);
  ~HttpTransfer();
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  [[nodiscard]] RequestId id() const { return request_.id; }
  [[nodiscard]] CURL* easy() const { return easy_.get(); }

  // Prepares the easy handle for the next hop. The reply when it can't be tried.
  [[nodiscard]] std::optional<HttpReply> begin(TimePoint now);
  // The hop ended. Nothing: redirected.
  [[nodiscard]] std::optional<HttpReply> finish(CURLcode code);

 private:
  static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static std::size_t take_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* self);
  void set_fixed_options(const HttpFetcherConfig& config);
  [[nodiscard]] bool redirecting() const;
  [[nodiscard]] HttpReply failed(TrackerError why) const;
  [[nodiscard]] TrackerError failure(CURLcode code) const;

  struct Free {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  HttpGet request_;
  HttpLimits limits_;
  TimePoint deadline_;
  std::unique_ptr<CURL, Free> easy_;
  // Of the hop.
  std::string url_;
  std::optional<TrackerUrl> parsed_;  // without query
  std::optional<IpAddress> from_;     // who redirected here
  IpAddress remote_;                  // last one judged fit
  unsigned hops_ = 0;                 // followed so far
  std::size_t header_bytes_ = 0;
  std::size_t discarded_ = 0;            // body of a redirect
  std::optional<TrackerError> refusal_;  // why we ended it ourselves
  Buffer body_;
  char error_[CURL_ERROR_SIZE] = {};
};

}  // namespace weir
