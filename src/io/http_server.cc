// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/http_server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <ctime>
#include <thread>
#include <unordered_map>
#include <utility>

#include "http/date.h"
#include "http/field.h"
#include "io/internal/http_call.h"
#include "io/internal/http_connection.h"
#include "io/internal/http_core.h"
#include "io/internal/listener.h"
#include "io/internal/unix_socket.h"

namespace weir {

using boost::system::error_code;
using std::chrono::milliseconds;

std::vector<std::string_view> HttpRequestHead::values(std::string_view name) const {
  std::vector<std::string_view> found;
  for (const HttpField& field : fields) {
    if (http::equals_ignoring_case(field.name, name)) found.push_back(field.value);
  }
  return found;
}

std::optional<std::string_view> HttpRequestHead::value(std::string_view name) const {
  for (const HttpField& field : fields) {
    if (http::equals_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

namespace {

class CollectingSink final : public HttpBodySink {
 public:
  explicit CollectingSink(std::function<void(Buffer)> done) : done_(std::move(done)) {}
  void data(Bytes bytes, std::function<void()> done) override {
    append(body_, bytes);
    done();
  }
  void end() override { done_(std::move(body_)); }

 private:
  std::function<void(Buffer)> done_;
  Buffer body_;
};

}  // namespace

HttpCall::HttpCall(std::shared_ptr<State> state) : state_(std::move(state)) {}
HttpCall::HttpCall(HttpCall&&) noexcept = default;
HttpCall& HttpCall::operator=(HttpCall&& other) noexcept {
  HttpCall taken(std::move(other));
  std::swap(state_, taken.state_);
  return *this;
}
HttpCall::~HttpCall() {
  if (state_ && !state_->answered) answer(plain_answer(500));
}

const HttpRequestHead& HttpCall::head() const { return state_->head; }

void HttpCall::receive(std::unique_ptr<HttpBodySink> sink, std::uint64_t bytes_max) {
  if (const auto connection = state_->connection.lock()) {
    connection->receive(*state_, std::move(sink), bytes_max);
  }
}

void HttpCall::receive_all(std::uint64_t bytes_max, std::function<void(Buffer)> done) {
  receive(std::make_unique<CollectingSink>(std::move(done)), bytes_max);
}

void HttpCall::answer(HttpAnswer answer) {
  if (state_->answered.exchange(true)) return;
  state_->mailbox->post([state = state_, answer = std::move(answer)]() mutable {
    if (const auto to = state->connection.lock()) to->answer(*state, std::move(answer));
  });
}

bool HttpCall::connected() const { return state_->connected; }

std::size_t connections_allowed(const HttpServerConfig& config, const IpAddress& remote) {
  if (remote.scope() == AddressScope::loopback) return config.connections_max;
  return config.connections_max - std::min(config.loopback_reserved, config.connections_max / 4);
}

const std::string& HttpCore::date() {
  const std::int64_t now = std::time(nullptr);
  if (now != date_time_) {
    date_time_ = now;
    date_ = http::format_http_date(now);
  }
  return date_;
}

struct HttpServer::Impl final : HttpCore {
  using Clock = HttpConnection::Clock;

  Impl(HttpServerConfig server_config, HttpHandler& server_handler)
      : HttpCore(std::move(server_config), server_handler), ticker(io), stop_timer(io) {
    const milliseconds shortest = std::min(
        {config.header_deadline, config.idle_timeout, config.half_closed_wait, config.slow_window});
    tick_period = std::clamp(shortest / 4, milliseconds(5), milliseconds(500));
  }

  NetResult<void> start();
  NetResult<void> open_all();
  void closed(HttpConnection& connection) override;
  void listen_on(Descriptor fd, bool local_user);
  void accept(Descriptor fd, const Endpoint& remote, bool local_user);
  [[nodiscard]] bool has_room(const Endpoint& remote);
  bool close_waiting(const IpAddress* of);
  void arm_ticker();
  void begin_stop(milliseconds grace);
  void end();
  void finish_if_done();

  std::vector<Descriptor> opened;  // until start()
  std::vector<Endpoint> endpoints;
  std::optional<UnixSocketFile> unix_socket;
  std::vector<std::unique_ptr<Listener>> listeners;
  std::unordered_map<HttpConnection*, std::shared_ptr<HttpConnection>> connections;
  std::unordered_map<IpAddress, std::size_t, EndpointHash> per_address;
  boost::asio::steady_timer ticker;
  boost::asio::steady_timer stop_timer;
  milliseconds tick_period{};
  bool ticking = false;
  bool finished = false;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work;
  std::thread thread;
};

NetResult<void> HttpServer::Impl::open_all() {
  for (const Endpoint& endpoint : config.listen) {
    auto fd = open_listener(endpoint);
    if (!fd) return std::unexpected(fd.error());
    opened.push_back(std::move(*fd));
  }
  for (const Descriptor& fd : opened) {
    auto local = local_endpoint(fd.get());
    if (!local) return std::unexpected(local.error());
    endpoints.push_back(*local);
  }
  if (config.unix_path.empty()) return {};
  auto file = UnixSocketFile::open(config.unix_path);
  if (!file) return std::unexpected(file.error());
  unix_socket.emplace(std::move(*file));
  return {};
}

void HttpServer::Impl::listen_on(Descriptor fd, bool local_user) {
  const auto accepted_one = [this, local_user](Descriptor socket, const Endpoint& remote) {
    accept(std::move(socket), remote, local_user);
  };
  listeners.push_back(std::make_unique<Listener>(
      io, std::move(fd), Listener::Handlers{accepted_one, [](const NetError&) {}}));
  listeners.back()->start();
}

NetResult<void> HttpServer::Impl::start() {
  // sendfile() has no flag against the signal; a lost peer is an error code like any other.
  std::signal(SIGPIPE, SIG_IGN);
  if (auto done = open_all(); !done) {
    opened.clear();
    endpoints.clear();
    return done;
  }
  for (Descriptor& fd : opened) listen_on(std::move(fd), false);
  opened.clear();
  if (unix_socket) listen_on(unix_socket->take_listener(), true);
  work.emplace(io.get_executor());
  thread = std::thread([this] { io.run(); });
  return {};
}

// Closes the connection that has waited longest for the rest of a request. Honest ones are quick
// with their heads, so those that only hold a place go first (HTT-04).
bool HttpServer::Impl::close_waiting(const IpAddress* of) {
  HttpConnection* oldest = nullptr;
  for (const auto& [connection, owned] : connections) {
    if (!connection->waits_for_request() || (of != nullptr && connection->remote().address != *of))
      continue;
    if (oldest == nullptr || connection->waits_since() < oldest->waits_since()) oldest = connection;
  }
  if (oldest == nullptr) return false;
  oldest->end();
  return true;
}

bool HttpServer::Impl::has_room(const Endpoint& remote) {
  const auto at = per_address.find(remote.address);
  if (at != per_address.end() && at->second >= config.connections_per_address_max &&
      !close_waiting(&remote.address)) {
    return false;
  }
  return connections.size() < connections_allowed(config, remote.address) || close_waiting(nullptr);
}

void HttpServer::Impl::accept(Descriptor fd, const Endpoint& remote, bool local_user) {
  ++accepted;
  if (stopping) return;
  if (!has_room(remote)) {
    ++refused;
    static constexpr std::string_view kFull =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\n"
        "Connection: close\r\n\r\n";
    // Of a socket that never was written to, there is room for this.
    (void)::send(fd.get(), kFull.data(), kFull.size(), MSG_NOSIGNAL);
    ::shutdown(fd.get(), SHUT_WR);
    return;
  }
  const auto connection =
      std::make_shared<HttpConnection>(*this, std::move(fd), remote, local_user);
  connections.emplace(connection.get(), connection);
  ++per_address[remote.address];
  open = connections.size();
  connection->start();
  arm_ticker();
}

void HttpServer::Impl::closed(HttpConnection& connection) {
  const auto at = per_address.find(connection.remote().address);
  if (--at->second == 0) per_address.erase(at);
  connections.erase(&connection);
  open = connections.size();
  finish_if_done();
}

void HttpServer::Impl::arm_ticker() {
  if (ticking || connections.empty() || finished) return;
  ticking = true;
  ticker.expires_after(tick_period);
  ticker.async_wait([this](const error_code& failed) {
    ticking = false;
    if (failed || finished) return;
    std::vector<std::shared_ptr<HttpConnection>> all;
    all.reserve(connections.size());
    for (const auto& [connection, owned] : connections) all.push_back(owned);
    const auto now = Clock::now();
    for (const auto& connection : all) connection->tick(now);
    arm_ticker();
  });
}

void HttpServer::Impl::begin_stop(milliseconds grace) {
  if (stopping) return;
  stopping = true;
  for (const auto& listener : listeners) listener->close();
  std::vector<std::shared_ptr<HttpConnection>> all;
  for (const auto& [connection, owned] : connections) all.push_back(owned);
  for (const auto& connection : all) connection->begin_stop();
  if (finished) return;
  if (grace <= milliseconds(0)) return end();
  stop_timer.expires_after(grace);
  stop_timer.async_wait([this](const error_code& failed) {
    if (!failed) end();
  });
  finish_if_done();
}

void HttpServer::Impl::end() {
  while (!connections.empty()) connections.begin()->second->end();
  finish_if_done();
}

void HttpServer::Impl::finish_if_done() {
  if (!stopping || finished || !connections.empty()) return;
  finished = true;
  mailbox->close();
  ticker.cancel();
  stop_timer.cancel();
  work.reset();
}

HttpServer::HttpServer(HttpServerConfig config, HttpHandler& handler)
    : impl_(std::make_unique<Impl>(std::move(config), handler)) {}

HttpServer::~HttpServer() { stop(); }

NetResult<void> HttpServer::start() { return impl_->start(); }

void HttpServer::adopt(int listening_fd) {
  ::fcntl(listening_fd, F_SETFD, FD_CLOEXEC);
  ::fcntl(listening_fd, F_SETFL, ::fcntl(listening_fd, F_GETFL) | O_NONBLOCK);
  impl_->opened.emplace_back(listening_fd);
}

std::vector<Endpoint> HttpServer::listening() const { return impl_->endpoints; }

std::string HttpServer::unix_path() const {
  return impl_->unix_socket ? impl_->unix_socket->path() : std::string();
}

HttpServerCounts HttpServer::counts() const {
  const Impl& s = *impl_;
  return {s.open, s.accepted, s.requests, s.refused, s.slow_closed, s.sent_bytes};
}

void HttpServer::stop(milliseconds grace) {
  Impl& s = *impl_;
  if (s.thread.joinable()) {
    s.mailbox->post([&s, grace] { s.begin_stop(grace); });
    s.thread.join();
  }
  s.unix_socket.reset();
  s.mailbox->close();
}

}  // namespace weir
