// SPDX-License-Identifier: MIT OR Apache-2.0
// Health, the node itself, and what it is not: a marketplace.
#include <boost/json.hpp>
#include <utility>

#include "api/internal/routes.h"

namespace weir::api {
namespace {

namespace json = boost::json;

// The process answers, no more.
void healthz(Context&, const RequestPtr& request) { request->text(200, "ok\n"); }

void readyz(Context& context, const RequestPtr& request) {
  const bool ready = context.ready;
  request->text(ready ? 200 : 503, ready ? "ready\n" : "not ready\n");
}

void space(Context& context, const RequestPtr& request) {
  const NodeSpace space = context.node.space();
  json::object out;
  out["totalBlocks"] = space.blocks;
  // JSON has no number for "no limit"; clients subtract, so it is the largest they hold exactly.
  out["quotaMaxBytes"] = space.quota_bytes > 0 ? space.quota_bytes : (std::uint64_t{1} << 53) - 1;
  out["quotaUsedBytes"] = space.used_bytes;
  out["quotaReservedBytes"] = space.reserved_bytes;
  request->json(json::serialize(out));
}

// There is no libp2p identity yet: the answer of a node whose record is not ready.
void no_identity(Context&, const RequestPtr& request) { request->text(503, ""); }
void no_peer(Context&, const RequestPtr& request) { request->text(400, "Unable to find Peer!"); }

void debug_info(Context& context, const RequestPtr& request) {
  json::object local{
      {"nodeId", ""}, {"peerId", ""}, {"record", ""}, {"address", nullptr}, {"seen", false}};
  json::object out;
  out["id"] = "";
  out["addrs"] = json::array();
  out["repo"] = context.node.config().content_dir;
  out["spr"] = "";
  out["announceAddresses"] = json::array();
  out["table"] = {{"localNode", std::move(local)}, {"nodes", json::array()}};
  out["codex"] = {{"version", "weir " WEIR_VERSION}, {"revision", ""}, {"contracts", ""}};
  request->json(json::serialize(out));
}

void log_level(Context& context, const RequestPtr& request) {
  const auto level = request->query.only("level");
  if (!level || !*level || (*level)->empty()) return request->text(400, "Missing log level");
  const auto& set = context.config.set_log_level;
  if (!set) return request->text(500, "There is no log to set the level of.");
  // The reference takes `LEVEL;TOPIC…`; there are no topics here.
  const std::string name((*level)->substr(0, (*level)->find(';')));
  if (!set(name)) return request->text(500, "There is no such log level.");
  request->text(200, "");
}

void no_marketplace(Context&, const RequestPtr& request) {
  request->text(503, "Persistence is not enabled");
}

constexpr auto kRead = http::Scope::read;
constexpr auto kAdd = http::Scope::add;
constexpr auto kAdmin = http::Scope::admin;
constexpr Route kRoutes[] = {
    {http::Method::get, "/healthz", kRead, false, healthz},
    {http::Method::get, "/readyz", kRead, false, readyz},
    {http::Method::get, "/api/codex/v1/space", kRead, true, space},
    {http::Method::get, "/api/codex/v1/spr", kRead, true, no_identity},
    {http::Method::get, "/api/codex/v1/peerid", kRead, true, no_identity},
    {http::Method::get, "/api/codex/v1/connect/{peer}", kAdd, true, no_peer},
    {http::Method::get, "/api/codex/v1/debug/info", kRead, true, debug_info},
    {http::Method::post, "/api/codex/v1/debug/chronicles/loglevel", kAdmin, true, log_level},
    {http::Method::get, "/api/codex/v1/sales/{rest...}", kRead, true, no_marketplace},
    {http::Method::post, "/api/codex/v1/sales/{rest...}", kAdmin, true, no_marketplace},
    {http::Method::patch, "/api/codex/v1/sales/{rest...}", kAdmin, true, no_marketplace},
    {http::Method::get, "/api/codex/v1/storage/{rest...}", kRead, true, no_marketplace},
    {http::Method::post, "/api/codex/v1/storage/{rest...}", kAdmin, true, no_marketplace},
};

}  // namespace

std::span<const Route> node_routes() { return kRoutes; }

}  // namespace weir::api
