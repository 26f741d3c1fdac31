// SPDX-License-Identifier: MIT OR Apache-2.0
// What the configuration looks like in print, and where it is read from.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "daemon/config.h"

extern char** environ;

namespace weir {
namespace {

// A basic string of TOML.
std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04X}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() < 19 && text.find_first_not_of("0123456789") == text.npos &&
         (text == "0" || text[0] != '0');
}

std::string rendered(const Setting& setting, const ConfigValue& value) {
  const std::vector<std::string> words = shown_words(setting, value);
  if (is_list(setting.type)) {
    std::string out;
    for (const std::string& word : words) {
      out += fmt::format("{}{}", out.empty() ? "" : ", ", toml_string(word));
    }
    return fmt::format("[{}]", out);
  }
  if (words.empty()) return "";
  const bool number = setting.type == SettingType::size || setting.type == SettingType::time ||
                      setting.type == SettingType::count;
  return number && is_number(words.back()) ? words.back() : toml_string(words.back());
}

std::unexpected<ConfigErrors> unreadable(const std::string& name, ConfigErrc code, std::string text,
                                         int os_error = 0) {
  return std::unexpected(ConfigErrors{{.code = code,
                                       .file = name,
                                       .line = 0,
                                       .place = name,
                                       .key = {},
                                       .text = std::move(text),
                                       .os_error = os_error}});
}

std::unexpected<ConfigErrors> unreadable(const std::string& name, int os_error) {
  return unreadable(name, ConfigErrc::unreadable, std::generic_category().message(os_error),
                    os_error);
}

struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
};

std::expected<std::optional<std::string>, ConfigErrors> read_file(const std::string& name,
                                                                  bool may_be_absent) {
  // Opening a named pipe must not wait for whoever writes to it.
  const Descriptor file{open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) {
    const int error = errno;
    if (may_be_absent && (error == ENOENT || error == ENOTDIR)) return std::nullopt;
    return unreadable(name, error);
  }
  struct stat status{};
  if (fstat(file.fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    return unreadable(name, ConfigErrc::unreadable, "it is no regular file");
  }
  std::string text(kConfigBytesMax + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(file.fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(name, errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kConfigBytesMax) {
    return unreadable(name, ConfigErrc::too_large,
                      fmt::format("a configuration has at most {} bytes", kConfigBytesMax));
  }
  text.resize(size);
  return text;
}

std::string default_file(const ConfigInputs& inputs) {
  const auto value = [&](std::string_view name) {
    const auto found = inputs.environment.find(name);
    return found == inputs.environment.end() ? std::string() : found->second;
  };
  if (const std::string base = value("XDG_CONFIG_HOME"); base.starts_with('/')) {
    return base + "/weir/weir.toml";
  }
  const std::string home = value("HOME");
  return home.starts_with('/') ? home + "/.config/weir/weir.toml" : "";
}

}  // namespace

std::string_view code_name(ConfigErrc code) {
  switch (code) {
    case ConfigErrc::unreadable:
      return "unreadable";
    case ConfigErrc::too_large:
      return "too_large";
    case ConfigErrc::syntax:
      return "syntax";
    case ConfigErrc::unknown_key:
      return "unknown_key";
    case ConfigErrc::wrong_type:
      return "wrong_type";
    case ConfigErrc::bad_value:
      return "bad_value";
    case ConfigErrc::out_of_range:
      return "out_of_range";
    case ConfigErrc::contradiction:
      return "contradiction";
  }
  return "";
}

std::string_view origin_name(ConfigOrigin origin) {
  switch (origin) {
    case ConfigOrigin::fallback:
      return "default";
    case ConfigOrigin::file:
      return "file";
    case ConfigOrigin::environment:
      return "environment";
    case ConfigOrigin::flag:
      return "flag";
  }
  return "";
}

std::vector<std::string> shown_words(const Setting& setting, const ConfigValue& value) {
  if (setting.type != SettingType::tokens) return value.words;
  std::vector<std::string> words;
  for (const std::string& word : value.words) {
    words.push_back(word.substr(0, word.find(':')) + ":(hidden)");
  }
  return words;
}

std::string render_config(const LoadedConfig& loaded) {
  std::string out;
  std::string table;
  // Keys of no table come first: in TOML nothing ends a table but the next one.
  for (const bool top : {true, false}) {
    for (const Setting& setting : kSettings) {
      const std::size_t dot = setting.name.find('.');
      if ((dot == setting.name.npos) != top) continue;
      const ConfigValue& value = loaded.values[index_of(setting.id)];
      const std::string_view key = top ? setting.name : setting.name.substr(dot + 1);
      if (!top && setting.name.substr(0, dot) != table) {
        table = setting.name.substr(0, dot);
        out += fmt::format("\n[{}]\n", table);
      }
      const std::string text = rendered(setting, value);
      out += text.empty() ? fmt::format("# {} is not set\n", key)
                          : fmt::format("{} = {}  # {}\n", key, text, value.place);
    }
  }
  return out;
}

std::expected<ConfigInputs, ConfigErrors> read_config_inputs(
    const std::optional<std::string>& named) {
  ConfigInputs inputs;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    if (equals == text.npos ||
        !(name.starts_with("WEIR_") || name.starts_with("XDG_") || name == "HOME")) {
      continue;
    }
    inputs.environment.emplace(name, text.substr(equals + 1));
  }
  std::error_code error;
  inputs.working_dir = std::filesystem::current_path(error).string();
  inputs.file_name = named ? *named : default_file(inputs);
  if (inputs.file_name.empty() && !named) return inputs;
  auto text = read_file(inputs.file_name, !named);
  if (!text) return std::unexpected(std::move(text.error()));
  inputs.file_text = std::move(*text);
  return inputs;
}

}  // namespace weir
