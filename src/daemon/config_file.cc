// SPDX-License-Identifier: MIT OR Apache-2.0
// The configuration file: from TOML to the words that environment variables and flags have too.
#include <fmt/format.h>
#include <toml++/toml.h>

#include "daemon/config.h"

namespace weir {
namespace {

class FileReader {
 public:
  explicit FileReader(const std::string& name) : name_(name) {}

  void read(const toml::table& table, const std::string& prefix) {
    for (const auto& [key, node] : table) {
      const std::string path = prefix + std::string(key.str());
      const std::size_t line = node.is_table() ? line_of(key.source()) : line_of(node.source());
      if (const Setting* setting = find_setting(path)) {
        read_setting(*setting, node, line);
      } else if (!is_table_name(path)) {
        unknown(path, prefix, line);
      } else if (const toml::table* inner = node.as_table()) {
        read(*inner, path + ".");
      } else {
        fail(ConfigErrc::wrong_type, path, line, fmt::format("{} is a table", path));
      }
    }
  }

  std::map<SettingId, ConfigValue> values;
  ConfigErrors errors;

 private:
  static std::size_t line_of(const toml::source_region& region) { return region.begin.line; }

  static bool is_table_name(std::string_view path) {
    const std::string prefix = fmt::format("{}.", path);
    for (const Setting& setting : kSettings) {
      if (setting.name.starts_with(prefix)) return true;
    }
    return false;
  }

  // Setting names and, for slips in the name of a whole table, those.
  static std::vector<std::string> known_names() {
    std::vector<std::string> names;
    for (const Setting& setting : kSettings) {
      names.emplace_back(setting.name);
      const std::size_t dot = setting.name.find('.');
      if (dot != std::string_view::npos) names.emplace_back(setting.name.substr(0, dot));
    }
    return names;
  }

  void unknown(const std::string& path, const std::string& prefix, std::size_t line) {
    auto near = nearest(path, known_names());
    if (!near && !prefix.empty()) {
      // Of a key in the wrong table, the one of the same name elsewhere.
      const std::string key = path.substr(prefix.size());
      for (const Setting& setting : kSettings) {
        if (setting.name == key || setting.name.ends_with("." + key)) near = setting.name;
      }
    }
    std::string text = fmt::format("there is no setting {}", path);
    if (near) text += fmt::format("; is {} meant?", *near);
    fail(ConfigErrc::unknown_key, path, line, std::move(text));
  }

  void fail(ConfigErrc code, std::string_view key, std::size_t line, std::string text) {
    if (errors.size() == kConfigErrorsMax) return;
    errors.push_back({.code = code,
                      .file = name_,
                      .line = line,
                      .place = fmt::format("{}:{}", name_, line),
                      .key = std::string(key),
                      .text = std::move(text),
                      .os_error = 0});
  }

  void read_setting(const Setting& setting, const toml::node& node, std::size_t line) {
    ConfigValue value{.words = {},
                      .origin = ConfigOrigin::file,
                      .place = fmt::format("{}:{}", name_, line),
                      .file = name_,
                      .line = line};
    const toml::array* array = node.as_array();
    const bool whole = array != nullptr && is_list(setting.type)
                           ? read_items(*array, value.words)
                           : read_word(setting.type, node, value.words);
    if (!whole) {
      fail(ConfigErrc::wrong_type, setting.name, line,
           fmt::format("{} is {}", setting.name, wanted(setting.type)));
      return;
    }
    values.emplace(setting.id, std::move(value));
  }

  static bool read_items(const toml::array& array, std::vector<std::string>& words) {
    for (const toml::node& item : array) {
      const auto text = item.value_exact<std::string>();
      if (!text) return false;
      words.push_back(*text);
    }
    return true;
  }

  static bool read_word(SettingType type, const toml::node& node, std::vector<std::string>& words) {
    const bool number = type == SettingType::size || type == SettingType::time ||
                        type == SettingType::count || type == SettingType::peer_endpoints;
    if (const auto integer = node.value_exact<std::int64_t>(); integer && number) {
      words.push_back(std::to_string(*integer));
      return true;
    }
    if (const auto real = node.value_exact<double>(); real && type == SettingType::time) {
      words.push_back(fmt::format("{}", *real));
      return true;
    }
    const auto text = node.value_exact<std::string>();
    if (!text || type == SettingType::count) return false;
    words.push_back(*text);
    return true;
  }

  static std::string_view wanted(SettingType type) {
    switch (type) {
      case SettingType::http_endpoints:
      case SettingType::hosts:
      case SettingType::tokens:
      case SettingType::origins:
        return "a list of strings, or one string";
      case SettingType::peer_endpoints:
        return "a list of strings, one string, or a port number";
      case SettingType::path:
      case SettingType::socket:
      case SettingType::choice:
        return "a string";
      case SettingType::size:
        return "a number of bytes, or a string such as \"10G\"";
      case SettingType::time:
        return "a number of seconds, or a string such as \"10m\"";
      case SettingType::count:
        return "a whole number";
    }
    return "";
  }

  const std::string& name_;
};

}  // namespace

std::expected<std::map<SettingId, ConfigValue>, ConfigErrors> parse_config_file(
    const std::string& name, const std::string& text) {
  FileReader reader(name);
  try {
    reader.read(toml::parse(text, name), "");
  } catch (const toml::parse_error& error) {
    // The library's way to say that the text is no TOML; it goes no further than here.
    const std::size_t line = error.source().begin.line;
    return std::unexpected(ConfigErrors{{.code = ConfigErrc::syntax,
                                         .file = name,
                                         .line = line,
                                         .place = fmt::format("{}:{}", name, line),
                                         .key = {},
                                         .text = std::string(error.description()),
                                         .os_error = 0}});
  }
  if (!reader.errors.empty()) return std::unexpected(std::move(reader.errors));
  return std::move(reader.values);
}

}  // namespace weir
