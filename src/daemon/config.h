// SPDX-License-Identifier: MIT OR Apache-2.0
// What the node is to do, put together from four places: flags win over WEIR_* environment
// variables, these over the configuration file, and that over the defaults of settings.h.
//
// load_config() is a pure function of what read_config_inputs() gathered. A failure names every
// error at once, each with its place ("weir.toml:12", "WEIR_QUOTA", "--quota").
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/endpoint.h"
#include "daemon/log.h"
#include "daemon/settings.h"
#include "http/host.h"
#include "http/origin.h"
#include "http/token.h"

namespace weir {

inline constexpr std::size_t kConfigBytesMax = 1u << 20;
inline constexpr std::size_t kConfigErrorsMax = 100;

struct TokenSetting {
  std::string token;
  http::Scope scope = http::Scope::read;
};

struct PeerListen {
  std::vector<Endpoint> endpoints;  // empty: peers are not accepted
  std::uint16_t port_attempts = 0;  // ports to try above one that is taken
  bool any_address = false;         // both address families were meant, one is fine
};

struct DaemonConfig {
  std::vector<Endpoint> http_listen;
  std::vector<http::AllowedHost> allowed_hosts;
  std::vector<TokenSetting> tokens;
  http::OriginPolicy cors;
  std::uint32_t http_connections = 0;
  PeerListen peer_listen;
  std::string data_dir;   // absolute
  std::string state_dir;  // absolute
  std::string socket;     // absolute; empty: none
  bool socket_auto = false;
  std::uint64_t quota = 0;                // bytes; 0: none
  std::chrono::milliseconds store_ttl{};  // 0: never
  std::chrono::milliseconds fetch_timeout{};
  std::uint64_t down_bytes_per_second = 0;  // 0: unlimited
  std::uint64_t up_bytes_per_second = 0;
  std::uint32_t connections = 0;
  std::uint32_t connections_per_torrent = 0;
  std::uint32_t dial_below = 0;
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::text;
  std::string ports_file;  // absolute; empty: none
};

enum class ConfigErrc : std::uint8_t {
  unreadable,     // the file is there, or was named, and can't be read
  too_large,      // the file is larger than kConfigBytesMax
  syntax,         // not TOML
  unknown_key,    // no such setting
  wrong_type,     // a number where text is wanted, or the like
  bad_value,      // the text does not say what the setting is
  out_of_range,   // beyond the setting's limits
  contradiction,  // good alone, wrong with another setting
};
[[nodiscard]] std::string_view code_name(ConfigErrc code);

struct ConfigError {
  ConfigErrc code{};
  std::string file;  // empty: not in a file
  std::size_t line = 0;
  std::string place;  // "weir.toml:12", "WEIR_QUOTA", "--quota", "default"
  std::string key;    // the setting's name, or what was taken for one
  std::string text;   // a sentence without the place
  int os_error = 0;   // of unreadable, where the system said why
};
using ConfigErrors = std::vector<ConfigError>;  // not empty, at most kConfigErrorsMax

enum class ConfigOrigin : std::uint8_t { fallback, file, environment, flag };
[[nodiscard]] std::string_view origin_name(ConfigOrigin origin);

// A setting's value as written: one word, or a list's.
struct ConfigValue {
  std::vector<std::string> words;
  ConfigOrigin origin = ConfigOrigin::fallback;
  std::string place;
  std::string file;
  std::size_t line = 0;
};

struct ConfigInputs {
  std::string file_name;  // as it is to be named in messages; its relative paths begin beside it
  std::optional<std::string> file_text;  // nothing: there is no file
  std::map<std::string, std::string, std::less<>> environment;
  std::vector<std::pair<SettingId, std::vector<std::string>>> flags;
  std::string working_dir;  // absolute; where relative paths of flags and variables begin
};

struct LoadedConfig {
  DaemonConfig config;
  std::array<ConfigValue, kSettings.size()> values;  // in the order of kSettings
  std::vector<std::string> warnings;                 // sentences
};

[[nodiscard]] std::expected<LoadedConfig, ConfigErrors> load_config(const ConfigInputs& inputs);

// Reads the environment and the file: `named`, else $XDG_CONFIG_HOME/weir/weir.toml, which may be
// absent. Errors: unreadable, too_large.
[[nodiscard]] std::expected<ConfigInputs, ConfigErrors> read_config_inputs(
    const std::optional<std::string>& named);

// The values of a TOML document by setting. Errors: syntax, unknown_key, wrong_type.
[[nodiscard]] std::expected<std::map<SettingId, ConfigValue>, ConfigErrors> parse_config_file(
    const std::string& name, const std::string& text);

// The values as a configuration file, each with where it comes from; tokens are hidden.
[[nodiscard]] std::string render_config(const LoadedConfig& loaded);
// A value's words as show prints them: hidden where they are secret.
[[nodiscard]] std::vector<std::string> shown_words(const Setting& setting,
                                                   const ConfigValue& value);

// Whether only this machine can reach it. HTT-17: without tokens, HTTP is served nowhere else.
[[nodiscard]] bool is_loopback(const Endpoint& endpoint);

}  // namespace weir
