// SPDX-License-Identifier: MIT OR Apache-2.0
// Making a torrent of files of this machine, in one pass over them.
#pragma once

#include <cstdint>
#include <functional>

#include "io/local_content.h"
#include "metainfo/create.h"
#include "node/node_types.h"

namespace weir {

struct HashingWatch {
  std::function<bool()> cancelled;                      // asked between batches
  std::function<void(std::uint64_t content)> begun;     // how many bytes there are; may be empty
  std::function<void(std::uint64_t bytes)> progressed;  // so many more are hashed; may be empty
};
inline constexpr std::uint64_t kHashBatchBytes = 32u << 20;  // hashed side by side

[[nodiscard]] NodeError content_error(const LocalContentError& error);

// A hybrid. Errors: not_found, bad_path, changed, empty_content, too_large, cancelled.
[[nodiscard]] NodeResult<CreatedTorrent> hash_local_content(const LocalContent& content,
                                                            const std::string& name,
                                                            const HashingWatch& watch);

}  // namespace weir
