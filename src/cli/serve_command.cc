// SPDX-License-Identifier: MIT OR Apache-2.0
// weir serve: a node, until it is told to stop.
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdlib>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/render.h"
#include "cli/stop_signal.h"
#include "daemon/daemon.h"
#include "daemon/signals.h"

namespace weir {
namespace {

namespace json = boost::json;

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

CliError daemon_failure(const DaemonError& error) {
  const auto made = [&error](ExitCode exit, std::string code) {
    return CliError{.exit = exit,
                    .code = std::move(code),
                    .text = printable(error.detail),
                    .offset = {},
                    .field = {}};
  };
  switch (error.code) {
    case DaemonErrc::already_running:
      return made(ExitCode::conflict, "already_running");
    case DaemonErrc::directory:
    case DaemonErrc::ports_file:
      return errno_error(error.os_error, error.path);
    case DaemonErrc::node:
      return made(exit_code_of(error.engine_code), error.engine_code);
    case DaemonErrc::listen:
      return made(ExitCode::network, error.engine_code);
    case DaemonErrc::not_private:
      return made(ExitCode::bad_input, "not_private");
  }
  return made(ExitCode::failure, "failed");
}

json::array endpoints_json(const std::vector<Endpoint>& endpoints) {
  json::array out;
  for (const Endpoint& endpoint : endpoints) out.emplace_back(endpoint.text());
  return out;
}

void announce(const Daemon& daemon, const DaemonConfig& config, Output& output) {
  if (output.format() == OutputFormat::jsonl) {
    output.data(json_line({{"event", "listening"},
                           {"service", "http"},
                           {"addresses", endpoints_json(daemon.http_endpoints())}}));
    output.data(json_line({{"event", "listening"},
                           {"service", "peer"},
                           {"addresses", endpoints_json(daemon.peer_endpoints())}}));
    json::value socket = nullptr;
    if (!daemon.socket().empty()) socket = json_text(daemon.socket());
    output.data(json_line({{"event", "ready"},
                           {"pid", getpid()},
                           {"torrents", daemon.torrent_count()},
                           {"data_dir", json_text(config.data_dir)},
                           {"state_dir", json_text(config.state_dir)},
                           {"socket", std::move(socket)}}));
    return;
  }
  if (output.quiet()) return;
  std::string text;
  for (const Endpoint& endpoint : daemon.http_endpoints()) {
    text += fmt::format("HTTP on http://{}/\n", endpoint.text());
  }
  for (const Endpoint& endpoint : daemon.peer_endpoints()) {
    text += fmt::format("peers on {}\n", endpoint.text());
  }
  if (!daemon.socket().empty()) {
    text += fmt::format("commands on {}\n", printable(daemon.socket()));
  }
  text += fmt::format("ready, content in {}\n", printable(config.data_dir));
  output.data(text);
}

// Only the level of the log can change while a node runs.
void reload(const Arguments& arguments, Log& log) {
  const auto loaded = configuration(arguments);
  if (!loaded) {
    const ConfigError& first = loaded.error().front();
    log.write(LogLevel::error, "config.errors", "the configuration has errors, nothing changes",
              {{"errors", static_cast<std::int64_t>(loaded.error().size())},
               {"place", first.place},
               {"first", first.text}});
    return;
  }
  log.set_level(loaded->config.log_level);
  log.write(LogLevel::info, "config", "the configuration was read again",
            {{"log_level", level_name(log.level())}});
}

void run_until_stopped(DaemonSignals& signals, const Arguments& arguments, Log& log) {
  // Since the program's start, and before there was anybody to wake.
  if (stop_requested()) return;
  while (signals.wait() == DaemonSignal::reload) reload(arguments, log);
}

}  // namespace

ExitCode run_serve(const Arguments& arguments, Output& output) {
  DaemonSignals signals;
  const auto loaded = configuration(arguments);
  if (!loaded) return fail_configuration(output, loaded.error());
  const DaemonConfig& config = loaded->config;
  Log log(config.log_level, config.log_format, stderr_sink(), log_time_now);
  for (const std::string& text : loaded->warnings) log.write(LogLevel::warn, "config", text);

  auto sockets = activated_sockets(variable("LISTEN_PID"), variable("LISTEN_FDS"));
  if (!sockets) {
    return fail(output, {.exit = ExitCode::bad_input,
                         .code = "bad_socket",
                         .text = sockets.error(),
                         .offset = {},
                         .field = {}});
  }
  const ServiceNotifier notifier(variable("NOTIFY_SOCKET").value_or(""));
  auto daemon = Daemon::start({.config = config,
                               .sockets = std::move(*sockets),
                               .version = fmt::format("weir {}", cli_version()),
                               .ca_file = variable("SSL_CERT_FILE").value_or("")},
                              log);
  if (!daemon) return fail(output, daemon_failure(daemon.error()));
  announce(**daemon, config, output);
  log.write(LogLevel::info, "daemon", "ready",
            {{"pid", static_cast<std::int64_t>(getpid())},
             {"torrents", static_cast<std::int64_t>((*daemon)->torrent_count())}});
  notifier.send("READY=1\nSTATUS=Serving");

  run_until_stopped(signals, arguments, log);
  notifier.send("STOPPING=1\nSTATUS=Stopping");
  log.write(LogLevel::info, "daemon.stop", "stopping");
  if (output.format() == OutputFormat::jsonl) output.data(json_line({{"event", "stopping"}}));
  (*daemon)->stop();
  if (output.format() == OutputFormat::jsonl) {
    output.data(json_line({{"event", "end"}, {"exit_code", 0}}));
  }
  return ExitCode::done;
}

}  // namespace weir
