// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/remote.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <cstdlib>
#include <utility>

#include "cli/configuration.h"
#include "cli/render.h"
#include "cli/stop_signal.h"
#include "cli/values.h"
#include "metainfo/url.h"

namespace weir {
namespace {

namespace json = boost::json;
using Failure = std::unexpected<CliError>;

constexpr std::size_t kTokenFileMax = 4096;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

CliError made(ExitCode exit, std::string code, std::string text) {
  return {
      .exit = exit, .code = std::move(code), .text = std::move(text), .offset = {}, .field = {}};
}

// Its first line.
CliResult<std::string> read_token(const std::string& path) {
  const auto bytes = read_whole_file(path, kTokenFileMax);
  if (!bytes) return Failure(bytes.error());
  std::string_view text = as_text(*bytes);
  text = text.substr(0, text.find_first_of("\r\n"));
  if (text.empty()) {
    return Failure(made(ExitCode::bad_input, "empty_token",
                        fmt::format("{}: there is no token in its first line", printable(path))));
  }
  // Whatever else is in it would be another field of the request.
  const bool plain = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
  if (!plain) {
    return Failure(made(ExitCode::bad_input, "bad_token",
                        fmt::format("{}: a token has no spaces", printable(path))));
  }
  return std::string(text);
}

CliResult<std::string> token_of(const Arguments& arguments) {
  if (const auto file = arguments.value("--token-file")) return read_token(*file);
  std::string token = variable("WEIR_TOKEN");
  const bool plain = std::ranges::all_of(token, [](char c) { return c > ' ' && c < 0x7f; });
  if (!plain) return Failure(made(ExitCode::bad_input, "bad_token", "WEIR_TOKEN has no spaces"));
  return token;
}

CliResult<ApiTarget> named_target(const std::string& api, std::string token) {
  ApiTarget out{.unix_path = {}, .url = {}, .token = {}, .ca_file = variable("SSL_CERT_FILE")};
  if (api.starts_with("unix:")) {
    out.unix_path = absolute_path(api.substr(5));
    return out;
  }
  const std::size_t slashes = api.find("://");
  const std::string scheme = api.substr(0, slashes);
  std::string host = slashes == api.npos ? "" : api.substr(slashes + 3);
  while (host.ends_with('/')) host.pop_back();
  if ((scheme != "http" && scheme != "https") || host.empty() ||
      host.find_first_of("/?#@ ") != host.npos) {
    return Failure(made(ExitCode::usage, "usage",
                        fmt::format("a node is unix:PATH, http://HOST:PORT or https://HOST:PORT, "
                                    "not {}",
                                    printable(api))));
  }
  out.url = scheme + "://" + host;
  out.token = std::move(token);
  return out;
}

bool is_regular(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

bool is_magnet(std::string_view text) { return text.starts_with("magnet:"); }

// As CIDs are written: a letter for the base, then letters and digits.
bool may_be_cid(std::string_view text) {
  return text.size() >= 40 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
         });
}

std::string hex_of(const InfoHashes& hashes) {
  return hashes.v1 ? hashes.v1->hex() : hashes.v2->hex();
}

CliError none_such(const std::string& id) {
  return made(ExitCode::not_found, "no_such_torrent",
              fmt::format("{}: the node has no such torrent", printable(id)));
}

// Whether the text is the torrent's name or how one of its hashes begins.
bool is_named(const json::object& torrent, const std::string& id) {
  if (text_of(torrent, "name") == id) return true;
  std::string lower = id;
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (lower.size() < NodeLink::kPrefixMin) return false;
  return text_of(torrent, "v1").starts_with(lower) || text_of(torrent, "v2").starts_with(lower);
}

}  // namespace

bool api_named(const Arguments& arguments) {
  return arguments.has("--api") || arguments.has("--socket") || !variable("WEIR_API").empty();
}

CliResult<ApiTarget> api_target(const Arguments& arguments) {
  auto token = token_of(arguments);
  if (!token) return Failure(token.error());
  if (const auto api = arguments.value("--api")) return named_target(*api, std::move(*token));
  const bool by_flag = arguments.has("--socket") || arguments.has("--state-dir");
  if (const std::string api = variable("WEIR_API"); !api.empty() && !by_flag) {
    return named_target(api, std::move(*token));
  }
  const auto loaded = configuration(arguments);
  if (!loaded) {
    const ConfigError& first = loaded.error().front();
    return Failure(made(first.place.starts_with("--") ? ExitCode::usage : ExitCode::bad_input,
                        std::string(code_name(first.code)),
                        fmt::format("{}: {}", printable(first.place), printable(first.text))));
  }
  if (loaded->config.socket.empty()) {
    return Failure(made(ExitCode::no_node, "no_socket",
                        "the node's configuration gives it no Unix socket: name the node with "
                        "--api URL"));
  }
  return ApiTarget{.unix_path = loaded->config.socket, .url = {}, .token = {}, .ca_file = {}};
}

CliError api_failure(const ApiClientError& error) {
  std::string text = printable(error.detail);
  ExitCode exit = ExitCode::network;
  switch (error.code) {
    case ApiClientErrc::bad_target:
      exit = ExitCode::usage;
      break;
    case ApiClientErrc::not_running:
      exit = ExitCode::no_node;
      text += ": start one with weir serve, or name another with --api";
      break;
    case ApiClientErrc::permission:
      exit = ExitCode::permission;
      break;
    case ApiClientErrc::timed_out:
      exit = ExitCode::timed_out;
      break;
    case ApiClientErrc::interrupted:
      exit = ExitCode::unfinished;
      text = "stopped";
      break;
    case ApiClientErrc::unreachable:
    case ApiClientErrc::tls:
    case ApiClientErrc::broken_off:
    case ApiClientErrc::too_large:
    case ApiClientErrc::not_http:
    case ApiClientErrc::sink_failed:
      break;
  }
  return made(exit, error_name(error.code), std::move(text));
}

CliError api_refusal(const ApiAnswer& answer, std::string_view about) {
  std::string code = fmt::format("http_{}", answer.status);
  std::string text = answer.body.substr(0, 300);
  boost::system::error_code failed;
  const json::value body = json::parse(answer.body, failed);
  const json::object* object = failed ? nullptr : body.if_object();
  const json::value* error = object == nullptr ? nullptr : object->if_contains("error");
  if (error != nullptr && error->is_object()) {
    code = text_of(error->get_object(), "code");
    text = text_of(error->get_object(), "text");
  }
  if (text.empty()) text = fmt::format("the node answers with HTTP status {}", answer.status);
  ExitCode exit = ExitCode::failure;
  switch (answer.status) {
    case 400:
    case 413:
    case 415:
    case 422:
    case 502:
      exit = ExitCode::bad_input;
      break;
    case 401:
    case 403:
      exit = ExitCode::permission;
      text += " (a token goes into WEIR_TOKEN or --token-file)";
      break;
    case 404:
      exit = ExitCode::not_found;
      break;
    case 409:
      exit = ExitCode::conflict;
      break;
    case 416:
      exit = ExitCode::usage;
      break;
    case 504:
      exit = ExitCode::timed_out;
      break;
    case 507:
      exit = ExitCode::disk_full;
      break;
    default:
      break;
  }
  return made(exit, std::move(code), fmt::format("{}: {}", printable(about), printable(text)));
}

NodeLink::NodeLink(ApiTarget target) : client_(std::move(target), stop_requested) {}

CliResult<json::value> NodeLink::ask(std::string method, const std::string& target,
                                     std::string_view about, std::string body, std::string type) {
  const auto answer = client_.ask({.method = std::move(method),
                                   .target = "/api/weir/v1" + target,
                                   .body = std::move(body),
                                   .content_type = std::move(type)});
  if (!answer) return Failure(api_failure(answer.error()));
  if (answer->status / 100 != 2) return Failure(api_refusal(*answer, about));
  if (answer->body.empty()) return json::value(nullptr);
  boost::system::error_code failed;
  json::value out = json::parse(answer->body, failed);
  if (failed) {
    return Failure(made(ExitCode::failure, "bad_answer",
                        "what answers is no node, or one of another version"));
  }
  return out;
}

CliResult<json::object> NodeLink::detail(const std::string& hash, const std::string& id) {
  auto answer = ask("GET", "/torrents/" + percent_encode(hash), id);
  if (!answer && answer.error().exit == ExitCode::not_found) return Failure(none_such(id));
  if (!answer) return Failure(answer.error());
  if (!answer->is_object()) return Failure(none_such(id));
  return std::move(answer->get_object());
}

CliResult<json::array> NodeLink::list(const std::string& query) {
  json::array out;
  while (true) {
    auto page = ask("GET",
                    fmt::format("/torrents?offset={}&limit={}{}{}", out.size(), kPageMax,
                                query.empty() ? "" : "&", query),
                    "torrents");
    if (!page) return Failure(page.error());
    json::object* object = page->if_object();
    json::value* rows = object == nullptr ? nullptr : object->if_contains("torrents");
    if (rows == nullptr || !rows->is_array() || rows->get_array().empty()) return out;
    const std::uint64_t matched = number_of(*object, "matched");
    for (json::value& row : rows->get_array()) {
      if (row.is_object()) out.push_back(std::move(row));
    }
    if (out.size() >= matched) return out;
  }
}

CliResult<json::object> NodeLink::search(const std::string& id) {
  auto rows = list("sort=name&q=" + percent_encode(id));
  if (!rows) return Failure(rows.error());
  std::vector<json::object> found;
  for (json::value& row : *rows) {
    if (!is_named(row.get_object(), id)) continue;
    auto one = detail(text_of(row.get_object(), "hash"), id);
    if (one) found.push_back(std::move(*one));
    if (!one && one.error().exit != ExitCode::not_found) return one;
    if (found.size() > 2) break;
  }
  if (found.empty()) return Failure(none_such(id));
  // What was uploaded is two torrents over one content. The hybrid goes by both hashes.
  if (found.size() == 2 && found[0]["upload"].is_string() &&
      found[0]["upload"] == found[1]["upload"]) {
    return std::move(found[found[0]["v2"].is_string() ? 0 : 1]);
  }
  if (found.size() == 1) return std::move(found[0]);
  return Failure(
      made(ExitCode::usage, "ambiguous",
           fmt::format("{}: that is more than one torrent, {} and {} among them", printable(id),
                       text_of(found[0], "hash"), text_of(found[1], "hash"))));
}

CliResult<json::object> NodeLink::find(const std::string& id) {
  if (is_magnet(id) || (id.ends_with(".torrent") && is_regular(id))) {
    const auto source = load_source(id);
    if (!source) return Failure(source.error());
    return detail(hex_of(source->hashes()), id);
  }
  if (const auto hashes = parse_info_hash(id)) return detail(hex_of(*hashes), id);
  if (may_be_cid(id)) {
    auto known = detail(id, id);
    if (known ||
        (known.error().exit != ExitCode::not_found && known.error().exit != ExitCode::bad_input)) {
      return known;
    }
  }
  if (id.empty() || id.size() > 256) return Failure(none_such(id));
  return search(id);
}

std::uint64_t number_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return 0;
  boost::system::error_code failed;
  const auto number = value->to_number<std::uint64_t>(failed);
  return failed ? 0 : number;
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(std::string_view(value->get_string()));
}

std::string shown_of(const json::object& object, std::string_view name) {
  return printable(text_of(object, name));
}

}  // namespace weir
