// SPDX-License-Identifier: MIT OR Apache-2.0
// What the handlers of weir's own API share.
#include <cmath>
#include <utility>

#include "api/internal/weir.h"
#include "base/utf8.h"
#include "codex/info_hash_text.h"

namespace weir::api {
namespace {

namespace json = boost::json;

constexpr std::size_t kJsonDepthMax = 64;  // LIM-13

std::int64_t unix_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Events that a request's numbers can't be mistaken for: runs begin at different times.
std::string make_epoch() { return std::to_string(unix_ms()); }

std::optional<std::uint64_t> rate_of(const json::value& value) {
  boost::system::error_code error;
  const auto number = value.to_number<std::uint64_t>(error);
  return error ? std::nullopt : std::optional(number);
}

}  // namespace

WeirState::WeirState(Node& its_node, const ApiConfig& config)
    : node(its_node),
      index(its_node.client()),
      events(config.events_max),
      epoch(make_epoch()),
      heartbeat(config.event_heartbeat),
      streams_max(kEventStreamsMax) {
  node.set_observer([this](const Event& event) {
    index.on_event(event);
    events.push(event, unix_ms());
    if (std::holds_alternative<TorrentRemoved>(event.body)) {
      const std::lock_guard lock(limits_mutex);
      limits.erase(event.torrent);
    }
  });
  for (const TorrentStatus& status : index.begin()) events.learn(status.key, status.hashes);
}

HttpAnswer weir_error(unsigned status, std::string_view code, std::string_view text) {
  HttpAnswer out;
  out.status = status;
  out.fields.push_back({"Content-Type", "application/json"});
  out.body = json::serialize(json::object{{"error", {{"code", code}, {"text", text}}}});
  return out;
}

HttpAnswer weir_error(const NodeError& error) {
  // Reasons of the disk and the engine name paths and addresses of this machine.
  switch (error.code) {
    case NodeErrc::no_space:
      return weir_error(status_of(error.code), error_name(error.code), "The disk is full.");
    case NodeErrc::disk:
      return weir_error(status_of(error.code), error_name(error.code),
                        "The content could not be stored or read.");
    case NodeErrc::engine:
      return weir_error(status_of(error.code), error_name(error.code), "The engine refused.");
    default:
      return weir_error(status_of(error.code), error_name(error.code), text_json(error.detail));
  }
}

std::string_view code_of(http::HttpErrc error) {
  switch (error) {
    case http::HttpErrc::malformed:
    case http::HttpErrc::duplicate:
    case http::HttpErrc::too_long:
    case http::HttpErrc::too_many:
      return "bad_request";
    case http::HttpErrc::target_too_long:
      return "target_too_long";
    case http::HttpErrc::bad_escape:
    case http::HttpErrc::bad_character:
    case http::HttpErrc::not_utf8:
    case http::HttpErrc::encoded_separator:
    case http::HttpErrc::dot_segment:
    case http::HttpErrc::empty_segment:
      return "bad_path";
    case http::HttpErrc::host_not_allowed:
      return "host_not_allowed";
    case http::HttpErrc::foreign_origin:
      return "foreign_origin";
    case http::HttpErrc::token_missing:
      return "token_missing";
    case http::HttpErrc::token_wrong:
      return "token_wrong";
    case http::HttpErrc::scope_missing:
      return "scope_missing";
  }
  std::unreachable();
}

bool is_weir_target(std::string_view target) { return target.starts_with("/api/weir/"); }

void answer_error(const RequestPtr& request, unsigned status, std::string_view code,
                  std::string_view text) {
  request->answer(weir_error(status, code, text));
}

void answer_json(const RequestPtr& request, const json::value& value, unsigned status) {
  request->json(json::serialize(value), status);
}

void later(Context& context, const RequestPtr& request, std::function<void(WeirState&)> work) {
  const WeirStatePtr state = context.weir;
  const bool posted = context.node.work().post([state, work = std::move(work)] { work(*state); });
  if (!posted) answer_error(request, 503, "stopping", "The node is stopping.");
}

std::optional<InfoHashes> hashes_of_cid(Node& node, std::string_view text) {
  const auto cid = Cid::parse(text);
  if (!cid) return std::nullopt;
  if (cid->codec() == Multicodec::torrent_info) {
    InfoHashes out;
    out.v1 = cid->hash().as_sha1();
    return out.v1 ? std::optional(out) : std::nullopt;
  }
  const auto publication = node.publication(*cid);
  if (!publication) return std::nullopt;
  return publication->hybrid->info->hashes;
}

std::optional<InfoHashes> hashes_of_text(Node& node, std::string_view text) {
  const auto hash = codex::parse_info_hash_text(text);
  const auto hashes = hash ? info_hashes(*hash) : std::nullopt;
  return hashes ? hashes : hashes_of_cid(node, text);
}

void later_with_torrent(Context& context, const RequestPtr& request,
                        std::function<void(WeirState&, TorrentKey)> work) {
  const auto hashes = hashes_of_text(context.node, request->captures.at(0));
  if (!hashes) {
    return answer_error(request, 400, "bad_hash",
                        "An info hash is 40 or 64 hexadecimal digits, or 32 of base32.");
  }
  later(context, request, [request, hashes = *hashes, work = std::move(work)](WeirState& state) {
    const auto key = state.node.client().find(hashes);
    // One on its way out is not here any more.
    if (!key || !state.node.find(hashes))
      return answer_error(request, 404, "not_found", "There is no such torrent here.");
    work(state, *key);
  });
}

std::optional<json::value> read_json(Bytes body) {
  json::parse_options options;
  options.max_depth = kJsonDepthMax;
  boost::system::error_code error;
  json::value out = json::parse(std::string(as_text(body)), error, {}, options);
  if (error) return std::nullopt;
  return out;
}

void receive(const RequestPtr& request, std::size_t bytes_max, std::function<void(Buffer)> then) {
  const auto length = request->call.head().content_length;
  if (length && *length > bytes_max) {
    return answer_error(request, 413, "too_large", "The body is too large.");
  }
  if (!request->call.head().has_body) return then({});
  request->call.receive_all(bytes_max, std::move(then));
}

json::string text_json(std::string_view text) { return json::string(repair_utf8(text)); }

json::value limits_json(RateLimits limits) {
  return json::object{{"down", limits.down_bytes_per_second}, {"up", limits.up_bytes_per_second}};
}

bool read_limits(const json::value& body, RateLimits& limits) {
  const json::object* object = body.if_object();
  if (!object) return false;
  for (const auto& [name, value] : *object) {
    const auto rate = rate_of(value);
    if (!rate) return false;
    if (name == "down") {
      limits.down_bytes_per_second = *rate;
    } else if (name == "up") {
      limits.up_bytes_per_second = *rate;
    } else {
      return false;
    }
  }
  return true;
}

json::object torrent_json(const TorrentStatus& status) {
  json::object out;
  out["hash"] = torrent_id(status.hashes);
  out["v1"] = status.hashes.v1 ? json::value(status.hashes.v1->hex()) : json::value(nullptr);
  out["v2"] = status.hashes.v2 ? json::value(status.hashes.v2->hex()) : json::value(nullptr);
  out["name"] = text_json(status.name);
  out["state"] = state_name(status.state);
  out["error"] = nullptr;
  if (status.error) {
    out["error"] = {{"code", status.error->code}, {"recovers", status.error->recovers}};
  }
  out["metadata"] = status.has_metadata;
  out["size"] = status.total_bytes;
  out["done"] = status.done_bytes;
  out["progress"] = progress_of(status);
  out["downRate"] = std::llround(status.swarm.down_rate);
  out["upRate"] = std::llround(status.swarm.up_rate);
  out["downloaded"] = status.swarm.downloaded_bytes;
  out["uploaded"] = status.swarm.uploaded_bytes;
  out["peers"] = status.swarm.peers;
  out["seeds"] = status.swarm.seeds;
  return out;
}

}  // namespace weir::api
