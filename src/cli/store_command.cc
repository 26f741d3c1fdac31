// SPDX-License-Identifier: MIT OR Apache-2.0
// weir store: what a running node keeps, checking it, and clearing up in it.
#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <chrono>
#include <thread>

#include "cli/commands.h"
#include "cli/json.h"
#include "cli/remote.h"
#include "cli/render.h"

namespace weir {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookAgain{100};

json::array array_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_array() ? value->get_array() : json::array{};
}

std::string stat_page(const json::object& stat) {
  const std::uint64_t quota = number_of(stat, "quota");
  std::string out = fmt::format("{:<14}{}{}\n", "used", render_bytes(number_of(stat, "used")),
                                quota == 0 ? "" : " of at most " + render_bytes(quota));
  if (const std::uint64_t reserved = number_of(stat, "reserved"); reserved > 0) {
    out += fmt::format("{:<14}{}\n", "uploads", render_bytes(reserved));
  }
  out += fmt::format("{:<14}{} in {} places\n", "contents", number_of(stat, "contents"),
                     number_of(stat, "copies"));
  out += fmt::format("{:<14}{}\n", "saved", render_bytes(number_of(stat, "shared")));
  out += fmt::format("{:<14}{}\n", "pinned", number_of(stat, "pinned"));
  out += fmt::format("{:<14}{}\n", "expired", number_of(stat, "expired"));
  return out;
}

std::string gc_page(const json::object& report, bool dry_run) {
  std::string out;
  for (const json::value& value : array_of(report, "expired")) {
    if (!value.is_object()) continue;
    const json::object& torrent = value.get_object();
    const std::string name = shown_of(torrent, "name");
    out += fmt::format("expired   {}, {}\n", name.empty() ? shown_of(torrent, "hash") : name,
                       render_bytes(number_of(torrent, "frees")));
  }
  for (const char* kind : {"leftovers", "unknown"}) {
    for (const json::value& value : array_of(report, kind)) {
      if (!value.is_object()) continue;
      const json::object& left = value.get_object();
      const json::value* removed = left.if_contains("removed");
      const bool stays = removed == nullptr || !removed->is_bool() || !removed->get_bool();
      out += fmt::format("{} {}, {}{}\n", kind[0] == 'u' ? "unknown  " : "left-over",
                         shown_of(left, "path"), render_bytes(number_of(left, "bytes")),
                         stays ? ", stays without --unknown" : "");
    }
  }
  out += fmt::format("{} {}\n", render_bytes(number_of(report, "freed")),
                     dry_run ? "would be freed" : "freed");
  return out;
}

bool is_running(const json::object& check) {
  const json::value* running = check.if_contains("running");
  return running != nullptr && running->is_bool() && running->get_bool();
}

std::string check_page(const json::object& check) {
  std::string out;
  for (const json::value& value : array_of(check, "found")) {
    if (!value.is_object()) continue;
    const json::object& file = value.get_object();
    std::string name = shown_of(file, "path");
    if (name.empty()) {
      const json::array torrents = array_of(file, "torrents");
      const bool known = !torrents.empty() && torrents[0].is_string();
      name = fmt::format("file {} of {}", number_of(file, "file"),
                         known ? std::string_view(torrents[0].get_string()) : "no torrent");
    }
    out += fmt::format("{:<10}{}\n", shown_of(file, "result"), name);
  }
  const json::value* files = check.if_contains("files");
  const std::uint64_t done =
      files != nullptr && files->is_object() ? number_of(files->get_object(), "done") : 0;
  const bool repair = text_of(check, "action") == "repair";
  out += fmt::format("{} file{} {}, {} not good before\n", done, done == 1 ? "" : "s",
                     repair ? "repaired or asked for" : "checked", number_of(check, "count"));
  return out;
}

void tell_progress(const json::object& check, Clock::time_point since, Output& output) {
  const json::value* bytes = check.if_contains("bytes");
  if (bytes == nullptr || !bytes->is_object()) return;
  const HashingProgress progress{
      .what = "checking",
      .done_bytes = number_of(bytes->get_object(), "done"),
      .total_bytes = number_of(bytes->get_object(), "total"),
      .elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - since)};
  if (progress.total_bytes == 0) return;
  output.draw({render_hashing(progress, output.columns())});
  if (output.plain_due(Clock::now())) output.note(render_hashing(progress, 0));
}

// The node works; this watches. Who is interrupted leaves the node to it: a check harms nothing.
ExitCode check(NodeLink& node, const Arguments& arguments, Output& output) {
  const std::string& action = arguments.operands.at(0);
  std::string target = "/store/" + action;
  if (arguments.operands.size() > 1) {
    const auto torrent = node.find(arguments.operands[1]);
    if (!torrent) return fail(output, torrent.error());
    target += "?hash=" + text_of(*torrent, "hash");
  }
  auto answer = node.ask("POST", target, "store");
  const Clock::time_point since = Clock::now();
  while (answer && answer->is_object() && is_running(answer->get_object())) {
    tell_progress(answer->get_object(), since, output);
    std::this_thread::sleep_for(kLookAgain);
    answer = node.ask("GET", "/store/check", "store");
  }
  output.clear();
  if (!answer) return fail(output, answer.error());
  const json::object said = answer->is_object() ? answer->get_object() : json::object{};
  output.data(output.human() ? check_page(said) : json_line(said));
  return action == "verify" && number_of(said, "count") > 0 ? ExitCode::verification_failed
                                                            : ExitCode::done;
}

}  // namespace

ExitCode run_store(const Arguments& arguments, Output& output) {
  const std::string& action = arguments.operands.at(0);
  const bool dry_run = arguments.has("--dry-run");
  if (action != "gc" && (dry_run || arguments.has("--unknown"))) {
    return usage_error(output, "--dry-run and --unknown are options of weir store gc");
  }
  auto target = api_target(arguments);
  if (!target) return fail(output, target.error());
  NodeLink node(std::move(*target));
  if (action == "verify" || action == "repair") return check(node, arguments, output);
  if (arguments.operands.size() > 1) {
    return usage_error(output, "an ID goes with weir store verify and repair");
  }
  const auto answer = action == "stat" ? node.ask("GET", "/store", "store")
                                       : node.ask("POST",
                                                  fmt::format("/store/gc?dryRun={}&unknown={}",
                                                              dry_run, arguments.has("--unknown")),
                                                  "store");
  if (!answer) return fail(output, answer.error());
  const json::object said = answer->is_object() ? answer->get_object() : json::object{};
  if (!output.human()) {
    output.data(json_line(said));
  } else {
    output.data(action == "stat" ? stat_page(said) : gc_page(said, dry_run));
  }
  return ExitCode::done;
}

}  // namespace weir
