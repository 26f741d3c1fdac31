// SPDX-License-Identifier: MIT OR Apache-2.0
#include "daemon/daemon.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

namespace weir {
namespace {

constexpr std::chrono::milliseconds kAnswersGrace(500);
constexpr rlim_t kDescriptorsWanted = 65536;

// Connections and open files together need more than the 1,024 that shells give.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t wanted = std::min(limit.rlim_max, kDescriptorsWanted);
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::string os_text(int error) { return std::generic_category().message(error); }

DaemonError lock_failure(const LockError& error, std::string_view directory) {
  if (error.held) {
    const std::string who =
        error.holder > 0 ? fmt::format("process {}", error.holder) : std::string("another process");
    return {.code = DaemonErrc::already_running,
            .detail = fmt::format("a node runs on {} already: {}", directory, who),
            .path = error.path,
            .os_error = 0,
            .engine_code = {}};
  }
  return {.code = DaemonErrc::directory,
          .detail = fmt::format("{}: {}", error.path, os_text(error.error)),
          .path = error.path,
          .os_error = error.error,
          .engine_code = {}};
}

DaemonError node_failure(const NodeError& error) {
  // An engine's failure begins with its own code, which tells more than "engine".
  std::string code = error_name(error.code);
  if (error.code == NodeErrc::engine) code = error.detail.substr(0, error.detail.find(':'));
  return {.code = DaemonErrc::node,
          .detail = fmt::format("starting: {}", error.detail),
          .path = {},
          .os_error = 0,
          .engine_code = std::move(code)};
}

}  // namespace

std::optional<LogLevel> parse_log_level(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, LogLevel>, 7> kNames{{
      {"trace", LogLevel::debug},
      {"debug", LogLevel::debug},
      {"info", LogLevel::info},
      {"notice", LogLevel::info},
      {"warn", LogLevel::warn},
      {"error", LogLevel::error},
      {"fatal", LogLevel::error},
  }};
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
  for (const auto& [known, level] : kNames) {
    if (std::ranges::equal(name, known, same)) return level;
  }
  return std::nullopt;
}

Daemon::Daemon(DaemonOptions options, Log& log) : options_(std::move(options)), log_(log) {}
Daemon::~Daemon() { stop(); }

std::expected<std::unique_ptr<Daemon>, DaemonError> Daemon::start(DaemonOptions options, Log& log) {
  std::unique_ptr<Daemon> daemon(new Daemon(std::move(options), log));
  raise_descriptor_limit();
  for (const auto step : {&Daemon::lock_directories, &Daemon::open_node, &Daemon::serve}) {
    if (auto done = (daemon.get()->*step)(); !done) {
      return std::unexpected(std::move(done.error()));
    }
  }
  return daemon;
}

// The data directory too: two nodes with one would sweep away each other's uploads.
Daemon::Started Daemon::lock_directories() {
  if (auto checked = check_sockets(); !checked) return checked;
  for (const std::string* directory : {&options_.config.state_dir, &options_.config.data_dir}) {
    auto lock = InstanceLock::acquire(*directory);
    if (!lock) return std::unexpected(lock_failure(lock.error(), *directory));
    locks_.push_back(std::move(*lock));
  }
  return {};
}

Daemon::Started Daemon::check_sockets() const {
  for (const ActivatedSocket& socket : options_.sockets) {
    if (is_loopback(socket.local) || !options_.config.tokens.empty()) continue;
    return std::unexpected(DaemonError{
        .code = DaemonErrc::not_private,
        .detail = fmt::format("the socket on {} from the service manager can be reached from other "
                              "machines, and http.tokens is not set",
                              socket.local.text()),
        .path = {},
        .os_error = 0,
        .engine_code = {}});
  }
  return {};
}

NodeConfig Daemon::node_config() const {
  const DaemonConfig& config = options_.config;
  NodeConfig out;
  out.client.state_dir = config.state_dir;
  out.client.listen = config.peer_listen.endpoints;
  out.client.port_attempts = config.peer_listen.port_attempts;
  out.client.ca_file = options_.ca_file;
  out.client.session.client_version = options_.version;
  out.client.session.limits = {.down_bytes_per_second = config.down_bytes_per_second,
                               .up_bytes_per_second = config.up_bytes_per_second};
  out.client.session.total_max = config.connections;
  out.client.session.per_torrent_max = config.connections_per_torrent;
  out.client.session.dial_below = std::min(config.dial_below, config.connections_per_torrent);
  out.client.warn = [&log = log_](const std::string& text) {
    log.write(LogLevel::warn, "engine", text);
  };
  out.content_dir = config.data_dir;
  out.quota_bytes = config.quota;
  out.ttl = std::chrono::ceil<std::chrono::seconds>(config.store_ttl);
  out.fetch_timeout = config.fetch_timeout;
  return out;
}

Daemon::Started Daemon::open_node() {
  auto node = Node::open(node_config());
  if (!node && options_.config.peer_listen.any_address) {
    // A machine without IPv6 is served over IPv4.
    NodeConfig without = node_config();
    std::erase_if(without.client.listen, [](const Endpoint& e) { return !e.address.is_v4(); });
    if (auto second = Node::open(std::move(without))) node = std::move(second);
  }
  if (!node) return std::unexpected(node_failure(node.error()));
  node_ = std::move(*node);
  return {};
}

ApiConfig Daemon::api_config() const {
  const DaemonConfig& config = options_.config;
  ApiConfig out;
  out.hosts.names = config.allowed_hosts;
  out.origins = config.cors;
  for (const TokenSetting& token : config.tokens) {
    // The configuration took only tokens that a table takes, and no more than fit.
    (void)out.tokens.add(token.token, token.scope);
  }
  out.set_log_level = [&log = log_](const std::string& name) {
    const auto level = parse_log_level(name);
    if (level) log.set_level(*level);
    return level.has_value();
  };
  return out;
}

Daemon::Started Daemon::serve() {
  api_ = std::make_unique<Api>(*node_, api_config());
  HttpServerConfig server;
  server.connections_max = options_.config.http_connections;
  server.connections_per_address_max =
      std::min(server.connections_per_address_max, server.connections_max);
  server.unix_path = options_.config.socket;
  if (options_.sockets.empty()) server.listen = options_.config.http_listen;
  server_ = std::make_unique<HttpServer>(std::move(server), *api_);
  for (const ActivatedSocket& socket : options_.sockets) server_->adopt(socket.fd);
  if (auto started = server_->start(); !started) {
    const NetError& error = started.error();
    return std::unexpected(DaemonError{
        .code = DaemonErrc::listen,
        .detail = fmt::format(
            "HTTP: {}: {}", error.detail,
            error.os_error != 0 ? os_text(error.os_error) : std::string(error_name(error.code))),
        .path = {},
        .os_error = error.os_error,
        .engine_code = error_name(error.code)});
  }
  api_->set_addresses({server_->listening(), server_->unix_path()});
  api_->set_ready(true);
  const std::string& path = options_.config.ports_file;
  if (path.empty()) return {};
  auto file = PortsFile::write(
      path, {.http = http_endpoints(), .peer = peer_endpoints(), .socket = socket()});
  if (!file) {
    return std::unexpected(DaemonError{.code = DaemonErrc::ports_file,
                                       .detail = fmt::format("{}: {}", path, os_text(file.error())),
                                       .path = path,
                                       .os_error = file.error(),
                                       .engine_code = {}});
  }
  ports_file_.emplace(std::move(*file));
  return {};
}

std::vector<Endpoint> Daemon::http_endpoints() const { return server_->listening(); }
std::string Daemon::socket() const { return server_->unix_path(); }
std::vector<Endpoint> Daemon::peer_endpoints() const { return node_->client().listening(); }
std::size_t Daemon::torrent_count() const { return node_->client().torrents().size(); }

void Daemon::stop() {
  ports_file_.reset();
  if (api_) api_->set_ready(false);
  if (server_) server_->stop(kAnswersGrace);
  server_.reset();
  api_.reset();
  if (node_) node_->stop();
  node_.reset();
  locks_.clear();
}

}  // namespace weir
