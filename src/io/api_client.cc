// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/api_client.h"

#include <curl/curl.h>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/assert.h"
#include "io/http_server.h"
#include "io/internal/curl_library.h"

namespace weir {
namespace {

constexpr long kConnectSeconds = 10;
// The node itself gives up on content after a minute; what it says then should still arrive.
constexpr long kSilenceSeconds = 120;

struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, ListDeleter>;

List with(List list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  WEIR_ASSERT(longer != nullptr);
  (void)list.release();
  return List(longer);
}

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
  WEIR_ASSERT(curl_easy_setopt(easy, option, value) == CURLE_OK);
}

}  // namespace

const char* error_name(ApiClientErrc code) {
  switch (code) {
    case ApiClientErrc::bad_target:
      return "bad_target";
    case ApiClientErrc::not_running:
      return "not_running";
    case ApiClientErrc::permission:
      return "permission";
    case ApiClientErrc::unreachable:
      return "unreachable";
    case ApiClientErrc::tls:
      return "tls";
    case ApiClientErrc::timed_out:
      return "timed_out";
    case ApiClientErrc::broken_off:
      return "broken_off";
    case ApiClientErrc::too_large:
      return "answer_too_large";
    case ApiClientErrc::not_http:
      return "not_http";
    case ApiClientErrc::interrupted:
      return "interrupted";
    case ApiClientErrc::sink_failed:
      return "sink_failed";
  }
  std::unreachable();
}

struct ApiClient::Impl {
  Impl(const ApiTarget& its_target, std::function<bool()> its_stopped)
      : target(its_target), stopped(std::move(its_stopped)), easy(curl_easy_init()) {
    WEIR_ASSERT(easy != nullptr);
  }
  ~Impl() { curl_easy_cleanup(easy); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  ApiClientResult<ApiAnswer> run(const ApiRequest& request);
  void set_options(const ApiRequest& request, const std::string& url);
  [[nodiscard]] List fields(const ApiRequest& request) const;
  [[nodiscard]] unsigned status() const;
  bool take(Bytes part);
  [[nodiscard]] ApiClientError failure(CURLcode code) const;
  [[nodiscard]] std::string place() const {
    return target.unix_path.empty() ? target.url : target.unix_path;
  }

  const ApiTarget& target;
  const std::function<bool()> stopped;
  CURL* const easy;
  char message[CURL_ERROR_SIZE] = {};
  // Of the request under way.
  std::function<bool(Bytes)> sink;
  std::string body;
  std::optional<ApiClientErrc> ended;  // by us
};

unsigned ApiClient::Impl::status() const {
  long code = 0;
  (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &code);
  return static_cast<unsigned>(code);
}

bool ApiClient::Impl::take(Bytes part) {
  if (stopped && stopped()) {
    ended = ApiClientErrc::interrupted;
    return false;
  }
  if (sink && status() / 100 == 2) {
    if (sink(part)) return true;
    ended = ApiClientErrc::sink_failed;
    return false;
  }
  if (part.size() > kAnswerBytesMax - body.size()) {
    ended = ApiClientErrc::too_large;
    return false;
  }
  body += as_text(part);
  return true;
}

List ApiClient::Impl::fields(const ApiRequest& request) const {
  // The answer to a refused body comes at once; waiting for "100 Continue" would only cost time.
  List list = with(nullptr, "Expect:");
  list = with(std::move(list), "Accept: application/json, */*;q=0.5");
  list =
      with(std::move(list), request.content_type.empty() ? std::string("Content-Type:")
                                                         : "Content-Type: " + request.content_type);
  if (!target.token.empty()) {
    list = with(std::move(list), "Authorization: Bearer " + target.token);
  }
  return list;
}

void ApiClient::Impl::set_options(const ApiRequest& request, const std::string& url) {
  curl_easy_reset(easy);  // keeps the connection
  set(easy, CURLOPT_ERRORBUFFER, message);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(easy, CURLOPT_HTTP09_ALLOWED, 0L);
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_PROXY, "");
  set(easy, CURLOPT_NOPROXY, "*");
  // What was escaped is meant as it is; no segment is taken for a step up.
  set(easy, CURLOPT_PATH_AS_IS, 1L);
  set(easy, CURLOPT_URL, url.c_str());
  if (!target.unix_path.empty()) {
    set(easy, CURLOPT_UNIX_SOCKET_PATH, target.unix_path.c_str());
  }
  if (!target.ca_file.empty()) set(easy, CURLOPT_CAINFO, target.ca_file.c_str());
  set(easy, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  set(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(easy, CURLOPT_LOW_SPEED_TIME, kSilenceSeconds);
  set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (request.method == "HEAD") set(easy, CURLOPT_NOBODY, 1L);
  if (!request.range.empty()) set(easy, CURLOPT_RANGE, request.range.c_str());
  if (!request.content_type.empty()) {
    set(easy, CURLOPT_POSTFIELDS, request.body.data());
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  } else if (request.method == "POST") {
    set(easy, CURLOPT_POSTFIELDS, "");
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t{0});
  }
  using Write = std::size_t (*)(char*, std::size_t, std::size_t, void*);
  const Write on_part = [](char* data, std::size_t, std::size_t size, void* self) {
    const Bytes part = as_bytes(std::string_view(data, size));
    return static_cast<Impl*>(self)->take(part) ? size : std::size_t{0};
  };
  set(easy, CURLOPT_WRITEFUNCTION, on_part);
  set(easy, CURLOPT_WRITEDATA, static_cast<void*>(this));
  using Progress = int (*)(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
  const Progress on_progress = [](void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    Impl& i = *static_cast<Impl*>(self);
    if (!i.stopped || !i.stopped()) return 0;
    i.ended = ApiClientErrc::interrupted;
    return 1;
  };
  set(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
  set(easy, CURLOPT_XFERINFODATA, static_cast<void*>(this));
  set(easy, CURLOPT_NOPROGRESS, 0L);
}

ApiClientError ApiClient::Impl::failure(CURLcode code) const {
  if (ended) return {*ended, place() + ": " + error_name(*ended)};
  long os_error = 0;
  (void)curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
  const std::string why = message[0] != 0 ? message : curl_easy_strerror(code);
  switch (code) {
    case CURLE_COULDNT_CONNECT: {
      if (os_error == EACCES || os_error == EPERM) {
        return {ApiClientErrc::permission, place() + ": the socket belongs to another user"};
      }
      // Whoever has not started a node has neither the file nor somebody who listens on it.
      if (os_error == ENOENT || os_error == ENOTDIR || os_error == ECONNREFUSED) {
        return {ApiClientErrc::not_running, "no node runs at " + place()};
      }
      return {ApiClientErrc::unreachable, place() + ": " + why};
    }
    case CURLE_COULDNT_RESOLVE_HOST:
      return {ApiClientErrc::unreachable, place() + ": " + why};
    case CURLE_OPERATION_TIMEDOUT:
      return {ApiClientErrc::timed_out, place() + ": " + why};
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
      return {ApiClientErrc::tls, place() + ": " + why};
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return {ApiClientErrc::bad_target, place() + " is no address of a node"};
    case CURLE_WEIRD_SERVER_REPLY:
      return {ApiClientErrc::not_http, place() + " does not speak HTTP"};
    default:
      return {ApiClientErrc::broken_off, place() + ": " + why};
  }
}

ApiClientResult<ApiAnswer> ApiClient::Impl::run(const ApiRequest& request) {
  if (target.unix_path.size() > kUnixPathBytesMax) {
    return std::unexpected(
        ApiClientError{ApiClientErrc::bad_target,
                       "the path of a Unix socket is shorter than " + target.unix_path});
  }
  const std::string base = target.unix_path.empty() ? target.url : "http://localhost";
  if (!base.starts_with("http://") && !base.starts_with("https://")) {
    return std::unexpected(failure(CURLE_URL_MALFORMAT));
  }
  body.clear();
  ended.reset();
  message[0] = 0;
  set_options(request, base + request.target);
  const List list = fields(request);
  set(easy, CURLOPT_HTTPHEADER, list.get());
  const CURLcode code = curl_easy_perform(easy);
  if (code != CURLE_OK) return std::unexpected(failure(code));
  ApiAnswer out;
  out.status = status();
  out.body = std::move(body);
  curl_off_t length = -1;
  (void)curl_easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  if (length >= 0) out.content_length = static_cast<std::uint64_t>(length);
  return out;
}

ApiClient::ApiClient(ApiTarget target, std::function<bool()> stopped) : target_(std::move(target)) {
  init_curl();
  impl_ = std::make_unique<Impl>(target_, std::move(stopped));
}
ApiClient::~ApiClient() = default;

ApiClientResult<ApiAnswer> ApiClient::ask(const ApiRequest& request) {
  impl_->sink = {};
  return impl_->run(request);
}

ApiClientResult<ApiAnswer> ApiClient::stream(const ApiRequest& request,
                                             std::function<bool(Bytes)> sink) {
  impl_->sink = std::move(sink);
  return impl_->run(request);
}

}  // namespace weir
