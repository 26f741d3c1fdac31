// SPDX-License-Identifier: MIT OR Apache-2.0
// Names to paths. Input: components separated by '\n' within a path, paths by '\r'; a path that
// starts with '@' is a symbolic link.
#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/metainfo_checks.h"
#include "metainfo/path.h"

namespace {

using namespace weir;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

std::string folded(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

void check_unique(const std::vector<PathRequest>& requests) {
  std::set<std::string> keys, links;
  for (const PathRequest& request : requests) {
    fuzz::check_safe_path(request.path);
    WEIR_ASSERT(keys.insert(folded(request.path)).second);
  }
  for (const std::string& key : keys) {
    for (std::size_t at = key.find('/'); at != std::string::npos; at = key.find('/', at + 1)) {
      WEIR_ASSERT(!keys.contains(key.substr(0, at)));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<PathRequest> requests;
  for (std::string_view line : split(text, '\r')) {
    PathRequest request{"root", line.starts_with('@')};
    if (request.symlink) line.remove_prefix(1);
    for (const std::string_view component : split(line, '\n')) {
      const std::string safe = safe_component(component);
      if (safe.empty()) continue;
      WEIR_ASSERT(safe.find('/') == std::string::npos);
      WEIR_ASSERT(safe_component(safe) == safe);
      request.path += "/" + safe;
    }
    if (request.path == "root") request.path += "/_";
    requests.push_back(std::move(request));
  }
  std::vector<PathRequest> again = requests;
  if (!make_unique_paths(requests)) return 0;
  check_unique(requests);
  WEIR_ASSERT(make_unique_paths(again));
  for (std::size_t i = 0; i < requests.size(); ++i) WEIR_ASSERT(again[i].path == requests[i].path);
  return 0;
}
