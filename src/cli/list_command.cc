// SPDX-License-Identifier: MIT OR Apache-2.0
// weir ls and weir status: what a running node has, and how it is doing.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>

#include "cli/commands.h"
#include "cli/json.h"
#include "cli/remote.h"
#include "cli/render.h"
#include "metainfo/url.h"

namespace weir {
namespace {

namespace json = boost::json;

// Enough to name a torrent among a few thousand.
constexpr std::size_t kShortHash = 10;

std::string query_of(const Arguments& arguments) {
  std::string out = "sort=" + arguments.value("--sort").value_or("added");
  if (arguments.has("--reverse")) out += "&order=desc";
  if (const auto state = arguments.value("--state")) out += "&state=" + *state;
  if (const auto text = arguments.value("--search")) out += "&q=" + percent_encode(*text);
  return out;
}

std::string percent(const json::object& torrent) {
  if (!torrent.contains("metadata") || !torrent.at("metadata").is_bool() ||
      !torrent.at("metadata").get_bool()) {
    return "-";
  }
  return render_percent(number_of(torrent, "done"), number_of(torrent, "size"));
}

std::string rate(const json::object& torrent, std::string_view name) {
  const std::uint64_t bytes = number_of(torrent, name);
  return bytes == 0 ? "-" : render_rate(static_cast<double>(bytes));
}

using Row = std::array<std::string, 8>;

// Columns as wide as their widest; the name ends the line, however long it is.
std::string table(const std::vector<Row>& rows) {
  constexpr std::array<bool, 8> kRight{false, false, true, true, true, true, true, false};
  std::array<std::size_t, 8> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      out += kRight[i] ? fmt::format("{:>{}}  ", row[i], widths[i])
                       : fmt::format("{:<{}}  ", row[i], widths[i]);
    }
    out += row.back() + '\n';
  }
  return out;
}

std::string listing(const json::array& torrents, std::size_t hash_length) {
  std::vector<Row> rows{{"HASH", "STATE", "DONE", "SIZE", "DOWN", "UP", "PEERS", "NAME"}};
  for (const json::value& value : torrents) {
    const json::object& torrent = value.get_object();
    rows.push_back({shown_of(torrent, "hash").substr(0, hash_length), shown_of(torrent, "state"),
                    percent(torrent), render_bytes(number_of(torrent, "size")),
                    rate(torrent, "downRate"), rate(torrent, "upRate"),
                    std::to_string(number_of(torrent, "peers")), shown_of(torrent, "name")});
  }
  return table(rows);
}

void add_line(std::string& out, std::string_view label, std::string_view value) {
  if (!value.empty()) out += fmt::format("{:<14}{}\n", label, value);
}

const json::object& object_of(const json::object& object, std::string_view name) {
  static const json::object kNone;
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_object() ? value->get_object() : kNone;
}

void add_addresses(std::string& out, const json::object& addresses) {
  const auto add_all = [&](std::string_view label, std::string_view field,
                           std::string_view before) {
    const json::value* list = addresses.if_contains(field);
    if (list == nullptr || !list->is_array()) return;
    for (const json::value& one : list->get_array()) {
      if (!one.is_string()) continue;
      add_line(out, label,
               fmt::format("{}{}", before, printable(std::string_view(one.get_string()))));
    }
  };
  add_all("HTTP", "listening", "http://");
  add_line(out, "socket", shown_of(addresses, "socket"));
  add_all("peers on", "peers", "");
}

std::string limit(const json::object& limits, std::string_view name) {
  const std::uint64_t bytes = number_of(limits, name);
  return bytes == 0 ? "" : fmt::format(" of at most {}", render_rate(static_cast<double>(bytes)));
}

std::string status_page(const json::object& status) {
  std::string out;
  add_line(out, "version", shown_of(status, "version"));
  add_line(out, "up for", render_duration(std::chrono::seconds(number_of(status, "uptime"))));
  add_addresses(out, object_of(status, "addresses"));
  const json::object& torrents = object_of(status, "torrents");
  std::string states;
  for (const auto& [name, value] : torrents) {
    const std::uint64_t count = number_of(torrents, name);
    if (name == "total" || count == 0) continue;
    states += fmt::format("{}{} {}", states.empty() ? ": " : ", ", count, printable(name));
  }
  add_line(out, "torrents", fmt::format("{}{}", number_of(torrents, "total"), states));
  add_line(out, "peers", std::to_string(number_of(status, "peers")));
  const json::object& limits = object_of(status, "limits");
  for (const auto& [label, field, sum, name] :
       {std::array{"down", "downRate", "downloaded", "down"},
        std::array{"up", "upRate", "uploaded", "up"}}) {
    add_line(
        out, label,
        fmt::format("{}{}, {} so far", render_rate(static_cast<double>(number_of(status, field))),
                    limit(limits, name), render_bytes(number_of(status, sum))));
  }
  const json::object& space = object_of(status, "space");
  const std::uint64_t quota = number_of(space, "quota");
  add_line(out, "content",
           render_bytes(number_of(space, "used")) +
               (quota == 0 ? "" : fmt::format(" of at most {}", render_bytes(quota))));
  return out;
}

}  // namespace

ExitCode run_ls(const Arguments& arguments, Output& output) {
  auto target = api_target(arguments);
  if (!target) return fail(output, target.error());
  NodeLink node(std::move(*target));
  auto torrents = node.list(query_of(arguments));
  if (!torrents) return fail(output, torrents.error());
  if (!output.human()) {
    output.data(json_line({{"torrents", std::move(*torrents)}}));
    return ExitCode::done;
  }
  // Who pipes it somewhere wants to use the hashes.
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  output.data(listing(*torrents, terminal ? kShortHash : std::string::npos));
  return ExitCode::done;
}

ExitCode run_status(const Arguments& arguments, Output& output) {
  auto target = api_target(arguments);
  if (!target) return fail(output, target.error());
  NodeLink node(std::move(*target));
  const auto status = node.ask("GET", "/status", "status");
  if (!status) return fail(output, status.error());
  const json::object* object = status->if_object();
  const json::object none;
  output.data(output.human() ? status_page(object == nullptr ? none : *object)
                             : json_line(object == nullptr ? none : *object));
  return ExitCode::done;
}

}  // namespace weir
