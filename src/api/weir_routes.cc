// SPDX-License-Identifier: MIT OR Apache-2.0
// The routes of weir's own API with what is said about them, and the OpenAPI document of both.
#include <array>
#include <utility>
#include <vector>

#include "api/internal/weir.h"
#include "http/field.h"

namespace weir::api {
namespace {

namespace json = boost::json;
using http::Method;

constexpr auto kRead = http::Scope::read;
constexpr auto kAdd = http::Scope::add;
constexpr auto kAdmin = http::Scope::admin;

constexpr std::string_view kTorrents = "/api/weir/v1/torrents";
constexpr std::string_view kTorrent = "/api/weir/v1/torrents/{hash}";
constexpr std::string_view kPublishing = "/api/weir/v1/publishing";
constexpr std::string_view kPublishingOne = "/api/weir/v1/publishing/{id}";
constexpr std::string_view kMetricsType = "text/plain";  // OpenMetrics for who asks for it

constexpr WeirRoute kRoutes[] = {
    {{Method::get, "/api/weir/v1/status", kRead, true, get_status},
     "getStatus",
     "The node as a whole: version, addresses, counts, limits in force, space, memory.",
     {},
     {},
     200,
     "Status",
     {}},
    {{Method::get, kTorrents, kRead, true, list_torrents},
     "listTorrents",
     "Torrents, filtered, sorted and paged.",
     "offset,limit,state,q,sort,order",
     {},
     200,
     "TorrentPage",
     {}},
    {{Method::post, kTorrents, kAdd, true, add_torrent},
     "addTorrent",
     "Adds a torrent to stay, without waiting for its metadata: 201, 200 when it was here already. "
     "With a path it publishes content in place: 202 with a PublishJob. A tar archive is a folder "
     "to publish; without one folder around all its files it gets the name in Content-Disposition.",
     "paused,sequential",
     "Addition",
     201,
     "TorrentDetail",
     "200,202,409,413,415,422,500,507"},
    {{Method::get, kPublishing, kRead, true, list_publishing},
     "listPublishing",
     "What is being published in place, and what was lately. Unix socket or admin token only.",
     {},
     {},
     200,
     "Publishing",
     {}},
    {{Method::get, kPublishingOne, kRead, true, get_publishing},
     "getPublishing",
     "One of these.",
     {},
     {},
     200,
     "PublishJob",
     "404"},
    {{Method::del, kPublishingOne, kAdd, true, delete_publishing},
     "deletePublishing",
     "Cancels one that is under way; nothing of it stays.",
     {},
     {},
     204,
     {},
     "404"},
    {{Method::get, kTorrent, kRead, true, get_torrent},
     "getTorrent",
     "One torrent, by either of its info hashes.",
     {},
     {},
     200,
     "TorrentDetail",
     "404"},
    {{Method::patch, kTorrent, kAdmin, true, patch_torrent},
     "changeTorrent",
     "Pins it, or sets when it expires. Both torrents of an upload are kept together.",
     {},
     "Keep",
     200,
     "KeptTorrent",
     "404,413,500,507"},
    {{Method::get, "/api/weir/v1/store", kRead, true, get_store},
     "getStore",
     "What the node keeps: bytes, contents and their copies, what sharing saves.",
     {},
     {},
     200,
     "Store",
     {}},
    {{Method::post, "/api/weir/v1/store/verify", kAdmin, true, verify_store},
     "verifyStore",
     "Hashes all complete files again, or those of one torrent, in the background.",
     "onlyHash",
     {},
     202,
     "StoreCheck",
     "404,409"},
    {{Method::post, "/api/weir/v1/store/repair", kAdmin, true, repair_store},
     "repairStore",
     "Brings back what a check found damaged: from another copy, else from peers.",
     "onlyHash",
     {},
     202,
     "StoreCheck",
     "404,409"},
    {{Method::get, "/api/weir/v1/store/check", kRead, true, get_store_check},
     "getStoreCheck",
     "How far the latest of both has come, and what it found.",
     {},
     {},
     200,
     "StoreCheck",
     {}},
    {{Method::del, "/api/weir/v1/store/check", kAdmin, true, delete_store_check},
     "cancelStoreCheck",
     "Ends it where it is.",
     {},
     {},
     204,
     {},
     {}},
    {{Method::post, "/api/weir/v1/store/gc", kAdmin, true, post_gc},
     "collectGarbage",
     "Removes what has expired and what killed processes left, and tells what nobody knows.",
     "dryRun,unknown",
     {},
     200,
     "GarbageReport",
     "500,507"},
    {{Method::del, kTorrent, kAdmin, true, delete_torrent},
     "deleteTorrent",
     "Forgets a torrent, and says what that gave back. What was uploaded here goes with its "
     "content "
     "alone; what other torrents use stays.",
     "content",
     {},
     200,
     "Removal",
     "404,409,500"},
    {{Method::post, "/api/weir/v1/torrents/{hash}/pause", kAdd, true, pause_torrent},
     "pauseTorrent",
     "Pauses it.",
     {},
     {},
     200,
     "TorrentDetail",
     "404"},
    {{Method::post, "/api/weir/v1/torrents/{hash}/resume", kAdd, true, resume_torrent},
     "resumeTorrent",
     "Lets it go on.",
     {},
     {},
     200,
     "TorrentDetail",
     "404"},
    {{Method::post, "/api/weir/v1/torrents/{hash}/recheck", kAdd, true, recheck_torrent},
     "recheckTorrent",
     "Compares its content with its hashes again.",
     {},
     {},
     200,
     "TorrentDetail",
     "404"},
    {{Method::get, "/api/weir/v1/torrents/{hash}/files", kRead, true, get_files},
     "getFiles",
     "Its files with how much of each is here.",
     {},
     {},
     200,
     "Files",
     "404,409"},
    {{Method::get, "/api/weir/v1/torrents/{hash}/pieces", kRead, true, get_pieces},
     "getPieces",
     "Which of its pieces are here.",
     {},
     {},
     200,
     "Pieces",
     "404,409"},
    {{Method::get, "/api/weir/v1/torrents/{hash}/peers", kRead, true, get_peers},
     "getPeers",
     "Its connected peers.",
     {},
     {},
     200,
     "Peers",
     "404"},
    {{Method::get, "/api/weir/v1/torrents/{hash}/trackers", kRead, true, get_trackers},
     "getTrackers",
     "Its trackers, without the parts of their URLs that may be secret.",
     {},
     {},
     200,
     "Trackers",
     "404"},
    {{Method::post, "/api/weir/v1/torrents/{hash}/scrape", kAdd, true, scrape_torrent},
     "scrapeTorrent",
     "Asks its trackers how many peers they know; the answers are scrape events and part of its "
     "trackers. A tracker is left out until its min interval, at least a minute, has passed.",
     {},
     {},
     202,
     "ScrapeBegun",
     "404"},
    {{Method::get, "/api/weir/v1/torrents/{hash}/limits", kRead, true, get_torrent_limits},
     "getTorrentLimits",
     "Its own rate limits.",
     {},
     {},
     200,
     "Limits",
     "404"},
    {{Method::put, "/api/weir/v1/torrents/{hash}/limits", kAdmin, true, put_torrent_limits},
     "putTorrentLimits",
     "Sets its own rate limits, until the node ends.",
     {},
     "Limits",
     200,
     "Limits",
     "404,413"},
    {{Method::get, "/api/weir/v1/limits", kRead, true, get_limits},
     "getLimits",
     "The rate limits of all torrents together.",
     {},
     {},
     200,
     "Limits",
     {}},
    {{Method::put, "/api/weir/v1/limits", kAdmin, true, put_limits},
     "putLimits",
     "Sets the rate limits of all torrents together, until the node ends.",
     {},
     "Limits",
     200,
     "Limits",
     "413"},
    {{Method::get, "/api/weir/v1/bans", kRead, true, get_bans},
     "listBans",
     "Addresses that sent false content and are refused, the one that is free first in front.",
     {},
     {},
     200,
     "Bans",
     {}},
    {{Method::del, "/api/weir/v1/bans/{address}", kAdmin, true, delete_ban},
     "deleteBan",
     "Lifts a ban.",
     {},
     {},
     204,
     {},
     "404"},
    {{Method::get, "/api/weir/v1/events", kRead, true, get_events},
     "getEvents",
     "What happens, as server-sent events: torrent_added, metadata, torrent_checked, torrent_done, "
     "torrent_failed, torrent_recovered, torrent_removed, tracker, scrape, and gap.",
     "lastEventId",
     {},
     200,
     "text/event-stream",
     {}},
    {{Method::get, "/metrics", kRead, true, get_metrics},
     "getMetrics",
     "Counters and gauges of the node, as text of Prometheus or, when asked for, OpenMetrics.",
     {},
     {},
     200,
     kMetricsType,
     {}},
    {{Method::get, "/api/weir/v1/openapi.json", kRead, true, get_openapi},
     "getOpenApi",
     "This document.",
     {},
     {},
     200,
     "application/json",
     {}},
};
constexpr std::size_t kCount = std::size(kRoutes);

constexpr std::array<Route, kCount> plain_routes() {
  std::array<Route, kCount> out{};
  for (std::size_t i = 0; i < kCount; ++i) out[i] = kRoutes[i].route;
  return out;
}
constexpr std::array<Route, kCount> kPlainRoutes = plain_routes();

std::vector<std::string_view> split(std::string_view list) {
  std::vector<std::string_view> out;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    out.push_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return out;
}

json::object reference(std::string_view kind, std::string_view name) {
  return {{"$ref", "#/components/" + std::string(kind) + "/" + std::string(name)}};
}

json::object success_json(const WeirRoute& route) {
  json::object out{{"description", "Done."}};
  if (route.answer.empty()) return out;
  if (route.answer.find('/') != std::string_view::npos) {
    out["content"] = {{route.answer, json::object{}}};
  } else {
    out["content"] = {{"application/json", {{"schema", reference("schemas", route.answer)}}}};
  }
  return out;
}

json::object operation_json(const WeirRoute& route) {
  json::object out;
  out["operationId"] = route.name;
  out["summary"] = route.summary;
  out["x-weir-scope"] = http::text_of(route.route.scope);
  out["security"] = {json::object{{"token", json::array{}}}, json::object{}};
  json::array parameters;
  if (route.route.pattern.find("{hash}") != std::string_view::npos) {
    parameters.push_back(reference("parameters", "hash"));
  }
  if (route.route.pattern.find("{id}") != std::string_view::npos) {
    parameters.push_back(reference("parameters", "id"));
  }
  if (route.route.pattern.find("{address}") != std::string_view::npos) {
    parameters.push_back(reference("parameters", "address"));
  }
  for (const std::string_view name : split(route.query)) {
    parameters.push_back(reference("parameters", name));
  }
  if (!parameters.empty()) out["parameters"] = std::move(parameters);
  if (!route.body.empty()) out["requestBody"] = reference("requestBodies", route.body);
  json::object responses;
  responses[std::to_string(route.status)] = success_json(route);
  for (const std::string_view status : split(route.errors)) {
    responses[status] = status == "200"   ? success_json(route)
                        : status == "202" ? reference("responses", "Publishing")
                                          : reference("responses", "Error");
  }
  for (const char* status : {"400", "401", "403", "503"}) {
    responses[status] = reference("responses", "Error");
  }
  out["responses"] = std::move(responses);
  return out;
}

std::string document() {
  json::object paths;
  for (const WeirRoute& route : kRoutes) {
    json::value& path = paths[route.route.pattern];
    if (!path.is_object()) path = json::object{};
    path.get_object()[http::ascii_lowered(http::text_of(route.route.method))] =
        operation_json(route);
  }
  json::object out;
  out["openapi"] = "3.1.0";
  out["info"] = {
      {"title", "weir"}, {"version", WEIR_VERSION}, {"license", {{"name", "MIT OR Apache-2.0"}}}};
  out["servers"] = {json::object{{"url", "/"}}};
  out["paths"] = std::move(paths);
  out["components"] = json::parse(weir_components());
  return json::serialize(out);
}

}  // namespace

std::span<const Route> weir_routes() { return kPlainRoutes; }
std::span<const WeirRoute> weir_documented_routes() { return kRoutes; }

void get_openapi(Context& context, const RequestPtr& request) {
  later(context, request, [request](WeirState&) { request->json(document()); });
}

}  // namespace weir::api
