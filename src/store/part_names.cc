// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/part_names.h"

#include <set>
#include <string_view>

#include "base/utf8.h"

namespace weir {
namespace {

constexpr std::string_view kSuffix = ".part";

std::size_t last_component(std::string_view path) { return path.rfind('/') + 1; }

}  // namespace

PartNames::PartNames(const Layout& layout) {
  // Ordered: names chosen by others could all fall into one bucket of a hash table.
  std::set<std::string_view> taken;  // final names and directories
  for (const TorrentFile& file : layout.files()) {
    const std::string_view path = file.path;
    taken.insert(path);
    for (std::size_t at = path.rfind('/'); at != std::string_view::npos && at > 0;
         at = path.rfind('/', at - 1)) {
      if (!taken.insert(path.substr(0, at)).second) break;
    }
  }
  std::set<std::string> made;
  for (std::uint32_t i = 0; i < layout.files().size(); ++i) {
    const std::string& path = layout.files()[i].path;
    const std::size_t name_at = last_component(path);
    const bool fits = path.size() - name_at + kSuffix.size() <= kComponentMax;
    if (fits && !taken.contains(path + std::string(kSuffix))) continue;
    for (std::uint32_t attempt = 0;; ++attempt) {
      std::string mark = "~" + std::to_string(i);
      if (attempt > 0) mark += "-" + std::to_string(attempt);
      const std::size_t room = kComponentMax - kSuffix.size() - mark.size();
      const std::string base =
          path.substr(0, name_at) +
          std::string(utf8_prefix(std::string_view(path).substr(name_at), room)) + mark;
      std::string candidate = base + std::string(kSuffix);
      // A file named `base` has, or may have, `candidate` for its own name while incomplete.
      if (taken.contains(base) || taken.contains(candidate)) continue;
      if (!made.insert(candidate).second) continue;
      exceptions_.emplace(i, std::move(candidate));
      break;
    }
  }
}

std::string PartNames::name(const Layout& layout, FileIndex file) const {
  const auto exception = exceptions_.find(to_int(file));
  if (exception != exceptions_.end()) return exception->second;
  return layout.file(file).path + std::string(kSuffix);
}

}  // namespace weir
