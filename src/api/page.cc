// SPDX-License-Identifier: MIT OR Apache-2.0
// The page at "/" (docs/page.md): the same files for everyone, so no token is needed to get them.
// What they show comes through the API, which asks for one.
#include "page/page.h"

#include <algorithm>
#include <utility>

#include "api/internal/routes.h"
#include "http/etag.h"

namespace weir::api {
namespace {

// Nothing inline and nothing from elsewhere; no text becomes markup or a script. blob: is what the
// page itself fetched with a token, for an element that can't send one.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob:; connect-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

bool has_tag(const Request& request, const http::EntityTag& tag) {
  const auto field = request.field("If-None-Match");
  const auto list =
      field ? http::parse_etag_list(*field) : std::unexpected(http::HttpErrc::malformed);
  if (!list) return false;
  return list->any || std::any_of(list->tags.begin(), list->tags.end(),
                                  [&](const auto& other) { return http::weak_match(tag, other); });
}

// The version names the bytes of all files together, so one tag does for each of them.
void send(const RequestPtr& request, const PageFile& file, std::string_view caching) {
  const http::EntityTag tag{std::string(page_version())};
  HttpAnswer out;
  out.fields = {{"ETag", http::format_etag(tag)},
                {"Cache-Control", std::string(caching)},
                {"Content-Security-Policy", std::string(kPolicy)},
                {"Cross-Origin-Opener-Policy", "same-origin"},
                {"Cross-Origin-Resource-Policy", "same-origin"},
                {"Referrer-Policy", "no-referrer"}};
  if (has_tag(*request, tag)) {
    out.status = 304;
  } else {
    out.fields.push_back({"Content-Type", std::string(media_type_of(file))});
    out.body = std::string(file.bytes);
  }
  request->answer(std::move(out));
}

void index(Context&, const RequestPtr& request) {
  send(request, *find_page_file("index.html"), "no-cache");
}

void file(Context&, const RequestPtr& request) {
  const PageFile* found = find_page_file(request->captures.at(1));
  if (!found || request->captures.at(0) != page_version()) {
    return request->text(404, "There is nothing at this address.");
  }
  send(request, *found, "public, max-age=31536000, immutable");
}

constexpr Route kRoutes[] = {
    {http::Method::get, "/", http::Scope::read, false, index},
    {http::Method::get, "/page/{version}/{name}", http::Scope::read, false, file},
};

}  // namespace

std::span<const Route> page_routes() { return kRoutes; }

}  // namespace weir::api
