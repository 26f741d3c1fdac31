// SPDX-License-Identifier: MIT OR Apache-2.0
// The table of the node's settings. From it come what the configuration file, the environment and
// the flags may say, `weir serve --help`, the manual page, the completions, and the check that
// docs/configuration.md leaves nothing out. A setting is added here and in apply() of config.cc.
//
// A setting's place in the file is its name ("http.listen" is the key listen of the table [http]);
// its environment variable is environment_name().
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace weir {

enum class SettingId : std::uint8_t {
  http_listen,
  http_allowed_hosts,
  http_tokens,
  http_cors_origin,
  http_connections,
  peer_listen,
  data_dir,
  state_dir,
  socket,
  quota,
  store_ttl,
  fetch_timeout,
  limits_down,
  limits_up,
  limits_connections,
  limits_connections_per_torrent,
  limits_dial_below,
  log_level,
  log_format,
  ports_file,
};

enum class SettingType : std::uint8_t {
  http_endpoints,  // ADDR:PORT; a list
  peer_endpoints,  // ADDR:PORT, PORT, auto or none; a list
  hosts,           // NAME or NAME:PORT; a list
  tokens,          // SCOPE:TOKEN; a list
  origins,         // SCHEME://HOST or *; a list
  path,
  socket,  // a path, auto or none
  size,    // bytes; a number, or text with K, M, G, T
  time,    // seconds; a number, or text with s, m, h. Limits are in milliseconds
  count,
  choice,
};

struct Setting {
  SettingId id;
  std::string_view name;
  SettingType type;
  std::string_view fallback = {};  // as it would be written; empty: an empty list, or worked out
  // What the documentation says instead, when `fallback` is worked out.
  std::string_view fallback_text = {};
  std::uint64_t min = 0;  // sizes, times, counts; number of items of lists: max
  std::uint64_t max = std::numeric_limits<std::int64_t>::max();
  std::string_view choices = {};  // separated by spaces
  // Empty: there is no flag. Tokens have none because everybody sees a process's command line.
  std::string_view flag = {};
  std::string_view value = {};  // what the flag's value is called
  std::string_view help = {};
};

inline constexpr std::uint64_t kListMax = 64;

inline constexpr std::array kSettings{
    Setting{.id = SettingId::http_listen,
            .name = "http.listen",
            .type = SettingType::http_endpoints,
            .fallback = "127.0.0.1:8080",
            .max = kListMax,
            .flag = "--http",
            .value = "ADDR:PORT",
            .help = "serve HTTP here; port 0 lets the system choose. Another address than loopback "
                    "needs http.tokens. Sockets passed by a service manager take its place"},
    Setting{.id = SettingId::http_allowed_hosts,
            .name = "http.allowed_hosts",
            .type = SettingType::hosts,
            .max = kListMax,
            .flag = "--allow-host",
            .value = "HOST",
            .help = "a host name that requests may be addressed to, besides localhost and "
                    "address literals; with :PORT only at that port"},
    Setting{.id = SettingId::http_tokens,
            .name = "http.tokens",
            .type = SettingType::tokens,
            .max = kListMax,
            .help = "SCOPE:TOKEN, where SCOPE is read, add or admin and TOKEN has 16 to 512 "
                    "characters; once there is one, every request needs one"},
    Setting{.id = SettingId::http_cors_origin,
            .name = "http.cors_origin",
            .type = SettingType::origins,
            .max = kListMax,
            .flag = "--cors-origin",
            .value = "ORIGIN",
            .help = "a web origin whose pages may use the node, such as https://app.example; * "
                    "lets every page read"},
    Setting{.id = SettingId::http_connections,
            .name = "http.connections",
            .type = SettingType::count,
            .fallback = "512",
            .min = 16,
            .max = 65536,
            .flag = "--http-connections",
            .value = "N",
            .help = "accept at most so many HTTP connections at a time"},
    Setting{.id = SettingId::peer_listen,
            .name = "peer.listen",
            .type = SettingType::peer_endpoints,
            .fallback = "auto",
            .max = kListMax,
            .flag = "--listen",
            .value = "ADDR:PORT",
            .help = "accept peers here; PORT alone means all addresses, port 0 lets the system "
                    "choose, none turns it off, auto is all addresses at the first free port from "
                    "6981 on"},
    Setting{.id = SettingId::data_dir,
            .name = "data_dir",
            .type = SettingType::path,
            .fallback_text = "$XDG_DATA_HOME/weir",
            .flag = "--data-dir",
            .value = "DIR",
            .help = "where uploads and what was fetched are kept"},
    Setting{.id = SettingId::state_dir,
            .name = "state_dir",
            .type = SettingType::path,
            .fallback_text = "$XDG_STATE_HOME/weir/node",
            .flag = "--state-dir",
            .value = "DIR",
            .help = "where the node keeps what it knows between runs; one node at a time"},
    Setting{.id = SettingId::socket,
            .name = "socket",
            .type = SettingType::socket,
            .fallback = "auto",
            .flag = "--socket",
            .value = "PATH",
            .help = "serve weir's own commands on this Unix socket, for this user alone and "
                    "without a token; auto is api.sock in state_dir, none turns it off"},
    Setting{.id = SettingId::quota,
            .name = "quota",
            .type = SettingType::size,
            .fallback = "0",
            .flag = "--quota",
            .value = "SIZE",
            .help = "keep at most so many bytes in data_dir; 0 is as much as the disk has"},
    Setting{.id = SettingId::store_ttl,
            .name = "store.ttl",
            .type = SettingType::time,
            .fallback = "0",
            .max = 315'360'000'000,
            .flag = "--store-ttl",
            .value = "TIME",
            .help = "remove what was fetched for an HTTP client when nobody has used it for this "
                    "time, unless it is pinned or was added on purpose; 0 is never"},
    Setting{.id = SettingId::fetch_timeout,
            .name = "fetch_timeout",
            .type = SettingType::time,
            .fallback = "20",
            .min = 1'000,
            .max = 3'600'000,
            .flag = "--fetch-timeout",
            .value = "TIME",
            .help = "answer a request for content that no peer gives after this time"},
    Setting{.id = SettingId::limits_down,
            .name = "limits.down",
            .type = SettingType::size,
            .fallback = "0",
            .flag = "--max-down",
            .value = "RATE",
            .help = "download at most so many bytes a second; 0 is no limit"},
    Setting{.id = SettingId::limits_up,
            .name = "limits.up",
            .type = SettingType::size,
            .fallback = "0",
            .flag = "--max-up",
            .value = "RATE",
            .help = "upload at most so many bytes a second to peers; 0 is no limit"},
    Setting{.id = SettingId::limits_connections,
            .name = "limits.connections",
            .type = SettingType::count,
            .fallback = "500",
            .min = 2,
            .max = 65536,
            .flag = "--connections",
            .value = "N",
            .help = "connect to at most so many peers"},
    Setting{.id = SettingId::limits_connections_per_torrent,
            .name = "limits.connections_per_torrent",
            .type = SettingType::count,
            .fallback = "55",
            .min = 2,
            .max = 4096,
            .flag = "--torrent-connections",
            .value = "N",
            .help = "connect to at most so many peers of one torrent"},
    Setting{.id = SettingId::limits_dial_below,
            .name = "limits.dial_below",
            .type = SettingType::count,
            .fallback = "30",
            .min = 1,
            .max = 4096,
            .flag = "--dial-below",
            .value = "N",
            .help = "call peers of a torrent until so many are connected; above it, only peers "
                    "that call are added"},
    Setting{.id = SettingId::log_level,
            .name = "log.level",
            .type = SettingType::choice,
            .fallback = "info",
            .choices = "error warn info debug",
            .flag = "--log-level",
            .value = "LEVEL",
            .help = "log what is at least this serious; read again on SIGHUP"},
    Setting{.id = SettingId::log_format,
            .name = "log.format",
            .type = SettingType::choice,
            .fallback = "text",
            .choices = "text json",
            .flag = "--log-format",
            .value = "FORMAT",
            .help = "log lines for people, or one JSON object a line"},
    Setting{.id = SettingId::ports_file,
            .name = "ports_file",
            .type = SettingType::path,
            .fallback_text = "none",
            .flag = "--ports-file",
            .value = "FILE",
            .help = "write the addresses listened on to this file as JSON once the node is ready"},
};

[[nodiscard]] constexpr bool is_list(SettingType type) {
  return type == SettingType::http_endpoints || type == SettingType::peer_endpoints ||
         type == SettingType::hosts || type == SettingType::tokens || type == SettingType::origins;
}

// The setting's place in kSettings.
[[nodiscard]] constexpr std::size_t index_of(SettingId id) { return static_cast<std::size_t>(id); }
[[nodiscard]] constexpr const Setting& setting_of(SettingId id) { return kSettings[index_of(id)]; }

[[nodiscard]] const Setting* find_setting(std::string_view name);
// "WEIR_HTTP_LISTEN" for "http.listen".
[[nodiscard]] std::string environment_name(const Setting& setting);
// The candidate that `word` most likely is a slip of; nothing when none is near.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 std::span<const std::string> candidates);

}  // namespace weir
