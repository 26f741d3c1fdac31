// SPDX-License-Identifier: MIT OR Apache-2.0
// Info hashes as the REST interface takes them in paths.
#pragma once

#include <string>
#include <string_view>

#include "codex/codex_error.h"
#include "multiformats/multihash.h"

namespace weir::codex {

// A v1 or v2 info hash: a tagged multihash in hexadecimal (`1114` or `1220` in front), the bare
// hash in hexadecimal, either with `0x` before it, or a v1 hash in base32. 20 bytes are always a v1
// hash, even where they look like a tagged one; the reference reads some of those wrongly.
// The text to answer with is Multihash::text().
[[nodiscard]] CodexResult<Multihash> parse_info_hash_text(std::string_view text);

}  // namespace weir::codex
