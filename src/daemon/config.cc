// SPDX-License-Identifier: MIT OR Apache-2.0
#include "daemon/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "daemon/quantity.h"
#include "io/http_server.h"

namespace weir {
namespace {

constexpr std::uint16_t kPeerPort = 6981;
constexpr std::uint16_t kPeerPortAttempts = 100;

struct Fault {
  ConfigErrc code;
  std::string text;
};
using Applied = std::expected<void, Fault>;
using Words = std::vector<std::string>;

std::unexpected<Fault> bad(std::string text) {
  return std::unexpected(Fault{ConfigErrc::bad_value, std::move(text)});
}
std::unexpected<Fault> beyond(std::string text) {
  return std::unexpected(Fault{ConfigErrc::out_of_range, std::move(text)});
}

std::expected<std::uint64_t, Fault> count_of(const Setting& setting, const std::string& word) {
  std::uint64_t value = 0;
  const char* end = word.data() + word.size();
  const auto [at, error] = std::from_chars(word.data(), end, value);
  if (word.empty() || (error != std::errc{} && error != std::errc::result_out_of_range) ||
      at != end) {
    return bad(fmt::format("{} is a whole number, not \"{}\"", setting.name, word));
  }
  if (error == std::errc::result_out_of_range || value < setting.min || value > setting.max) {
    return beyond(
        fmt::format("{} is from {} to {}, not {}", setting.name, setting.min, setting.max, word));
  }
  return value;
}

std::expected<std::uint64_t, Fault> size_of(const Setting& setting, const std::string& word) {
  const auto value = parse_size(word);
  if (!value) {
    return bad(
        fmt::format("{} is a number of bytes, such as 500K or 2G, not \"{}\"", setting.name, word));
  }
  return *value;
}

std::expected<std::chrono::milliseconds, Fault> time_of(const Setting& setting,
                                                        const std::string& word) {
  const auto value = parse_time(word);
  if (!value) {
    return bad(fmt::format("{} is a number of seconds, or a time such as 10m, not \"{}\"",
                           setting.name, word));
  }
  const auto milliseconds = static_cast<std::uint64_t>(value->count());
  if (milliseconds < setting.min || milliseconds > setting.max) {
    return beyond(fmt::format("{} is from {} to {} seconds, not {}", setting.name,
                              setting.min / 1000, setting.max / 1000, word));
  }
  return *value;
}

std::expected<std::size_t, Fault> choice_of(const Setting& setting, const std::string& word) {
  std::string_view rest = setting.choices;
  for (std::size_t i = 0; !rest.empty(); ++i) {
    const std::string_view choice = rest.substr(0, rest.find(' '));
    if (choice == word) return i;
    rest.remove_prefix(std::min(choice.size() + 1, rest.size()));
  }
  return bad(fmt::format("{} is one of: {}, not \"{}\"", setting.name, setting.choices, word));
}

Applied http_endpoints(const Words& words, std::vector<Endpoint>& out) {
  for (const std::string& word : words) {
    const auto endpoint = Endpoint::parse(word);
    if (!endpoint) {
      return bad(fmt::format("http.listen is ADDR:PORT, such as 127.0.0.1:8080, not \"{}\"", word));
    }
    out.push_back(*endpoint);
  }
  if (out.empty()) return bad("http.listen names no address");
  return {};
}

Applied peer_endpoints(const Words& words, PeerListen& out) {
  for (const std::string& word : words) {
    if (word == "none") continue;
    const bool automatic = word == "auto";
    const auto endpoints = parse_listen(automatic ? std::to_string(kPeerPort) : word);
    if (!endpoints) {
      return bad(fmt::format("peer.listen is ADDR:PORT, PORT, auto or none, not \"{}\"", word));
    }
    if (automatic) out.port_attempts = kPeerPortAttempts;
    out.any_address = out.any_address || endpoints->size() > 1;
    out.endpoints.insert(out.endpoints.end(), endpoints->begin(), endpoints->end());
  }
  return {};
}

Applied hosts(const Words& words, std::vector<http::AllowedHost>& out) {
  for (const std::string& word : words) {
    const auto authority = http::parse_authority(word);
    if (!authority) {
      return bad(fmt::format("http.allowed_hosts has HOST or HOST:PORT, not \"{}\"", word));
    }
    out.push_back({authority->host, authority->port});
  }
  return {};
}

// The words are not repeated in messages: they are secrets.
Applied tokens(const Words& words, std::vector<TokenSetting>& out) {
  http::TokenTable table;  // knows what a token may be
  for (const std::string& word : words) {
    const std::size_t colon = word.find(':');
    const auto scope = http::parse_scope(std::string_view(word).substr(0, colon));
    if (colon == word.npos || !scope) {
      return bad("http.tokens has SCOPE:TOKEN, where SCOPE is read, add or admin");
    }
    const std::string token = word.substr(colon + 1);
    if (!table.add(token, *scope)) {
      return bad(fmt::format(
          "a token in http.tokens has {} to {} characters, only letters, digits and -._~+/=",
          http::kTokenBytesMin, http::kTokenBytesMax));
    }
    out.push_back({token, *scope});
  }
  return {};
}

// RFC 6454 section 6.2: a scheme, a host and perhaps a port, and nothing after them.
Applied origins(const Words& words, http::OriginPolicy& out) {
  for (std::string word : words) {
    if (word == "*") {
      out.any = true;
      continue;
    }
    std::ranges::transform(word, word.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    const std::size_t slashes = word.find("://");
    const std::string_view scheme = std::string_view(word).substr(0, slashes);
    if ((scheme != "http" && scheme != "https") || slashes == word.npos ||
        !http::parse_authority(std::string_view(word).substr(slashes + 3))) {
      return bad(fmt::format(
          "http.cors_origin is * or an origin such as https://app.example, not \"{}\"", word));
    }
    out.allowed.push_back(std::move(word));
  }
  return {};
}

Applied path(const ConfigInputs& inputs, const ConfigValue& value, std::string& out) {
  if (value.words.empty()) return {};
  const std::string& word = value.words.back();
  if (word.empty() || word.find('\0') != word.npos) return bad("a path is not empty");
  if (word.starts_with('/')) {
    out = word;
    return {};
  }
  std::string base = inputs.working_dir;
  if (value.origin == ConfigOrigin::file) {
    const std::size_t slash = inputs.file_name.rfind('/');
    const std::string folder = inputs.file_name.substr(0, slash == std::string::npos ? 0 : slash);
    if (slash == 0 || folder.starts_with('/')) {
      base = folder;
    } else if (!folder.empty()) {
      base += "/" + folder;
    }
  }
  out = (base == "/" ? "" : base) + "/" + word;
  return {};
}

// What auto is depends on state_dir: see load_config().
Applied socket(const ConfigInputs& inputs, const ConfigValue& value, DaemonConfig& out) {
  const std::string word = value.words.empty() ? std::string() : value.words.back();
  out.socket_auto = word == "auto";
  if (word == "auto" || word == "none") return {};
  if (auto known = path(inputs, value, out.socket); !known) return known;
  if (out.socket.size() <= kUnixPathBytesMax) return {};
  return beyond(fmt::format("socket is a path of at most {} bytes, and this one has {}",
                            kUnixPathBytesMax, out.socket.size()));
}

template <class Value, class Target>
Applied assign(std::expected<Value, Fault> value, Target& target) {
  if (!value) return std::unexpected(std::move(value.error()));
  target = static_cast<Target>(*value);
  return {};
}

// Puts one setting's words into its member.
Applied apply(const ConfigInputs& inputs, const Setting& setting, const ConfigValue& value,
              DaemonConfig& out) {
  const Words& words = value.words;
  if (words.size() > kListMax) {
    return beyond(fmt::format("{} has at most {} entries", setting.name, kListMax));
  }
  const std::string word = words.empty() ? std::string() : words.back();
  switch (setting.id) {
    case SettingId::http_listen:
      return http_endpoints(words, out.http_listen);
    case SettingId::http_allowed_hosts:
      return hosts(words, out.allowed_hosts);
    case SettingId::http_tokens:
      return tokens(words, out.tokens);
    case SettingId::http_cors_origin:
      return origins(words, out.cors);
    case SettingId::http_connections:
      return assign(count_of(setting, word), out.http_connections);
    case SettingId::peer_listen:
      return peer_endpoints(words, out.peer_listen);
    case SettingId::data_dir:
      return path(inputs, value, out.data_dir);
    case SettingId::state_dir:
      return path(inputs, value, out.state_dir);
    case SettingId::socket:
      return socket(inputs, value, out);
    case SettingId::quota:
      return assign(size_of(setting, word), out.quota);
    case SettingId::store_ttl:
      if (word == "0") return {};
      return assign(time_of(setting, word), out.store_ttl);
    case SettingId::fetch_timeout:
      return assign(time_of(setting, word), out.fetch_timeout);
    case SettingId::limits_down:
      return assign(size_of(setting, word), out.down_bytes_per_second);
    case SettingId::limits_up:
      return assign(size_of(setting, word), out.up_bytes_per_second);
    case SettingId::limits_connections:
      return assign(count_of(setting, word), out.connections);
    case SettingId::limits_connections_per_torrent:
      return assign(count_of(setting, word), out.connections_per_torrent);
    case SettingId::limits_dial_below:
      return assign(count_of(setting, word), out.dial_below);
    case SettingId::log_level:
      return assign(choice_of(setting, word), out.log_level);
    case SettingId::log_format:
      return assign(choice_of(setting, word), out.log_format);
    case SettingId::ports_file:
      return path(inputs, value, out.ports_file);
  }
  return {};
}

Words split_list(const std::string& text) {
  Words words;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const std::size_t first = std::min(text.find_first_not_of(' ', at), comma);
    std::size_t last = comma;
    while (last > first && text[last - 1] == ' ') --last;
    if (last > first) words.push_back(text.substr(first, last - first));
    at = comma + 1;
  }
  return words;
}

std::string variable(const ConfigInputs& inputs, std::string_view name) {
  const auto found = inputs.environment.find(name);
  return found == inputs.environment.end() ? std::string() : found->second;
}

// XDG Base Directory Specification: a relative path is to be ignored.
std::string xdg(const ConfigInputs& inputs, std::string_view name, std::string_view below_home) {
  if (const std::string given = variable(inputs, name); given.starts_with('/')) return given;
  const std::string home = variable(inputs, "HOME");
  return home.starts_with('/') ? fmt::format("{}/{}", home == "/" ? "" : home, below_home) : "";
}

Words fallback_words(const ConfigInputs& inputs, const Setting& setting) {
  if (!setting.fallback.empty()) return {std::string(setting.fallback)};
  std::string base;
  if (setting.id == SettingId::data_dir) {
    base = xdg(inputs, "XDG_DATA_HOME", ".local/share");
    if (!base.empty()) return {base + "/weir"};
  }
  if (setting.id == SettingId::state_dir) {
    // Below the directory of `weir get`, not in it: what was fetched by hand is not the node's.
    base = xdg(inputs, "XDG_STATE_HOME", ".local/state");
    if (!base.empty()) return {base + "/weir/node"};
  }
  return {};
}

// The one of the four places that counts.
ConfigValue choose(const ConfigInputs& inputs, const Setting& setting,
                   const std::map<SettingId, ConfigValue>& file) {
  for (const auto& [id, words] : inputs.flags) {
    if (id == setting.id) {
      return {.words = words,
              .origin = ConfigOrigin::flag,
              .place = std::string(setting.flag),
              .file = {},
              .line = 0};
    }
  }
  const std::string name = environment_name(setting);
  // An empty variable counts as one that is not set, as everywhere in a shell.
  if (const std::string text = variable(inputs, name); !text.empty()) {
    return {.words = is_list(setting.type) ? split_list(text) : Words{text},
            .origin = ConfigOrigin::environment,
            .place = name,
            .file = {},
            .line = 0};
  }
  if (const auto found = file.find(setting.id); found != file.end()) return found->second;
  return {.words = fallback_words(inputs, setting),
          .origin = ConfigOrigin::fallback,
          .place = "default",
          .file = {},
          .line = 0};
}

ConfigError error_at(const Setting& setting, const ConfigValue& value, Fault fault) {
  return {.code = fault.code,
          .file = value.file,
          .line = value.line,
          .place = value.place,
          .key = std::string(setting.name),
          .text = std::move(fault.text),
          .os_error = 0};
}

// What no setting alone can be blamed for.
void check_together(const LoadedConfig& loaded, ConfigErrors& errors) {
  const auto report = [&](SettingId id, ConfigErrc code, std::string text) {
    errors.push_back(
        error_at(setting_of(id), loaded.values[index_of(id)], {code, std::move(text)}));
  };
  const DaemonConfig& config = loaded.config;
  for (const Endpoint& endpoint : config.http_listen) {
    if (is_loopback(endpoint) || !config.tokens.empty()) continue;
    report(SettingId::http_listen, ConfigErrc::contradiction,
           fmt::format("http.listen {} can be reached from other machines, where everybody could "
                       "read, add and delete: set http.tokens too, or listen on 127.0.0.1",
                       endpoint.text()));
  }
  for (const auto& [id, dir] : {std::pair{SettingId::data_dir, &config.data_dir},
                                std::pair{SettingId::state_dir, &config.state_dir}}) {
    if (!dir->empty()) continue;
    report(id, ConfigErrc::contradiction,
           fmt::format("{} is not set and has no default, because HOME is not set either",
                       setting_of(id).name));
  }
  if (!config.data_dir.empty() && config.data_dir == config.state_dir) {
    report(SettingId::state_dir, ConfigErrc::contradiction,
           "state_dir and data_dir are two directories");
  }
  if (config.connections_per_torrent > config.connections) {
    report(SettingId::limits_connections_per_torrent, ConfigErrc::contradiction,
           "limits.connections_per_torrent is at most limits.connections");
  }
}

// A node that nobody named a socket for does without one rather than not start.
void choose_socket(LoadedConfig& loaded) {
  const std::string path = loaded.config.state_dir + "/api.sock";
  if (path.size() <= kUnixPathBytesMax) {
    loaded.config.socket = path;
    return;
  }
  loaded.warnings.push_back(
      fmt::format("{} is longer than the {} bytes that a socket's path has: there is none, and "
                  "weir's commands need --api; set socket to a shorter path",
                  path, kUnixPathBytesMax));
}

// What commands read, which is no setting.
constexpr std::string_view kCommandVariables[] = {"WEIR_API", "WEIR_TOKEN"};

// Variables that look like slips of ours. Others that begin with WEIR_ are somebody else's.
void note_slips(const ConfigInputs& inputs, std::vector<std::string>& warnings) {
  std::vector<std::string> names;
  for (const Setting& setting : kSettings) names.push_back(environment_name(setting));
  for (const auto& [name, value] : inputs.environment) {
    if (!name.starts_with("WEIR_") || std::ranges::find(names, name) != names.end()) continue;
    if (std::ranges::find(kCommandVariables, name) != std::end(kCommandVariables)) continue;
    const auto near = nearest(name, names);
    if (near) warnings.push_back(fmt::format("{} is no setting; is {} meant?", name, *near));
  }
}

}  // namespace

std::expected<LoadedConfig, ConfigErrors> load_config(const ConfigInputs& inputs) {
  std::map<SettingId, ConfigValue> file;
  if (inputs.file_text) {
    auto parsed = parse_config_file(inputs.file_name, *inputs.file_text);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    file = std::move(*parsed);
  }
  LoadedConfig loaded;
  ConfigErrors errors;
  for (const Setting& setting : kSettings) {
    ConfigValue& value = loaded.values[index_of(setting.id)];
    value = choose(inputs, setting, file);
    if (auto applied = apply(inputs, setting, value, loaded.config); !applied) {
      errors.push_back(error_at(setting, value, std::move(applied.error())));
    }
  }
  if (errors.empty()) check_together(loaded, errors);
  if (loaded.config.socket_auto) choose_socket(loaded);
  if (!errors.empty()) return std::unexpected(std::move(errors));
  note_slips(inputs, loaded.warnings);
  return loaded;
}

bool is_loopback(const Endpoint& endpoint) {
  return endpoint.address.scope() == AddressScope::loopback;
}

}  // namespace weir
