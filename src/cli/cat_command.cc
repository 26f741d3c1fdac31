// SPDX-License-Identifier: MIT OR Apache-2.0
// weir cat: a file's bytes to stdout, from a running node or straight from the swarm.
#include <fmt/format.h>

#include <filesystem>

#include "cli/cat_range.h"
#include "cli/commands.h"
#include "cli/remote.h"
#include "cli/render.h"
#include "cli/swarm_reader.h"
#include "cli/transfer.h"
#include "cli/values.h"
#include "metainfo/url.h"

namespace weir {
namespace {

namespace fs = std::filesystem;
using Failure = std::unexpected<CliError>;

struct Wanted {
  std::string id;
  std::string path;  // empty: the torrent's only file
};

// Other files that happen to be here have nothing to do with what a torrent's file is called.
bool is_torrent_file(const std::string& path) {
  std::error_code ignored;
  return path.ends_with(".torrent") && fs::is_regular_file(path, ignored);
}

Wanted wanted_of(const Arguments& arguments) {
  const std::string& operand = arguments.operands[0];
  if (const auto path = arguments.value("--file")) return {operand, *path};
  if (operand.starts_with("magnet:")) return {operand, {}};
  if (is_torrent_file(operand)) return {operand, {}};
  for (std::size_t at = operand.find('/', 1); at != operand.npos; at = operand.find('/', at + 1)) {
    const std::string before = operand.substr(0, at);
    if (is_torrent_file(before)) return {before, operand.substr(at + 1)};
  }
  const std::size_t slash = operand.find('/');
  if (slash == operand.npos) return {operand, {}};
  return {operand.substr(0, slash), operand.substr(slash + 1)};
}

// Whether peers can be asked for it: a name or a CID means something to a node alone.
bool is_source(const std::string& id) {
  return id == "-" || id.starts_with("magnet:") || parse_info_hash(id) || is_torrent_file(id);
}

std::string content_target(const boost::json::object& torrent, const std::string& path) {
  const std::string hash = text_of(torrent, "hash");
  if (path.empty()) return fmt::format("/api/codex/v1/torrent/{}/network/stream", hash);
  std::string out = fmt::format("/{}/{}", text_of(torrent, "v1").empty() ? "btmh" : "btih", hash);
  for (const std::string& part : split_path(path)) out += "/" + percent_encode(part);
  return out;
}

ExitCode cat_from_node(NodeLink& node, const boost::json::object& torrent, const Wanted& wanted,
                       const std::optional<CatRange>& range, Output& output) {
  ApiRequest request;
  request.target = content_target(torrent, wanted.path);
  if (range) request.range = range->text();
  const auto answer = node.client().stream(request, [&output](Bytes part) {
    output.data(as_text(part));
    return !output.data_failed();
  });
  if (!answer && answer.error().code == ApiClientErrc::sink_failed) return ExitCode::done;
  if (!answer) return fail(output, api_failure(answer.error()));
  if (answer->status / 100 == 2) return ExitCode::done;
  const std::string about = wanted.path.empty() ? wanted.id : wanted.id + "/" + wanted.path;
  if (answer->status == 308) return fail(output, not_a_file(about));
  if (answer->status == 422) return fail(output, which_file(wanted.id));
  return fail(output, api_refusal(*answer, about));
}

// The torrent in a node that runs; nothing: peers have to be asked.
CliResult<std::optional<boost::json::object>> known_torrent(std::optional<NodeLink>& node,
                                                            const Arguments& arguments,
                                                            const std::string& id) {
  const bool alone = is_source(id) && !api_named(arguments);
  auto target = api_target(arguments);
  if (!target && alone) return std::nullopt;
  if (!target) return Failure(target.error());
  node.emplace(std::move(*target));
  auto torrent = node->find(id);
  if (torrent) return std::move(*torrent);
  const ExitCode why = torrent.error().exit;
  if (alone && (why == ExitCode::no_node || why == ExitCode::not_found)) return std::nullopt;
  return Failure(torrent.error());
}

}  // namespace

ExitCode run_cat(const Arguments& arguments, Output& output) {
  std::optional<CatRange> range;
  if (const auto text = arguments.value("--range")) {
    range = parse_cat_range(*text);
    if (!range) return usage_error(output, "--range is A-B, A- or -N, in bytes");
  }
  std::chrono::milliseconds patience{60'000};
  if (const auto text = arguments.value("--timeout")) {
    const auto time = parse_time(*text);
    if (!time) return usage_error(output, "--timeout is a time such as 90, 10m or 2h");
    patience = *time;
  }
  const auto peers = named_peers(arguments);
  if (!peers) return fail(output, peers.error());
  const Wanted wanted = wanted_of(arguments);
  std::optional<NodeLink> node;
  const auto torrent = known_torrent(node, arguments, wanted.id);
  if (!torrent) return fail(output, torrent.error());
  if (*torrent) return cat_from_node(*node, **torrent, wanted, range, output);

  auto source = load_source(wanted.id);
  if (!source) return fail(output, source.error());
  const auto done = read_from_swarm({.source = std::move(*source),
                                     .path = wanted.path,
                                     .range = range,
                                     .peers = *peers,
                                     .patience = patience},
                                    [&output](Bytes part) {
                                      output.data(as_text(part));
                                      return !output.data_failed();
                                    });
  return done ? ExitCode::done : fail(output, done.error());
}

}  // namespace weir
