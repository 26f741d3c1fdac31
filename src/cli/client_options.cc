// SPDX-License-Identifier: MIT OR Apache-2.0
// From options to a running engine.
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <memory>

#include "cli/error_text.h"
#include "cli/render.h"
#include "cli/transfer.h"
#include "cli/values.h"
#include "daemon/settings.h"
#include "io/posix_disk.h"

namespace weir {
namespace {

using Failure = std::unexpected<CliError>;

constexpr std::uint16_t kDefaultPort = 6981;
constexpr std::uint16_t kDefaultPortAttempts = 100;

CliError usage(std::string text) {
  return {
      .exit = ExitCode::usage, .code = "usage", .text = std::move(text), .offset = {}, .field = {}};
}

CliResult<std::uint64_t> rate_of(const Arguments& arguments, std::string_view option) {
  const auto text = arguments.value(option);
  if (!text) return 0;
  const auto rate = parse_size(*text);
  if (rate && *rate > 0) return *rate;
  return Failure(usage(fmt::format("{} is a number of bytes a second, such as 500K or 2M, not {}",
                                   option, printable(*text))));
}

struct Listening {
  std::vector<Endpoint> endpoints;
  std::uint16_t port_attempts = 0;
  bool any_address = false;  // both families were meant, one is fine
};

CliResult<Listening> listening_of(const Arguments& arguments) {
  Listening out;
  const auto texts = arguments.values("--listen");
  if (texts.empty()) {
    out.endpoints = *parse_listen(std::to_string(kDefaultPort));
    out.port_attempts = kDefaultPortAttempts;
    out.any_address = true;
    return out;
  }
  for (const std::string& text : texts) {
    if (text == "none") continue;
    const auto endpoints = parse_listen(text);
    if (!endpoints) {
      return Failure(
          usage(fmt::format("--listen is ADDR:PORT, PORT or none, not {}", printable(text))));
    }
    out.any_address = out.any_address || endpoints->size() > 1;
    out.endpoints.insert(out.endpoints.end(), endpoints->begin(), endpoints->end());
  }
  return out;
}

// Empty when it is not set.
std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Appends what the system's resolver says about one peer.
CliResult<void> resolve(const HostPort& peer, std::vector<Endpoint>& out) {
  if (const auto address = IpAddress::parse(peer.host)) {
    out.push_back({*address, peer.port});
    return {};
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(peer.host.c_str(), nullptr, &hints, &found);
  if (failed != 0) {
    return Failure(
        CliError{.exit = ExitCode::network,
                 .code = "unresolved",
                 .text = fmt::format("{}: {}", printable(peer.host), gai_strerror(failed)),
                 .offset = {},
                 .field = {}});
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof(text), nullptr, 0,
                    NI_NUMERICHOST) != 0) {
      continue;
    }
    if (const auto address = IpAddress::parse(text)) out.push_back({*address, peer.port});
  }
  return {};
}

// The limits are those of the node's setting of the same name.
CliResult<std::uint32_t> count_of(const Arguments& arguments, SettingId id,
                                  std::uint32_t otherwise) {
  const Setting& setting = setting_of(id);
  const auto text = arguments.value(setting.flag);
  if (!text) return otherwise;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || value < setting.min ||
      value > setting.max) {
    return Failure(usage(fmt::format("{} is a number from {} to {}, not {}", setting.flag,
                                     setting.min, setting.max, printable(*text))));
  }
  return value;
}

CliResult<void> read_connections(const Arguments& arguments, SessionConfig& session) {
  const auto max =
      count_of(arguments, SettingId::limits_connections_per_torrent, session.per_torrent_max);
  if (!max) return Failure(max.error());
  const auto dial = count_of(arguments, SettingId::limits_dial_below, session.dial_below);
  if (!dial) return Failure(dial.error());
  session.per_torrent_max = *max;
  session.total_max = std::max(session.total_max, *max);
  session.dial_below = std::min(*dial, *max);
  return {};
}

}  // namespace

CliError client_failure(const ClientError& error, std::string_view label) {
  return {.exit = exit_code_of(error.code),
          .code = error.code,
          .text = fmt::format("{}: {}", label, explain(error.code, printable(error.detail))),
          .offset = {},
          .field = {}};
}

std::string certificates_file() { return variable("SSL_CERT_FILE"); }

std::string state_directory(const Arguments& arguments) {
  if (const auto given = arguments.value("--state-dir")) return absolute_path(*given);
  // A relative path there is to be ignored, says the XDG Base Directory Specification.
  if (const std::string base = variable("XDG_STATE_HOME"); base.starts_with('/')) {
    return base + "/weir";
  }
  const std::string home = variable("HOME");
  return home.empty() ? std::string() : home + "/.local/state/weir";
}

CliResult<std::vector<Endpoint>> named_peers(const Arguments& arguments) {
  std::vector<Endpoint> peers;
  for (const std::string& text : arguments.values("--peer")) {
    const auto peer = parse_host_port(text);
    if (!peer) {
      return Failure(usage(fmt::format("--peer is HOST:PORT, not {}", printable(text))));
    }
    if (auto resolved = resolve(*peer, peers); !resolved) return Failure(resolved.error());
  }
  return peers;
}

CliResult<void> check_client_options(const Arguments& arguments) {
  for (const char* option : {"--max-down", "--max-up"}) {
    if (auto rate = rate_of(arguments, option); !rate) return Failure(rate.error());
  }
  if (auto listening = listening_of(arguments); !listening) return Failure(listening.error());
  SessionConfig scratch;
  return read_connections(arguments, scratch);
}

CliResult<std::unique_ptr<Client>> open_client(const Arguments& arguments, Output& output) {
  ClientConfig config;
  config.session.client_version = fmt::format("weir {}", cli_version());
  auto down = rate_of(arguments, "--max-down");
  if (!down) return Failure(down.error());
  auto up = rate_of(arguments, "--max-up");
  if (!up) return Failure(up.error());
  config.session.limits = {.down_bytes_per_second = *down, .up_bytes_per_second = *up};
  if (auto read = read_connections(arguments, config.session); !read) return Failure(read.error());
  auto listening = listening_of(arguments);
  if (!listening) return Failure(listening.error());
  config.listen = listening->endpoints;
  config.port_attempts = listening->port_attempts;
  config.state_dir = state_directory(arguments);
  config.ca_file = certificates_file();
  if (config.state_dir.empty()) {
    output.warning("progress is not kept: neither --state-dir nor HOME is set");
  } else if (!arguments.value("--state-dir")) {
    // Of a user without a home of its own nobody named this directory, so it is not missed.
    if (const auto made = create_root(config.state_dir); !made) {
      const char* code = error_name(made.error().code);
      output.warning(with_code(
          fmt::format("progress is not kept: {}: {}", printable(config.state_dir), explain(code)),
          code));
      config.state_dir.clear();
    }
  }
  auto client = Client::open(config);
  if (!client && listening->any_address) {
    // A machine without IPv6 is served over IPv4.
    ClientConfig without = config;
    std::erase_if(without.listen, [](const Endpoint& e) { return !e.address.is_v4(); });
    if (auto second = Client::open(std::move(without))) return std::move(*second);
  }
  if (!client) {
    CliError error = client_failure(client.error(), "starting");
    return Failure(std::move(error));
  }
  return std::move(*client);
}

}  // namespace weir
