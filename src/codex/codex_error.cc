// SPDX-License-Identifier: MIT OR Apache-2.0
#include "codex/codex_error.h"

#include <utility>

namespace weir::codex {

const char* error_name(CodexErrc code) {
  switch (code) {
    case CodexErrc::input_too_large:
      return "input_too_large";
    case CodexErrc::bad_protobuf:
      return "bad_protobuf";
    case CodexErrc::number_too_large:
      return "number_too_large";
    case CodexErrc::missing_field:
      return "missing_field";
    case CodexErrc::bad_cid:
      return "bad_cid";
    case CodexErrc::wrong_codec:
      return "wrong_codec";
    case CodexErrc::wrong_hash:
      return "wrong_hash";
    case CodexErrc::bad_cid_version:
      return "bad_cid_version";
    case CodexErrc::bad_block_size:
      return "bad_block_size";
    case CodexErrc::empty_dataset:
      return "empty_dataset";
    case CodexErrc::too_many_blocks:
      return "too_many_blocks";
    case CodexErrc::bad_erasure:
      return "bad_erasure";
    case CodexErrc::bad_verification:
      return "bad_verification";
    case CodexErrc::text_too_long:
      return "text_too_long";
    case CodexErrc::too_many_entries:
      return "too_many_entries";
    case CodexErrc::no_nodes:
      return "no_nodes";
    case CodexErrc::bad_node:
      return "bad_node";
    case CodexErrc::too_many_nodes:
      return "too_many_nodes";
    case CodexErrc::wrong_node_count:
      return "wrong_node_count";
    case CodexErrc::wrong_leaf_count:
      return "wrong_leaf_count";
    case CodexErrc::wrong_index:
      return "wrong_index";
    case CodexErrc::wrong_path_length:
      return "wrong_path_length";
    case CodexErrc::sibling_not_zero:
      return "sibling_not_zero";
    case CodexErrc::root_mismatch:
      return "root_mismatch";
    case CodexErrc::block_mismatch:
      return "block_mismatch";
    case CodexErrc::wrong_block_length:
      return "wrong_block_length";
    case CodexErrc::bad_piece_length:
      return "bad_piece_length";
    case CodexErrc::bad_piece_hash:
      return "bad_piece_hash";
    case CodexErrc::too_many_pieces:
      return "too_many_pieces";
    case CodexErrc::wrong_piece_count:
      return "wrong_piece_count";
    case CodexErrc::bad_length:
      return "bad_length";
    case CodexErrc::info_hash_mismatch:
      return "info_hash_mismatch";
    case CodexErrc::length_mismatch:
      return "length_mismatch";
    case CodexErrc::is_protected:
      return "is_protected";
    case CodexErrc::piece_mismatch:
      return "piece_mismatch";
    case CodexErrc::bad_info_hash_text:
      return "bad_info_hash_text";
  }
  std::unreachable();
}

}  // namespace weir::codex
