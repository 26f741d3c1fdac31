// SPDX-License-Identifier: MIT OR Apache-2.0
#include "codex/codex_error.h"

#include <utility>

namespace weir::codex {

// The names are the enumerators' own; the compiler sees to it that none is missing.
#define WEIR_NAMED(code) \
  case CodexErrc::code:  \
    return #code;

// clang-format off
const char* error_name(CodexErrc code) {
  switch (code) {
    WEIR_NAMED(input_too_large)
    WEIR_NAMED(bad_protobuf)
    WEIR_NAMED(number_too_large)
    WEIR_NAMED(missing_field)
    WEIR_NAMED(bad_cid)
    WEIR_NAMED(wrong_codec)
    WEIR_NAMED(wrong_hash)
    WEIR_NAMED(bad_cid_version)
    WEIR_NAMED(bad_block_size)
    WEIR_NAMED(empty_dataset)
    WEIR_NAMED(too_many_blocks)
    WEIR_NAMED(bad_erasure)
    WEIR_NAMED(bad_verification)
    WEIR_NAMED(text_too_long)
    WEIR_NAMED(too_many_entries)
    WEIR_NAMED(no_nodes)
    WEIR_NAMED(bad_node)
    WEIR_NAMED(too_many_nodes)
    WEIR_NAMED(wrong_node_count)
    WEIR_NAMED(wrong_leaf_count)
    WEIR_NAMED(wrong_index)
    WEIR_NAMED(wrong_path_length)
    WEIR_NAMED(sibling_not_zero)
    WEIR_NAMED(root_mismatch)
    WEIR_NAMED(block_mismatch)
    WEIR_NAMED(wrong_block_length)
    WEIR_NAMED(bad_piece_length)
    WEIR_NAMED(bad_piece_hash)
    WEIR_NAMED(too_many_pieces)
    WEIR_NAMED(wrong_piece_count)
    WEIR_NAMED(bad_length)
    WEIR_NAMED(info_hash_mismatch)
    WEIR_NAMED(length_mismatch)
    WEIR_NAMED(is_protected)
    WEIR_NAMED(piece_mismatch)
    WEIR_NAMED(bad_info_hash_text)
  }
  std::unreachable();
}
// clang-format on

#undef WEIR_NAMED

}  // namespace weir::codex
