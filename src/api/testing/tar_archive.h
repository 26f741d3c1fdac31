// SPDX-License-Identifier: MIT OR Apache-2.0
// Small tar archives. For tests.
#pragma once

#include <string>
#include <vector>

#include "http/tar_writer.h"

namespace weir {

struct Member {
  std::string path;
  std::string content;
};

inline std::string tar_archive(const std::vector<Member>& members) {
  std::string out;
  for (const Member& member : members) {
    http::TarWriteEntry entry;
    entry.path = member.path;
    entry.size = member.content.size();
    out += http::tar_header(entry) + member.content;
    out.append(http::tar_padding(member.content.size()), '\0');
  }
  return out.append(2 * http::kTarBlock, '\0');
}

inline constexpr const char* kTarUrl = "/api/codex/v1/torrent/tar";

}  // namespace weir
