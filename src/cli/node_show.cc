// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/node_show.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "cli/json.h"
#include "cli/render.h"

namespace weir {
namespace {

namespace json = boost::json;

void add_line(std::string& out, std::string_view label, std::string_view value) {
  if (!value.empty()) out += fmt::format("{:<14}{}\n", label, value);
}

// A list that GET /torrents/{hash}/<what> gives under the name `what`. Empty while there is none,
// as of the files of a torrent whose metadata is not known.
CliResult<json::array> list_of(NodeLink& node, const std::string& hash, std::string_view what) {
  auto answer = node.ask("GET", fmt::format("/torrents/{}/{}", hash, what), hash);
  if (!answer && answer.error().exit == ExitCode::conflict) return json::array{};
  if (!answer) return std::unexpected(answer.error());
  json::object* object = answer->if_object();
  json::value* list = object == nullptr ? nullptr : object->if_contains(what);
  json::array out;
  if (list == nullptr || !list->is_array()) return out;
  for (json::value& value : list->get_array()) {
    if (value.is_object()) out.push_back(std::move(value));
  }
  return out;
}

std::string file_lines(const json::array& files) {
  std::size_t width = 0;
  for (const json::value& file : files) {
    width = std::max(width, render_bytes(number_of(file.get_object(), "size")).size());
  }
  std::string out;
  for (const json::value& value : files) {
    const json::object& file = value.get_object();
    const std::uint64_t size = number_of(file, "size");
    out += fmt::format("{:>{}}  {:>6}  {}\n", render_bytes(size), width,
                       size == 0 ? "100.0%" : render_percent(number_of(file, "done"), size),
                       shown_of(file, "path"));
  }
  return out;
}

std::string page(const json::object& torrent, const json::array& files,
                 const json::array& trackers) {
  std::string out;
  add_line(out, "name", shown_of(torrent, "name"));
  std::string state = shown_of(torrent, "state");
  if (const json::value* error = torrent.if_contains("error"); error && error->is_object()) {
    state += fmt::format(" ({})", shown_of(error->get_object(), "code"));
  }
  add_line(out, "state", state);
  add_line(out, "info hash v1", shown_of(torrent, "v1"));
  add_line(out, "info hash v2", shown_of(torrent, "v2"));
  const std::uint64_t size = number_of(torrent, "size");
  const json::value* known = torrent.if_contains("metadata");
  if (known != nullptr && known->is_bool() && known->get_bool()) {
    add_line(out, "content",
             fmt::format("{} of {} ({} bytes) in {} file{}",
                         render_percent(number_of(torrent, "done"), size), render_bytes(size), size,
                         files.size(), files.size() == 1 ? "" : "s"));
  }
  add_line(out, "published", shown_of(torrent, "inPlace"));
  add_line(out, "upload", shown_of(torrent, "upload"));
  add_line(
      out, "down",
      fmt::format("{}, {} so far", render_rate(static_cast<double>(number_of(torrent, "downRate"))),
                  render_bytes(number_of(torrent, "downloaded"))));
  add_line(
      out, "up",
      fmt::format("{}, {} so far", render_rate(static_cast<double>(number_of(torrent, "upRate"))),
                  render_bytes(number_of(torrent, "uploaded"))));
  add_line(out, "peers",
           fmt::format("{} connected, {} of them seeds", number_of(torrent, "peers"),
                       number_of(torrent, "seeds")));
  bool first = true;
  for (const json::value& value : trackers) {
    const json::object& tracker = value.get_object();
    const std::string error = shown_of(tracker, "error");
    add_line(out, first ? "trackers" : "",
             fmt::format("{} {}{}", shown_of(tracker, "tracker"), shown_of(tracker, "state"),
                         error.empty() ? "" : fmt::format(" ({})", error)));
    first = false;
  }
  add_line(out, "magnet", shown_of(torrent, "magnet"));
  if (!files.empty()) out += '\n' + file_lines(files);
  return out;
}

}  // namespace

CliResult<std::string> node_page(NodeLink& node, const json::object& torrent, bool json) {
  const std::string hash = text_of(torrent, "hash");
  auto files = list_of(node, hash, "files");
  if (!files) return std::unexpected(files.error());
  auto trackers = list_of(node, hash, "trackers");
  if (!trackers) return std::unexpected(trackers.error());
  if (!json) return page(torrent, *files, *trackers);
  json::object out = torrent;
  out["type"] = "node";
  out["files"] = std::move(*files);
  out["trackers"] = std::move(*trackers);
  return json_line(out);
}

}  // namespace weir
