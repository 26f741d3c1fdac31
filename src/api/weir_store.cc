// SPDX-License-Identifier: MIT OR Apache-2.0
// The store as a whole, how long torrents are kept, and clearing up.
#include <utility>

#include "api/internal/weir.h"

namespace weir::api {
namespace {

namespace json = boost::json;

constexpr std::int64_t kMsPerSecond = 1000;

json::object left_json(const GcReport::Left& left) {
  return {{"path", text_json(left.path)},
          {"bytes", left.bytes},
          {"files", left.files},
          {"removed", left.removed}};
}

json::object report_json(const GcReport& report) {
  json::array expired, leftovers, unknown;
  for (const GcReport::Torrent& torrent : report.expired) {
    expired.push_back(json::object{
        {"hash", torrent.id}, {"name", text_json(torrent.name)}, {"frees", torrent.frees}});
  }
  for (const GcReport::Left& left : report.leftovers) leftovers.push_back(left_json(left));
  for (const GcReport::Left& left : report.unknown) unknown.push_back(left_json(left));
  return {{"freed", report.freed},
          {"expired", std::move(expired)},
          {"leftovers", std::move(leftovers)},
          {"unknown", std::move(unknown)}};
}

// {"pinned","expires"}, both optional.
std::optional<KeepChange> read_change(const json::value& body) {
  const json::object* object = body.if_object();
  if (!object) return std::nullopt;
  KeepChange out;
  for (const auto& [name, value] : *object) {
    if (name == "pinned" && value.is_bool()) {
      out.pinned = value.get_bool();
    } else if (name == "expires" && value.is_null()) {
      out.expires.emplace(std::nullopt);
    } else if (name == "expires" && value.is_int64() && value.get_int64() >= 0) {
      // Rounded up: not before the time that was asked for.
      out.expires.emplace(value.get_int64() / kMsPerSecond +
                          (value.get_int64() % kMsPerSecond > 0 ? 1 : 0));
    } else {
      return std::nullopt;
    }
  }
  return out;
}

std::optional<bool> flag(const Request& request, std::string_view name) {
  const auto value = request.query.only(name);
  if (!value) return std::nullopt;
  if (!*value || **value == "false") return false;
  return **value == "true" ? std::optional(true) : std::nullopt;
}

json::object check_json(WeirState& state, const StoreCheck& check, bool with_paths) {
  json::array found;
  for (const StoreCheck::File& file : check.found) {
    json::object row;
    json::array torrents;
    Copy copy;
    copy.owner = file.owner;
    copy.kind = file.kind;
    for (const InfoHashes& hashes : state.node.torrents_with(copy)) {
      torrents.push_back(json::string(torrent_id(hashes)));
    }
    row["torrents"] = std::move(torrents);
    row["file"] = file.file;
    row["path"] = with_paths ? json::value(text_json(file.path)) : json::value(nullptr);
    row["result"] = result_name(file.result);
    found.push_back(std::move(row));
  }
  return {{"action", check.action == CheckAction::verify ? "verify" : "repair"},
          {"running", check.running},
          {"cancelled", check.cancelled},
          {"files", {{"total", check.files}, {"done", check.files_done}}},
          {"bytes", {{"total", check.bytes}, {"done", check.bytes_done}}},
          {"count", check.found_count},
          {"found", std::move(found)}};
}

void begin_check(Context& context, const RequestPtr& request, CheckAction action) {
  const auto wanted = request->query.only("hash");
  if (!wanted) return answer_error(request, 400, "bad_query", "hash is there twice.");
  std::optional<InfoHashes> hashes;
  if (*wanted) {
    hashes = hashes_of_text(context.node, **wanted);
    if (!hashes) {
      return answer_error(request, 400, "bad_hash",
                          "An info hash is 40 or 64 hexadecimal digits, or 32 of base32.");
    }
  }
  later(context, request, [request, hashes, action](WeirState& state) {
    auto asked = hashes;
    if (hashes) {
      const auto key = state.node.client().find(*hashes);
      const auto status = key ? state.node.client().status(*key) : std::nullopt;
      if (!status) return answer_error(request, 404, "not_found", "There is no such torrent here.");
      asked = status->hashes;
    }
    if (!state.node.check_store(asked, action)) {
      return answer_error(request, 409, "busy", "A check of the store is under way.");
    }
    const bool local = is_local_user(request->call.head());
    answer_json(request, check_json(state, state.node.contents().check(), local), 202);
  });
}

}  // namespace

void verify_store(Context& context, const RequestPtr& request) {
  begin_check(context, request, CheckAction::verify);
}

void repair_store(Context& context, const RequestPtr& request) {
  begin_check(context, request, CheckAction::repair);
}

void get_store_check(Context& context, const RequestPtr& request) {
  later(context, request, [request](WeirState& state) {
    const bool local = is_local_user(request->call.head());
    answer_json(request, check_json(state, state.node.contents().check(), local));
  });
}

void delete_store_check(Context& context, const RequestPtr& request) {
  context.node.contents().cancel_check();
  HttpAnswer out;
  out.status = 204;
  request->answer(std::move(out));
}

void add_keep(json::object& out, const Keep& keep) {
  out["pinned"] = keep.pinned;
  out["expires"] = nullptr;
  if (keep.expires) out["expires"] = *keep.expires * kMsPerSecond;
}

void patch_torrent(Context& context, const RequestPtr& request) {
  receive(request, kSmallBodyMax, [&context, request](Buffer body) {
    const auto value = read_json(body);
    const auto change = value ? read_change(*value) : std::nullopt;
    if (!change) {
      return answer_error(request, 400, "bad_request",
                          "The body is {\"pinned\": bool, \"expires\": ms since 1970 or null}.");
    }
    later_with_torrent(
        context, request, [request, change = *change](WeirState& state, TorrentKey key) {
          const auto status = state.node.client().status(key);
          if (!status)
            return answer_error(request, 404, "not_found", "There is no such torrent here.");
          const auto changed = state.node.change_keep(status->hashes, change);
          if (!changed) return request->answer(weir_error(changed.error()));
          json::object out = torrent_json(*status);
          add_keep(out, state.node.keep(status->hashes));
          answer_json(request, out);
        });
  });
}

void get_store(Context& context, const RequestPtr& request) {
  later(context, request, [request](WeirState& state) {
    const StoreStat stat = state.node.store_stat();
    answer_json(request, json::object{{"used", stat.space.used_bytes},
                                      {"quota", stat.space.quota_bytes},
                                      {"reserved", stat.space.reserved_bytes},
                                      {"contents", stat.contents},
                                      {"copies", stat.copies},
                                      {"shared", stat.shared_bytes},
                                      {"pinned", stat.pinned},
                                      {"expired", stat.expired},
                                      {"damaged", stat.damaged}});
  });
}

void post_gc(Context& context, const RequestPtr& request) {
  const auto dry_run = flag(*request, "dryRun"), unknown = flag(*request, "unknown");
  if (!dry_run || !unknown) {
    return answer_error(request, 400, "bad_query", "dryRun and unknown are true or false.");
  }
  later(context, request, [request, options = GcOptions{*dry_run, *unknown}](WeirState& state) {
    const auto report = state.node.collect_garbage(options);
    if (!report) return request->answer(weir_error(report.error()));
    answer_json(request, report_json(*report));
  });
}

}  // namespace weir::api
