// SPDX-License-Identifier: MIT OR Apache-2.0
// Publishing content of this machine where it lies: for the node's own user and for administrators,
// because it makes the node read whatever it is told to and names paths.
#include <utility>

#include "api/internal/weir.h"
#include "http/field.h"

namespace weir::api {
namespace {

namespace json = boost::json;

json::object job_json(const PublishJob& job) {
  json::object out;
  out["id"] = std::to_string(job.number);
  out["path"] = text_json(job.path);
  out["state"] = state_name(job.state);
  out["size"] = job.size;
  out["done"] = job.done;
  out["torrent"] = job.torrent ? json::value(torrent_id(*job.torrent)) : json::value(nullptr);
  out["error"] = nullptr;
  if (job.error) {
    out["error"] = {{"code", error_name(job.error->code)}, {"text", text_json(job.error->detail)}};
  }
  return out;
}

std::optional<std::uint64_t> number_of(const RequestPtr& request) {
  return http::parse_number(request->captures.at(0));
}

bool allowed(Context& context, const RequestPtr& request) {
  if (may_name_paths(context, *request)) return true;
  answer_error(request, 403, "not_allowed",
               "Paths of the node's machine are for its Unix socket and for admin tokens.");
  return false;
}

}  // namespace

bool may_name_paths(const Context& context, const Request& request) {
  if (is_local_user(request.call.head())) return true;
  const http::TokenTable& tokens = context.config.tokens;
  return !tokens.empty() &&
         tokens.authorize(request.field("Authorization"), http::Scope::admin).has_value();
}

void publish_path(Context& context, const RequestPtr& request, PublishRequest wanted) {
  if (!allowed(context, request)) return;
  const auto job = context.node.in_place().begin(std::move(wanted));
  if (!job) return request->answer(weir_error(job.error()));
  answer_json(request, job_json(*job), 202);
}

void list_publishing(Context& context, const RequestPtr& request) {
  if (!allowed(context, request)) return;
  json::array jobs;
  for (const PublishJob& job : context.node.in_place().jobs()) jobs.push_back(job_json(job));
  answer_json(request, json::object{{"publishing", std::move(jobs)}});
}

void get_publishing(Context& context, const RequestPtr& request) {
  if (!allowed(context, request)) return;
  const auto number = number_of(request);
  const auto job = number ? context.node.in_place().job(*number) : std::nullopt;
  if (!job) return answer_error(request, 404, "not_found", "There is no such wish here.");
  answer_json(request, job_json(*job));
}

void delete_publishing(Context& context, const RequestPtr& request) {
  if (!allowed(context, request)) return;
  const auto number = number_of(request);
  if (!number || !context.node.in_place().cancel(*number)) {
    return answer_error(request, 404, "not_found", "There is no such wish under way.");
  }
  HttpAnswer out;
  out.status = 204;
  request->answer(std::move(out));
}

}  // namespace weir::api
