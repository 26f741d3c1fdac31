// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/internal/http_fetcher.h"

#include <sys/epoll.h>
#include <array>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/assert.h"
#include "io/clock.h"
#include "io/internal/curl_library.h"

namespace weir {
namespace {

template <class Value>
void set(CURLM* multi, CURLMoption option, Value value) {
  WEIR_ASSERT(curl_multi_setopt(multi, option, value) == CURLM_OK);
}

int open_epoll() {
  const int fd = epoll_create1(EPOLL_CLOEXEC);
  WEIR_ASSERT(fd >= 0);
  return fd;
}

}  // namespace

HttpFetcher::HttpFetcher(boost::asio::io_context& io, HttpFetcherConfig config, Done done)
    : io_(io),
      config_(std::move(config)),
      done_(std::move(done)),
      sockets_(io, open_epoll()),
      timer_(io) {
  init_curl();
  multi_.reset(curl_multi_init());
  WEIR_ASSERT(multi_ != nullptr);
  set(multi_.get(), CURLMOPT_SOCKETFUNCTION, &HttpFetcher::on_socket);
  set(multi_.get(), CURLMOPT_SOCKETDATA, this);
  set(multi_.get(), CURLMOPT_TIMERFUNCTION, &HttpFetcher::on_timer);
  set(multi_.get(), CURLMOPT_TIMERDATA, this);
}

HttpFetcher::~HttpFetcher() { close(); }

void HttpFetcher::close() {
  if (!multi_) return;
  while (!transfers_.empty()) cancel(transfers_.begin()->first);
  multi_.reset();
  timer_.cancel();
  boost::system::error_code ignored;
  sockets_.close(ignored);
}

void HttpFetcher::get(const HttpGet& request) {
  if (!multi_ || transfers_.contains(request.id)) return;
  const bool refused = transfers_.size() >= kRequestsMax;
  transfers_.emplace(request.id, std::make_unique<HttpTransfer>(steady_now(), request, config_));
  if (!refused) return begin(request.id);
  boost::asio::post(io_, [this, id = request.id] {
    answer(id, HttpReply{0, {}, "too many requests under way", {}});
  });
}

void HttpFetcher::begin(RequestId id) {
  HttpTransfer& transfer = *transfers_.at(id);
  auto failed = transfer.begin(steady_now());
  if (!failed && curl_multi_add_handle(multi_.get(), transfer.easy()) == CURLM_OK) return watch();
  if (!failed) failed = HttpReply{0, {}, "out of memory", {}};
  boost::asio::post(
      io_, [this, id, reply = std::move(*failed)]() mutable { answer(id, std::move(reply)); });
}

void HttpFetcher::cancel(RequestId id) {
  const auto it = transfers_.find(id);
  if (it == transfers_.end()) return;
  curl_multi_remove_handle(multi_.get(), it->second->easy());
  transfers_.erase(it);
}

void HttpFetcher::answer(RequestId id, HttpReply reply) {
  if (!transfers_.contains(id)) return;
  cancel(id);
  done_(id, std::move(reply));
}

void HttpFetcher::watch() {
  if (watching_) return;
  watching_ = true;
  sockets_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [this](const boost::system::error_code& failed) {
                        watching_ = false;
                        if (failed || !multi_) return;
                        poll_sockets();
                        if (multi_ && !transfers_.empty()) watch();
                      });
}

void HttpFetcher::poll_sockets() {
  std::array<epoll_event, 32> events;
  const int count = epoll_wait(sockets_.native_handle(), events.data(), events.size(), 0);
  for (int i = 0; i < count && multi_; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    int what = 0;
    if ((event.events & EPOLLIN) != 0) what |= CURL_CSELECT_IN;
    if ((event.events & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
    if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) what |= CURL_CSELECT_ERR;
    drive(event.data.fd, what);
  }
}

void HttpFetcher::drive(curl_socket_t socket, int events) {
  int running = 0;
  curl_multi_socket_action(multi_.get(), socket, events, &running);
  take_finished();
}

void HttpFetcher::take_finished() {
  int left = 0;
  while (multi_) {
    const CURLMsg* message = curl_multi_info_read(multi_.get(), &left);
    if (message == nullptr) return;
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    void* owner = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
    auto& transfer = *static_cast<HttpTransfer*>(owner);
    if (auto reply = transfer.finish(code)) {
      answer(transfer.id(), std::move(*reply));
      continue;
    }
    curl_multi_remove_handle(multi_.get(), transfer.easy());
    begin(transfer.id());
  }
}

int HttpFetcher::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) {
  auto& fetcher = *static_cast<HttpFetcher*>(self);
  const int sockets = fetcher.sockets_.native_handle();
  epoll_event event{};
  event.data.fd = socket;
  if (what == CURL_POLL_REMOVE) {
    // A socket closed already has left the set by itself.
    (void)epoll_ctl(sockets, EPOLL_CTL_DEL, socket, &event);
    return 0;
  }
  if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
  if (epoll_ctl(sockets, EPOLL_CTL_MOD, socket, &event) == 0) return 0;
  (void)epoll_ctl(sockets, EPOLL_CTL_ADD, socket, &event);
  return 0;
}

int HttpFetcher::on_timer(CURLM*, long timeout_ms, void* self) {
  auto& fetcher = *static_cast<HttpFetcher*>(self);
  fetcher.timer_.cancel();
  if (timeout_ms < 0) return 0;
  fetcher.timer_.expires_after(std::chrono::milliseconds(timeout_ms));
  fetcher.timer_.async_wait([&fetcher](const boost::system::error_code& failed) {
    if (!failed && fetcher.multi_) fetcher.drive(CURL_SOCKET_TIMEOUT, 0);
  });
  return 0;
}

}  // namespace weir
