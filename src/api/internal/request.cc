// SPDX-License-Identifier: MIT OR Apache-2.0
#include "api/internal/request.h"

#include <algorithm>
#include <utility>

#include "http/field.h"

namespace weir::api {
namespace {

bool has(const HttpAnswer& answer, std::string_view name) {
  return std::any_of(answer.fields.begin(), answer.fields.end(), [name](const HttpField& field) {
    return http::equals_ignoring_case(field.name, name);
  });
}

}  // namespace

unsigned status_of(NodeErrc code) {
  switch (code) {
    case NodeErrc::no_space:
    case NodeErrc::quota_exceeded:
      return 507;
    case NodeErrc::empty_content:
    case NodeErrc::disk:
    case NodeErrc::engine:
      return 500;
    case NodeErrc::too_large:
      return 413;
    case NodeErrc::bad_text:
    case NodeErrc::bad_path:
      return 422;
    case NodeErrc::changed:
    case NodeErrc::cancelled:
    case NodeErrc::already_here:
      return 409;
    case NodeErrc::too_many:
    case NodeErrc::stopping:
      return 503;
    case NodeErrc::not_found:
      return 404;
    case NodeErrc::timed_out:
      return 504;
    case NodeErrc::bad_torrent:
      return 502;
  }
  std::unreachable();
}

void Request::answer(HttpAnswer answer) {
  for (auto& [name, value] : cors) answer.fields.push_back({name, value});
  if (!has(answer, "X-Content-Type-Options")) {
    answer.fields.push_back({"X-Content-Type-Options", "nosniff"});
  }
  if (!has(answer, "Cache-Control")) answer.fields.push_back({"Cache-Control", "no-store"});
  call.answer(std::move(answer));
}

void Request::text(unsigned status, std::string text) {
  HttpAnswer out;
  out.status = status;
  out.fields.push_back({"Content-Type", "text/plain; charset=utf-8"});
  out.body = std::move(text);
  answer(std::move(out));
}

void Request::json(std::string body, unsigned status) {
  HttpAnswer out;
  out.status = status;
  out.fields.push_back({"Content-Type", "application/json"});
  out.body = std::move(body);
  answer(std::move(out));
}

void Request::error(const NodeError& error) {
  const unsigned status = status_of(error.code);
  // Reasons of the disk and the engine name paths and addresses of this machine.
  const bool inner = error.code == NodeErrc::disk || error.code == NodeErrc::no_space ||
                     error.code == NodeErrc::engine;
  std::string reason = error.detail;
  if (inner) {
    reason = error.code == NodeErrc::no_space ? "The disk is full."
             : error.code == NodeErrc::disk   ? "The content could not be stored or read."
                                              : "The engine refused.";
  }
  text(status, std::move(reason));
}

}  // namespace weir::api
