// SPDX-License-Identifier: MIT OR Apache-2.0
// The gate that every request passes, and the way to its route.
#include "api/api.h"

#include <array>
#include <utility>

#include "api/internal/request.h"
#include "api/internal/routes.h"
#include "api/internal/weir.h"

namespace weir {
namespace {

using api::Request;
using api::RequestPtr;
using api::Route;

HttpAnswer refusal(const Request& request, http::HttpErrc error) {
  HttpAnswer out;
  if (api::is_weir_target(request.call.head().target)) {
    return api::weir_error(static_cast<unsigned>(http::status_of(error)), api::code_of(error),
                           http::text_of(error));
  }
  out.status = static_cast<unsigned>(http::status_of(error));
  out.fields.push_back({"Content-Type", "text/plain; charset=utf-8"});
  out.body = std::string(http::text_of(error));
  return out;
}

// The value of `head`'s authority and path, checked; or what to refuse with.
struct Addressed {
  http::Authority host;
  http::RequestTarget target;
};
http::HttpResult<Addressed> addressed(const HttpRequestHead& head, const http::HostPolicy& policy) {
  const auto target = http::parse_target(head.target);
  if (!target) return std::unexpected(target.error());
  if (api::is_local_user(head)) return Addressed{{}, *target};
  const auto host = http::check_host(head.values("Host"), target->authority, policy);
  if (!host) return std::unexpected(host.error());
  return Addressed{*host, *target};
}

bool is_preflight(const Request& request) {
  return request.method == http::Method::options && request.field("Origin") &&
         request.field("Access-Control-Request-Method");
}

}  // namespace

struct Api::Impl {
  Impl(Node& node, ApiConfig its_config) : config(std::move(its_config)), context{node, config} {
    for (const auto& theme :
         {api::upload_routes(), api::folder_routes(), api::data_routes(), api::torrent_routes(),
          api::node_routes(), api::gateway_routes(), api::weir_routes(), api::page_routes()}) {
      for (const Route& route : theme) {
        router.add(route.method, route.pattern, static_cast<std::uint32_t>(routes.size()));
        routes.push_back(&route);
      }
    }
    context.weir = std::make_shared<api::WeirState>(node, config);
  }
  ~Impl() {
    context.weir->events.close();
    context.node.set_observer({});
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  // What the request is refused with, or nothing.
  http::HttpResult<void> pass_gate(Request& request);
  void preflight(const RequestPtr& request);
  void miss(const RequestPtr& request, const http::RouteMiss& missed);
  bool authorized(const RequestPtr& request, const Route& route);

  const ApiConfig config;
  api::Context context;
  http::Router router;
  std::vector<const Route*> routes;
};

Api::Api(Node& node, ApiConfig config) : impl_(std::make_unique<Impl>(node, std::move(config))) {}
Api::~Api() = default;
void Api::set_ready(bool ready) {
  const bool before = impl_->context.ready.exchange(ready);
  if (before && !ready) impl_->context.weir->events.close();
}

void Api::set_addresses(ApiAddresses addresses) {
  const std::lock_guard lock(impl_->context.weir->addresses_mutex);
  impl_->context.weir->addresses = std::move(addresses);
}

http::HttpResult<void> Api::Impl::pass_gate(Request& request) {
  const HttpRequestHead& head = request.call.head();
  const auto where = addressed(head, config.hosts);
  if (!where) return std::unexpected(where.error());
  const http::OriginFields origin{head.value("Origin"), head.value("Sec-Fetch-Site")};
  request.cors = http::cors_fields(origin.origin, config.origins);
  request.authority = http::format_authority(where->host);
  const auto allowed = http::check_origin(origin, request.method, where->host, config.origins);
  if (!allowed) return allowed;
  if (where->target.form == http::TargetForm::asterisk) return {};
  auto path = http::decode_path(where->target.path);
  if (!path) return std::unexpected(path.error());
  auto query = http::Query::parse(where->target.query);
  if (!query) return std::unexpected(query.error());
  request.path = std::move(*path);
  request.query = std::move(*query);
  return {};
}

void Api::Impl::preflight(const RequestPtr& request) {
  std::vector<http::Method> methods;
  for (const http::Method method : {http::Method::get, http::Method::head, http::Method::post,
                                    http::Method::put, http::Method::patch, http::Method::del}) {
    if (std::holds_alternative<http::RouteMatch>(router.match(method, request->path))) {
      methods.push_back(method);
    }
  }
  const http::PreflightFields asked{
      *request->field("Access-Control-Request-Method"),
      request->field("Access-Control-Request-Headers").value_or(""),
      request->field("Access-Control-Request-Private-Network") == "true"};
  request->cors = http::preflight_fields(*request->field("Origin"), asked, methods, config.origins);
  HttpAnswer out;
  out.status = 204;
  request->answer(std::move(out));
}

void Api::Impl::miss(const RequestPtr& request, const http::RouteMiss& missed) {
  HttpAnswer out;
  const bool wrong_method = missed.status == 405;
  const std::string_view text =
      wrong_method ? "This method has no meaning here." : "There is nothing at this address.";
  if (missed.status != 204 && api::is_weir_target(request->call.head().target)) {
    out = api::weir_error(static_cast<unsigned>(missed.status),
                          wrong_method ? "bad_method" : "no_such_route", text);
    if (!missed.allow.empty()) out.fields.push_back({"Allow", missed.allow});
    return request->answer(std::move(out));
  }
  out.status = static_cast<unsigned>(missed.status);
  if (!missed.allow.empty()) out.fields.push_back({"Allow", missed.allow});
  if (missed.status != 204) {
    out.fields.push_back({"Content-Type", "text/plain; charset=utf-8"});
    out.body = std::string(text);
  }
  request->answer(std::move(out));
}

bool Api::Impl::authorized(const RequestPtr& request, const Route& route) {
  const HttpRequestHead& head = request->call.head();
  if (config.tokens.empty() || !route.needs_token) return true;
  if (api::is_local_user(head)) return true;
  request->with_token = true;
  const auto scope = config.tokens.authorize(request->field("Authorization"), route.scope);
  if (scope) return true;
  HttpAnswer out = refusal(*request, scope.error());
  out.fields.push_back({"WWW-Authenticate", http::challenge(scope.error(), route.scope)});
  request->answer(std::move(out));
  return false;
}

void Api::handle(HttpCall call) {
  Impl& i = *impl_;
  ++i.context.weir->requests;
  const auto request = std::make_shared<Request>(std::move(call));
  const auto method = http::parse_method(request->call.head().method);
  if (!method) return request->text(501, "This method is not known.");
  request->method = *method;
  if (const auto passed = i.pass_gate(*request); !passed) {
    return request->answer(refusal(*request, passed.error()));
  }
  if (is_preflight(*request)) return i.preflight(request);
  http::RouteResult result = http::RouteMiss{204, "GET, HEAD, POST, DELETE, OPTIONS"};
  // "OPTIONS *" asks about the server as a whole.
  if (request->call.head().target != "*") result = i.router.match(*method, request->path);
  if (const auto* missed = std::get_if<http::RouteMiss>(&result)) return i.miss(request, *missed);
  const auto& match = std::get<http::RouteMatch>(result);
  const Route& route = *i.routes[match.handler];
  if (!i.authorized(request, route)) return;
  request->captures.assign(match.captures.begin(), match.captures.end());
  route.handler(i.context, request);
}

namespace api {

bool is_local_user(const HttpRequestHead& head) {
  return head.local_user && !head.value("Origin") && !head.value("Sec-Fetch-Site");
}

void Context::later(const RequestPtr& request, std::function<void()> work) {
  if (!node.work().post(std::move(work))) request->text(503, "The node is stopping.");
}

void with_torrent(Context& context, const RequestPtr& request, FetchSource source,
                  std::function<void(const Found&)> found) {
  context.node.fetch(std::move(source),
                     [request, found = std::move(found)](const NodeResult<Found>& result) {
                       if (!result) return request->error(result.error());
                       found(*result);
                     });
}

std::optional<InfoHashes> info_hashes(const Multihash& hash) {
  InfoHashes out{hash.as_sha1(), hash.as_sha256()};
  if (!out.v1 && !out.v2) return std::nullopt;
  return out;
}

}  // namespace api
}  // namespace weir
