// SPDX-License-Identifier: MIT OR Apache-2.0
// A whole node in this process: the locks on its directories, the node, its HTTP face and the
// server in front of it, started and stopped in the order that loses nothing.
//
//   auto daemon = Daemon::start(options, log);
//   ... (*daemon)->http_endpoints() ...
//   (*daemon)->stop();
//
// Used by one thread. The log must outlive it.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/api.h"
#include "daemon/config.h"
#include "daemon/instance_lock.h"
#include "daemon/log.h"
#include "daemon/ports_file.h"
#include "daemon/service_manager.h"
#include "io/http_server.h"
#include "node/node.h"

namespace weir {

enum class DaemonErrc : std::uint8_t {
  already_running,  // another process has the state or data directory
  directory,        // a directory or its lock can't be made; os_error says why
  node,             // the node can't be opened; `detail` begins with its stable code
  listen,           // an HTTP address can't be listened on
  not_private,      // HTT-17: a passed socket is not loopback and there are no tokens
  ports_file,       // it can't be written; os_error says why
};

struct DaemonError {
  DaemonErrc code{};
  std::string detail;  // a sentence
  std::string path;    // of directory and ports_file
  int os_error = 0;
  std::string engine_code;  // of node: the stable name of what failed below, such as "no_space"
};

struct DaemonOptions {
  DaemonConfig config;
  std::vector<ActivatedSocket> sockets;  // for HTTP; when there are any, http.listen is not used
  std::string version;                   // "weir 0.1.0"
  std::string ca_file;                   // trusted for HTTPS trackers; empty: the system's
};

class Daemon {
 public:
  // Listens and is ready once this returns; what was there before is back, without a recheck.
  [[nodiscard]] static std::expected<std::unique_ptr<Daemon>, DaemonError> start(
      DaemonOptions options, Log& log);
  ~Daemon();  // stops
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  [[nodiscard]] std::vector<Endpoint> http_endpoints() const;
  [[nodiscard]] std::vector<Endpoint> peer_endpoints() const;
  // The Unix socket; empty: there is none.
  [[nodiscard]] std::string socket() const;
  [[nodiscard]] std::size_t torrent_count() const;

  // Answers under way get half a second; then saves, tells trackers (at most 4 s) and frees the
  // directories. Idempotent.
  void stop();

 private:
  Daemon(DaemonOptions options, Log& log);
  using Started = std::expected<void, DaemonError>;
  Started lock_directories();
  Started check_sockets() const;
  Started open_node();
  Started serve();
  [[nodiscard]] NodeConfig node_config() const;
  [[nodiscard]] ApiConfig api_config() const;

  DaemonOptions options_;
  Log& log_;
  std::vector<InstanceLock> locks_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<HttpServer> server_;
  std::optional<PortsFile> ports_file_;
};

// The log's level for a name as REST clients write it, in any case: trace, debug, info, notice,
// warn, error, fatal.
[[nodiscard]] std::optional<LogLevel> parse_log_level(std::string_view name);

}  // namespace weir
