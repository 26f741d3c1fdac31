// SPDX-License-Identifier: MIT OR Apache-2.0
// weir add: torrents that a running node is to have, and content that it is to publish where it
// lies.
#include <fmt/format.h>
#include <sys/stat.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <thread>

#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/json.h"
#include "cli/remote.h"
#include "cli/render.h"
#include "cli/stop_signal.h"

namespace weir {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookAgain{200};

bool exists(const std::string& path) {
  struct stat status{};
  return stat(path.c_str(), &status) == 0;
}

// A file of this name is a torrent's; to publish it as content, publish its directory.
bool is_torrent_file(const std::string& id) { return id == "-" || id.ends_with(".torrent"); }

CliResult<json::object> object_of(CliResult<json::value> answer) {
  if (!answer) return std::unexpected(answer.error());
  if (answer->is_object()) return std::move(answer->get_object());
  return std::unexpected(CliError{.exit = ExitCode::failure,
                                  .code = "bad_answer",
                                  .text = "the node's answer has not the form it should have",
                                  .offset = {},
                                  .field = {}});
}

CliResult<json::object> post(NodeLink& node, const json::object& body, const std::string& id) {
  return object_of(node.ask("POST", "/torrents", id, json::serialize(body), "application/json"));
}

CliResult<json::object> add_torrent(NodeLink& node, const Arguments& arguments,
                                    const std::string& id) {
  const bool magnet = id.starts_with("magnet:");
  json::object body;
  if (arguments.has("--paused")) body["paused"] = true;
  if (arguments.has("--sequential")) body["sequential"] = true;
  if (!is_torrent_file(id)) {
    body[magnet ? "magnet" : "hash"] = json_text(id);
    return post(node, body, id);
  }
  const auto source = load_source(id);
  if (!source) return std::unexpected(source.error());
  std::string query;
  for (const auto& [name, value] : body) query += fmt::format("&{}=true", std::string_view(name));
  if (!query.empty()) query[0] = '?';
  return object_of(node.ask("POST", "/torrents" + query, id,
                            std::string(as_text(source->torrent_file)),
                            "application/x-bittorrent"));
}

CliError publish_failure(const json::object& job, const std::string& id) {
  const json::value* error = job.if_contains("error");
  const json::object none;
  const json::object& what = error != nullptr && error->is_object() ? error->get_object() : none;
  const std::string code = text_of(what, "code");
  return {.exit = exit_code_of(code),
          .code = code,
          .text = fmt::format("{}: {}", printable(id), shown_of(what, "text")),
          .offset = {},
          .field = {}};
}

void tell_progress(const json::object& job, Clock::time_point since, Output& output) {
  if (number_of(job, "size") == 0) return;  // it waits, or its files are being listed
  const HashingProgress progress{
      .what = "hashing",
      .done_bytes = number_of(job, "done"),
      .total_bytes = number_of(job, "size"),
      .elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - since)};
  output.draw({render_hashing(progress, output.columns())});
  if (output.plain_due(Clock::now())) output.note(render_hashing(progress, 0));
}

bool is_under_way(const json::object& job) {
  const std::string state = text_of(job, "state");
  return state == "waiting" || state == "hashing";
}

// The wish is taken back even though this program is about to end.
void take_back(const NodeLink& node, const std::string& target) {
  ApiClient last(node.target());
  (void)last.ask({.method = "DELETE", .target = "/api/weir/v1" + target});
}

// The node hashes the content; this only watches.
CliResult<json::object> publish(NodeLink& node, const Arguments& arguments, const std::string& id,
                                Output& output) {
  const std::string path = absolute_path(id);
  if (!is_utf8(path)) {
    return std::unexpected(CliError{.exit = ExitCode::bad_input,
                                    .code = "bad_path",
                                    .text = fmt::format("{}: not UTF-8, so no node can be told "
                                                        "of it",
                                                        printable(id)),
                                    .offset = {},
                                    .field = {}});
  }
  auto job = post(node, {{"path", path}, {"paused", arguments.has("--paused")}}, id);
  if (!job) return job;
  const Clock::time_point since = Clock::now();
  const std::string at = "/publishing/" + text_of(*job, "id");
  while (is_under_way(*job)) {
    tell_progress(*job, since, output);
    std::this_thread::sleep_for(kLookAgain);
    job = object_of(node.ask("GET", at, id));
    if (!job && stop_requested()) take_back(node, at);
    if (!job) return job;
  }
  output.clear();
  const json::value* torrent = job->if_contains("torrent");
  if (torrent == nullptr || !torrent->is_string())
    return std::unexpected(publish_failure(*job, id));
  return object_of(node.ask("GET", "/torrents/" + text_of(*job, "torrent"), id));
}

// The advice that only a person who typed it needs.
CliError explained(CliError error, const std::string& id) {
  if (error.code == "bad_hash" || error.code == "bad_magnet") {
    error.text = fmt::format(
        "{}: neither a file or directory that is here, nor a magnet link, an "
        "info hash or the CID of one",
        printable(id));
  }
  return error;
}

}  // namespace

ExitCode run_add(const Arguments& arguments, Output& output) {
  auto target = api_target(arguments);
  if (!target) return fail(output, target.error());
  NodeLink node(std::move(*target));
  json::array added;
  for (const std::string& id : arguments.operands) {
    const bool content = !is_torrent_file(id) && !id.starts_with("magnet:") && exists(id);
    const auto torrent =
        content ? publish(node, arguments, id, output) : add_torrent(node, arguments, id);
    if (!torrent) return fail(output, explained(torrent.error(), id));
    if (output.human()) {
      output.data(fmt::format("{}  {}\n", text_of(*torrent, "hash"), shown_of(*torrent, "name")));
      if (content) output.note(shown_of(*torrent, "magnet"));
    }
    added.push_back(*torrent);
  }
  if (!output.human()) output.data(json_line({{"torrents", std::move(added)}}));
  return ExitCode::done;
}

}  // namespace weir
