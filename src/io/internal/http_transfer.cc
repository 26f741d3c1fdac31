// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/internal/http_transfer.h"

#include <sys/socket.h>
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "io/internal/sockets.h"

namespace weir {
namespace {

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
  WEIR_ASSERT(curl_easy_setopt(easy, option, value) == CURLE_OK);
}

constexpr std::size_t kShortBody = 64u << 10;

long to_ms(Duration d) {
  return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(d).count());
}

}  // namespace

bool http_address_allowed(const Endpoint& to, bool allow_local,
                          const std::optional<IpAddress>& from) {
  const AddressScope scope = to.address.scope();
  if (to.port == 0 || scope == AddressScope::unusable) return false;
  if (scope != AddressScope::global && !allow_local) return false;
  return !from || redirect_address_allowed(*from, to.address);
}

HttpTransfer::HttpTransfer(TimePoint now, const HttpGet& request, const HttpFetcherConfig& config)
    : request_(request), limits_(config.limits), easy_(curl_easy_init()), url_(request.url) {
  WEIR_ASSERT(easy_ != nullptr);
  const bool shorter = request.timeout > Duration::zero() && request.timeout < limits_.total;
  deadline_ = now + (shorter ? request.timeout : limits_.total);
  // The machine that made this URL has judged it; only its address remains to be judged.
  auto parsed = parse_tracker_url(std::string_view(url_).substr(0, url_.find('?')),
                                  {.international_hosts = true, .preset_parameters = true});
  if (parsed && parsed->scheme != TrackerScheme::udp) parsed_ = std::move(*parsed);
  set_fixed_options(config);
}

HttpTransfer::~HttpTransfer() = default;

void HttpTransfer::set_fixed_options(const HttpFetcherConfig& config) {
  CURL* easy = easy_.get();
  set(easy, CURLOPT_PRIVATE, this);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  // A look-up that never ends must not hold up the loop when its request is given up.
  set(easy, CURLOPT_QUICK_EXIT, 1L);
  set(easy, CURLOPT_ERRORBUFFER, error_);
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_PROXY, "");
  set(easy, CURLOPT_NOPROXY, "*");
  set(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  set(easy, CURLOPT_USERAGENT, config.user_agent.c_str());
  set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!config.ca_file.empty()) {
    set(easy, CURLOPT_CAINFO, config.ca_file.c_str());
    set(easy, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  set(easy, CURLOPT_FRESH_CONNECT, 1L);
  set(easy, CURLOPT_FORBID_REUSE, 1L);
  set(easy, CURLOPT_IPRESOLVE,
      static_cast<long>(request_.family == AddressFamily::v4 ? CURL_IPRESOLVE_V4
                                                             : CURL_IPRESOLVE_V6));
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, to_ms(limits_.connect));
  set(easy, CURLOPT_LOW_SPEED_LIMIT, 10L);
  set(easy, CURLOPT_LOW_SPEED_TIME, std::max(1L, to_ms(limits_.silence) / 1000));
  set(easy, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request_.body_max));
  set(easy, CURLOPT_OPENSOCKETFUNCTION, &HttpTransfer::open_socket);
  set(easy, CURLOPT_OPENSOCKETDATA, this);
  set(easy, CURLOPT_HEADERFUNCTION, &HttpTransfer::take_header);
  set(easy, CURLOPT_HEADERDATA, this);
  set(easy, CURLOPT_WRITEFUNCTION, &HttpTransfer::take_body);
  set(easy, CURLOPT_WRITEDATA, this);
}

std::optional<HttpReply> HttpTransfer::begin(TimePoint now) {
  if (!parsed_) return failed({TrackerErrc::bad_url, "not an HTTP URL", {}});
  const long left = to_ms(deadline_ - now);
  if (left <= 0) return failed({TrackerErrc::timed_out, "timed out", {}});
  header_bytes_ = 0;
  discarded_ = 0;
  refusal_.reset();
  body_.clear();
  error_[0] = '\0';
  if (curl_easy_setopt(easy(), CURLOPT_URL, url_.c_str()) != CURLE_OK) {
    return failed({TrackerErrc::bad_url, "unusable URL", {}});
  }
  set(easy(), CURLOPT_TIMEOUT_MS, left);
  return std::nullopt;
}

std::optional<HttpReply> HttpTransfer::finish(CURLcode code) {
  if (code != CURLE_OK) return failed(failure(code));
  if (!redirecting()) {
    long status = 0;
    curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &status);
    HttpReply reply;
    reply.status = static_cast<int>(status);
    reply.body = std::move(body_);
    reply.remote = remote_;
    return reply;
  }
  char* location = nullptr;  // absolute
  curl_easy_getinfo(easy(), CURLINFO_REDIRECT_URL, &location);
  auto next_hop = redirect_allowed(*parsed_, location == nullptr ? "" : location, hops_);
  if (!next_hop) return failed(std::move(next_hop).error());
  ++hops_;
  from_ = remote_;
  url_ = next_hop->text();
  parsed_ = std::move(*next_hop);
  return std::nullopt;
}

bool HttpTransfer::redirecting() const {
  long status = 0;
  curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &status);
  switch (status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
      return true;
    default:
      return false;
  }
}

HttpReply HttpTransfer::failed(TrackerError why) const {
  HttpReply reply;
  reply.failure = why.code;
  reply.error = std::move(why.text);
  reply.remote = remote_;
  return reply;
}

TrackerError HttpTransfer::failure(CURLcode code) const {
  if (refusal_) return *refusal_;
  const char* text = error_[0] != '\0' ? error_ : curl_easy_strerror(code);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return {TrackerErrc::timed_out, "timed out", {}};
    case CURLE_FILESIZE_EXCEEDED:
      return {TrackerErrc::reply_too_large, "reply too large", {}};
    case CURLE_COULDNT_RESOLVE_HOST:
      return {TrackerErrc::unresolved, text, {}};
    default:
      return {TrackerErrc::connection_failed, text, {}};
  }
}

curl_socket_t HttpTransfer::open_socket(void* self, curlsocktype purpose, curl_sockaddr* address) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const auto to = to_endpoint(&address->addr, address->addrlen);
  if (purpose != CURLSOCKTYPE_IPCXN || !to || to->address.family() != transfer.request_.family) {
    transfer.refusal_ = {TrackerErrc::unresolved, "no address of this family", {}};
    return CURL_SOCKET_BAD;
  }
  if (!http_address_allowed(*to, transfer.request_.allow_local, transfer.from_)) {
    if (transfer.from_) {
      transfer.refusal_ = {TrackerErrc::redirect_refused, "redirect refused: " + to->text(), {}};
    } else {
      transfer.refusal_ = {
          TrackerErrc::address_refused, address_refusal_text(TrackerScheme::http, *to), {}};
    }
    return CURL_SOCKET_BAD;  // curl goes on with the name's next address
  }
  transfer.refusal_.reset();
  transfer.remote_ = to->address;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t HttpTransfer::take_header(char*, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  transfer.header_bytes_ += size * count;
  if (transfer.header_bytes_ <= kHttpHeaderBytesMax) return size * count;
  transfer.refusal_ = {TrackerErrc::reply_too_large, "header too large", {}};
  return 0;
}

std::size_t HttpTransfer::take_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const std::size_t bytes = size * count;
  const std::size_t before = transfer.body_.size() + transfer.discarded_;
  if (bytes > transfer.request_.body_max - before) {
    transfer.refusal_ = {TrackerErrc::reply_too_large, "reply too large", {}};
    return 0;
  }
  if (transfer.redirecting()) {
    transfer.discarded_ += bytes;
  } else {
    // Doubling on and on would leave as much behind as it takes; most replies are short.
    if (before + bytes > kShortBody) transfer.body_.reserve(transfer.request_.body_max);
    append(transfer.body_, std::string_view(data, bytes));
  }
  return bytes;
}

}  // namespace weir
