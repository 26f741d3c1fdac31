// SPDX-License-Identifier: MIT OR Apache-2.0
// weir rm, start, stop and link: what is done with single torrents of a running node.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <functional>

#include "cli/commands.h"
#include "cli/json.h"
#include "cli/remote.h"
#include "cli/render.h"
#include "cli/values.h"
#include "io/clock.h"

namespace weir {
namespace {

namespace json = boost::json;

// What was done to one torrent: a line for people and an object for programs.
struct Done {
  std::string line;
  json::object object;
};
using Act = std::function<CliResult<Done>(NodeLink&, const json::object& torrent)>;

// Goes on after a torrent that fails; the first failure is the exit code.
ExitCode for_each(const Arguments& arguments, Output& output, const Act& act) {
  auto target = api_target(arguments);
  if (!target) return fail(output, target.error());
  NodeLink node(std::move(*target));
  json::array done;
  json::array errors;
  ExitCode exit = ExitCode::done;
  for (const std::string& id : arguments.operands) {
    const auto torrent = node.find(id);
    const auto result = torrent ? act(node, *torrent) : std::unexpected(torrent.error());
    if (result) {
      if (output.human()) output.data(result->line + '\n');
      done.push_back(result->object);
      continue;
    }
    if (exit == ExitCode::done) exit = result.error().exit;
    if (output.human()) {
      output.error(result.error());
    } else {
      output.warning(result.error().text);
      errors.push_back({{"id", json_text(id)},
                        {"code", result.error().code},
                        {"message", json_text(result.error().text)},
                        {"exit_code", static_cast<int>(result.error().exit)}});
    }
  }
  if (!output.human()) {
    output.data(json_line({{"torrents", std::move(done)}, {"errors", std::move(errors)}}));
  }
  return exit;
}

std::string label_of(const json::object& torrent) {
  const std::string name = shown_of(torrent, "name");
  return name.empty() ? shown_of(torrent, "hash") : name;
}

CliResult<Done> change_state(NodeLink& node, const json::object& torrent, std::string_view action) {
  const auto now = node.ask(
      "POST", fmt::format("/torrents/{}/{}", text_of(torrent, "hash"), action), label_of(torrent));
  if (!now) return std::unexpected(now.error());
  const json::object after = now->is_object() ? now->get_object() : json::object{};
  return Done{fmt::format("{}: {}", label_of(torrent), shown_of(after, "state")), after};
}

CliResult<Done> change_keep(NodeLink& node, const json::object& torrent,
                            const json::object& change) {
  const auto now = node.ask("PATCH", fmt::format("/torrents/{}", text_of(torrent, "hash")),
                            label_of(torrent), json::serialize(change), "application/json");
  if (!now) return std::unexpected(now.error());
  const json::object after = now->is_object() ? now->get_object() : json::object{};
  const json::value* pinned = after.if_contains("pinned");
  const std::uint64_t expires = number_of(after, "expires");
  std::string line = fmt::format("{}: kept", label_of(torrent));
  if (pinned != nullptr && pinned->is_bool() && pinned->get_bool()) {
    line = fmt::format("{}: pinned", label_of(torrent));
  } else if (expires > 0) {
    const std::int64_t left = static_cast<std::int64_t>(expires / 1000) - unix_now();
    line = fmt::format("{}: expires in {}", label_of(torrent),
                       render_duration(std::chrono::seconds(std::max<std::int64_t>(0, left))));
  }
  return Done{std::move(line), after};
}

CliResult<Done> remove(NodeLink& node, const json::object& torrent, bool content) {
  const auto removed = node.ask(
      "DELETE",
      fmt::format("/torrents/{}{}", text_of(torrent, "hash"), content ? "?content=remove" : ""),
      label_of(torrent));
  if (!removed) return std::unexpected(removed.error());
  const json::object said = removed->is_object() ? removed->get_object() : json::object{};
  const std::uint64_t freed = number_of(said, "freed");
  const json::value* users = said.if_contains("usedBy");
  const json::array used_by = users && users->is_array() ? users->get_array() : json::array{};
  std::string line = fmt::format("{}: removed", label_of(torrent));
  const std::string place = shown_of(torrent, "inPlace");
  if (content) {
    line += fmt::format(", {} freed", render_bytes(freed));
    if (!used_by.empty()) {
      line += fmt::format("; {} other torrent{} still use{} its content", used_by.size(),
                          used_by.size() == 1 ? "" : "s", used_by.size() == 1 ? "s" : "");
    }
  } else if (!place.empty()) {
    line += fmt::format(", {} is as it was", place);
  } else {
    line += ", its content stays";
  }
  return Done{std::move(line),
              {{"hash", text_of(torrent, "hash")},
               {"name", json_text(text_of(torrent, "name"))},
               {"freed_bytes", freed},
               {"used_by", used_by}}};
}

// Where other programs reach the node; empty: nowhere over HTTP.
CliResult<std::string> http_base(NodeLink& node) {
  if (!node.client().target().url.empty()) return node.client().target().url;
  const auto status = node.ask("GET", "/status", "status");
  if (!status) return std::unexpected(status.error());
  const json::object* object = status->if_object();
  const json::value* addresses = object == nullptr ? nullptr : object->if_contains("addresses");
  if (addresses == nullptr || !addresses->is_object()) return std::string();
  const std::string host = text_of(addresses->get_object(), "http");
  return host.empty() ? host : "http://" + host;
}

json::object links_of(const json::object& torrent, const std::string& base) {
  json::object out{{"magnet", text_of(torrent, "magnet")}};
  const std::string v1 = text_of(torrent, "v1");
  const std::string v2 = text_of(torrent, "v2");
  if (base.empty()) return out;
  if (!v1.empty()) out["btih"] = fmt::format("{}/btih/{}", base, v1);
  if (!v2.empty()) out["btmh"] = fmt::format("{}/btmh/{}", base, v2);
  out["torrent"] = v1.empty() ? fmt::format("{}/btmh/{}.torrent", base, v2)
                              : fmt::format("{}/btih/{}.torrent", base, v1);
  if (const std::string cid = text_of(torrent, "upload"); !cid.empty()) {
    out["cid"] = fmt::format("{}/cid/{}", base, cid);
  }
  return out;
}

}  // namespace

ExitCode run_start(const Arguments& arguments, Output& output) {
  return for_each(arguments, output, [](NodeLink& node, const json::object& torrent) {
    return change_state(node, torrent, "resume");
  });
}

ExitCode run_stop(const Arguments& arguments, Output& output) {
  return for_each(arguments, output, [](NodeLink& node, const json::object& torrent) {
    return change_state(node, torrent, "pause");
  });
}

ExitCode run_pin(const Arguments& arguments, Output& output) {
  return for_each(arguments, output, [](NodeLink& node, const json::object& torrent) {
    return change_keep(node, torrent, {{"pinned", true}});
  });
}

ExitCode run_unpin(const Arguments& arguments, Output& output) {
  json::object change{{"pinned", false}, {"expires", nullptr}};
  if (const auto text = arguments.value("--expire")) {
    const auto time = parse_time(*text);
    if (!time) return usage_error(output, "--expire: a time such as 90m or 48h");
    change["expires"] = unix_now() * 1000 + time->count();
  }
  return for_each(arguments, output, [&change](NodeLink& node, const json::object& torrent) {
    return change_keep(node, torrent, change);
  });
}

ExitCode run_rm(const Arguments& arguments, Output& output) {
  const bool content = arguments.has("--content");
  return for_each(arguments, output, [content](NodeLink& node, const json::object& torrent) {
    return remove(node, torrent, content);
  });
}

ExitCode run_link(const Arguments& arguments, Output& output) {
  auto target = api_target(arguments);
  if (!target) return fail(output, target.error());
  NodeLink node(std::move(*target));
  const auto torrent = node.find(arguments.operands[0]);
  if (!torrent) return fail(output, torrent.error());
  const auto base = http_base(node);
  if (!base) return fail(output, base.error());
  const json::object links = links_of(*torrent, *base);
  if (!output.human()) {
    output.data(json_line(links));
    return ExitCode::done;
  }
  std::string text;
  for (const auto& [name, link] : links) {
    text += printable(std::string_view(link.get_string())) + '\n';
  }
  output.data(text);
  return ExitCode::done;
}

}  // namespace weir
