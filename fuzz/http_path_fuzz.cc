// SPDX-License-Identifier: MIT OR Apache-2.0
// Request targets, paths, queries and hosts: no decoded path can leave its root, and encoding it
// gives the same path again.
#include <array>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "base/utf8.h"
#include "http/host.h"
#include "http/origin.h"
#include "http/router.h"
#include "http/target.h"

namespace {

using namespace weir;
using namespace weir::http;

void check_path(std::string_view path) {
  const auto decoded = decode_path(path);
  if (!decoded) return;
  WEIR_ASSERT(decoded->segments.size() <= kPathSegmentsMax);
  for (const std::string& name : decoded->segments) {
    WEIR_ASSERT(!name.empty() && name != "." && name != ".." && is_utf8(name));
    WEIR_ASSERT(name.find_first_of(std::string_view("/\\\0\r\n", 5)) == std::string::npos);
  }
  const auto again = decode_path(encode_path(decoded->segments));
  WEIR_ASSERT(again && again->segments == decoded->segments);

  Router router;
  router.add(Method::get, "/{a}.torrent", 1);
  router.add(Method::get, "/{a}/{rest...}", 2);
  router.add(Method::post, "/", 3);
  const RouteResult result = router.match(Method::get, *decoded);
  WEIR_ASSERT(std::holds_alternative<RouteMatch>(result) || decoded->segments.empty());
}

void check_host_text(std::string_view text) {
  const auto authority = parse_authority(text);
  if (!authority) return;
  WEIR_ASSERT(!authority->host.empty() && authority->port != 0);
  const std::array<std::string_view, 1> fields = {text};
  const auto host = check_host(fields, "", {});
  if (host) WEIR_ASSERT(host->address || host->host == "localhost");
  const std::string own = "http://" + std::string(text);
  WEIR_ASSERT(check_origin({.origin = own}, Method::post, *authority, {}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_host_text(text);
  if (const auto query = Query::parse(text)) {
    WEIR_ASSERT(query->pairs().size() <= kQueryPairsMax);
  }
  const auto target = parse_target(text);
  if (!target) return 0;
  WEIR_ASSERT(size <= kTargetBytesMax);
  if (target->form != TargetForm::asterisk) check_path(target->path);
  return 0;
}
