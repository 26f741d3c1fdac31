// SPDX-License-Identifier: MIT OR Apache-2.0
// Why a Codex manifest, proof, tree, block or torrent was refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>

namespace weir::codex {

enum class CodexErrc : std::uint8_t {
  input_too_large,   // above the limit of its kind, before anything is decoded
  bad_protobuf,      // cut short, a group, or a varint that is too long or not the shortest
  number_too_large,  // does not fit the field
  missing_field,
  bad_cid,      // bytes that are no CID
  wrong_codec,  // a CID, or a field, that names another kind of thing
  wrong_hash,   // a hash function that does not belong there
  bad_cid_version,
  bad_block_size,  // zero, or above kBlockSizeMax
  empty_dataset,
  too_many_blocks,
  bad_erasure,       // numbers that no erasure-coded dataset has
  bad_verification,  // the slot roots do not fit the erasure code
  text_too_long,     // a file name or a MIME type
  too_many_entries,  // of a directory
  no_nodes,          // a proof or a tree without nodes
  bad_node,          // not 32 bytes
  too_many_nodes,
  wrong_node_count,    // of a tree, for its number of leaves
  wrong_leaf_count,    // of a proof, for its dataset
  wrong_index,         // of a proof, or beyond the dataset
  wrong_path_length,   // of a proof, for its number of leaves
  sibling_not_zero,    // a sibling that does not exist must be zero
  root_mismatch,       // the proof does not lead to the root
  block_mismatch,      // the bytes do not hash to their CID
  wrong_block_length,  // for its place in the dataset
  bad_piece_length,    // zero, or no multiple of the block size
  bad_piece_hash,      // not a SHA-1 multihash
  too_many_pieces,
  wrong_piece_count,   // for the length
  bad_length,          // zero, or more than an info dictionary can say
  info_hash_mismatch,  // phase one: the info dictionary is another one's
  length_mismatch,     // the info dictionary and the Codex manifest disagree
  is_protected,        // an erasure-coded dataset can't be the content of a torrent
  piece_mismatch,      // phase two: the bytes are not what the info dictionary names
  bad_info_hash_text,
};

// Stable, lower-case, for logs and machine-readable output.
[[nodiscard]] const char* error_name(CodexErrc code);

struct CodexError {
  CodexErrc code{};
  std::size_t offset = 0;  // in the input, of the field at fault; 0 when it is no encoding error
  const char* field = "";  // the field or value at fault, when there is one
};
inline bool operator==(const CodexError& error, CodexErrc code) { return error.code == code; }

template <class T>
using CodexResult = std::expected<T, CodexError>;

}  // namespace weir::codex
