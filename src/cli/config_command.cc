// SPDX-License-Identifier: MIT OR Apache-2.0
// weir config: what a node would do, and what is wrong with what it was told.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/json.h"
#include "cli/render.h"

namespace weir {
namespace {

namespace json = boost::json;

CliError cli_error(const ConfigError& error) {
  ExitCode exit = error.place.starts_with("--") ? ExitCode::usage : ExitCode::bad_input;
  if (error.os_error != 0) exit = errno_error(error.os_error, error.file).exit;
  return {.exit = exit,
          .code = std::string(code_name(error.code)),
          .text = fmt::format("{}: {}", printable(error.place), printable(error.text)),
          .offset = {},
          .field = error.key};
}

// The worst: what is wrong in a file or the environment is more than a wrong flag.
ExitCode exit_of(const ConfigErrors& errors) {
  ExitCode exit = ExitCode::usage;
  for (const ConfigError& error : errors) {
    const ExitCode one = cli_error(error).exit;
    if (exit == ExitCode::usage) exit = one;
  }
  return exit;
}

json::object error_object(const ConfigError& error) {
  json::object out{{"code", code_name(error.code)},
                   {"place", json_text(error.place)},
                   {"setting", json_text(error.key)},
                   {"message", json_text(error.text)}};
  if (!error.file.empty()) out["file"] = json_text(error.file);
  if (error.line != 0) out["line"] = error.line;
  return out;
}

ExitCode check(const std::expected<LoadedConfig, ConfigErrors>& loaded, Output& output) {
  if (output.human()) {
    if (!loaded) return fail_configuration(output, loaded.error());
    output.note("the configuration is good");
    return ExitCode::done;
  }
  json::array errors;
  if (!loaded) {
    for (const ConfigError& error : loaded.error()) errors.push_back(error_object(error));
  }
  json::array warnings;
  if (loaded) {
    for (const std::string& text : loaded->warnings) warnings.push_back(json_text(text));
  }
  output.data(json_line({{"good", loaded.has_value()},
                         {"errors", std::move(errors)},
                         {"warnings", std::move(warnings)}}));
  return loaded ? ExitCode::done : exit_of(loaded.error());
}

json::object setting_object(const Setting& setting, const ConfigValue& value) {
  json::array words;
  for (const std::string& word : shown_words(setting, value)) words.push_back(json_text(word));
  json::object out{{"setting", setting.name},
                   {"environment", environment_name(setting)},
                   {"default", setting.fallback.empty() ? setting.fallback_text : setting.fallback},
                   {"origin", origin_name(value.origin)},
                   {"place", json_text(value.place)}};
  out["flag"] = setting.flag.empty() ? json::value(nullptr) : json::value(setting.flag);
  if (is_list(setting.type)) {
    out["value"] = std::move(words);
  } else {
    out["value"] = words.empty() ? json::value(nullptr) : words.front();
  }
  return out;
}

void show(const LoadedConfig& loaded, Output& output) {
  if (output.human()) {
    output.data(render_config(loaded));
    return;
  }
  json::array settings;
  for (const Setting& setting : kSettings) {
    settings.push_back(setting_object(setting, loaded.values[index_of(setting.id)]));
  }
  output.data(json_line({{"settings", std::move(settings)}}));
}

}  // namespace

std::expected<LoadedConfig, ConfigErrors> configuration(const Arguments& arguments) {
  auto inputs = read_config_inputs(arguments.value("--config"));
  if (!inputs) return std::unexpected(std::move(inputs.error()));
  for (const Setting& setting : kSettings) {
    if (setting.flag.empty() || !arguments.has(setting.flag)) continue;
    inputs->flags.emplace_back(setting.id, arguments.values(setting.flag));
  }
  return load_config(*inputs);
}

ExitCode fail_configuration(Output& output, const ConfigErrors& errors) {
  for (const ConfigError& error : errors) output.error(cli_error(error));
  return exit_of(errors);
}

ExitCode run_config(const Arguments& arguments, Output& output) {
  const auto loaded = configuration(arguments);
  if (loaded) {
    for (const std::string& text : loaded->warnings) output.warning(text);
  }
  if (arguments.operands[0] == "check") return check(loaded, output);
  if (!loaded) return fail_configuration(output, loaded.error());
  show(*loaded, output);
  return ExitCode::done;
}

}  // namespace weir
