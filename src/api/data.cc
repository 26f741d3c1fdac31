// SPDX-License-Identifier: MIT OR Apache-2.0
// Datasets by CID, as the reference's REST interface has them.
#include <boost/json.hpp>
#include <utility>

#include "api/internal/content.h"
#include "api/internal/routes.h"
#include "codex/rest_json.h"

namespace weir::api {
namespace {

constexpr const char* kNotFound =
    "The requested CID could not be retrieved (Block not found in local store).";

// The CID in the path, or an answer that it is none.
std::optional<Cid> cid_of(const RequestPtr& request) {
  const auto cid = Cid::parse(request->captures.at(0));
  if (cid) return *cid;
  request->text(400, "Incorrect Cid");
  return std::nullopt;
}

// The upload whose manifest it names: other blocks are no datasets.
std::shared_ptr<const Publication> dataset(Node& node, const Cid& cid) {
  auto publication = node.publication(cid);
  return publication && publication->cid == cid ? publication : nullptr;
}

void list(Context& context, const RequestPtr& request) {
  std::string out = "{\"content\":[";
  for (const auto& publication : context.node.published()) {
    if (out.back() != '[') out += ',';
    out += codex::data_item_json(publication->cid, publication->manifest);
  }
  request->json(out + "]}");
}

void send_dataset(Context& context, const RequestPtr& request, bool exposes_disposition) {
  const auto cid = cid_of(request);
  if (!cid) return;
  context.later(request, [&node = context.node, request, cid = *cid, exposes_disposition] {
    const auto found = dataset(node, cid) ? node.find(cid) : std::nullopt;
    if (!found) return request->text(404, kNotFound);
    ContentView view;
    view.name = found->publication->manifest.filename;
    view.mimetype = found->publication->manifest.mimetype;
    view.presentation.download = true;
    view.exposes_disposition = exposes_disposition;
    send_content(request, node, *found, view);
  });
}

void get_local(Context& context, const RequestPtr& request) {
  send_dataset(context, request, false);
}
void get_network(Context& context, const RequestPtr& request) {
  send_dataset(context, request, true);
}

void manifest(Context& context, const RequestPtr& request) {
  const auto cid = cid_of(request);
  if (!cid) return;
  const auto publication = dataset(context.node, *cid);
  if (!publication) return request->text(404, kNotFound);
  request->json(codex::data_item_json(publication->cid, publication->manifest));
}

void exists(Context& context, const RequestPtr& request) {
  const auto cid = cid_of(request);
  if (!cid) return;
  boost::json::object out;
  out[request->captures[0]] = context.node.publication(*cid) != nullptr;
  request->json(boost::json::serialize(out));
}

void remove(Context& context, const RequestPtr& request) {
  const auto cid = cid_of(request);
  if (!cid) return;
  context.later(request, [&node = context.node, request, cid = *cid] {
    const auto removed = node.remove(cid);
    if (!removed) return request->error(removed.error());
    HttpAnswer out;
    out.status = 204;
    request->answer(std::move(out));
  });
}

constexpr auto kRead = http::Scope::read;
constexpr Route kRoutes[] = {
    {http::Method::get, "/api/codex/v1/data", kRead, true, list},
    {http::Method::get, "/api/codex/v1/data/{cid}", kRead, true, get_local},
    {http::Method::del, "/api/codex/v1/data/{cid}", http::Scope::admin, true, remove},
    {http::Method::get, "/api/codex/v1/data/{cid}/network/stream", kRead, true, get_network},
    {http::Method::get, "/api/codex/v1/data/{cid}/network/manifest", kRead, true, manifest},
    {http::Method::post, "/api/codex/v1/data/{cid}/network", http::Scope::add, true, manifest},
    {http::Method::get, "/api/codex/v1/data/{cid}/exists", kRead, true, exists},
};

}  // namespace

std::span<const Route> data_routes() { return kRoutes; }

}  // namespace weir::api
