// SPDX-License-Identifier: MIT OR Apache-2.0
// Why a .torrent file or an info dictionary was refused: one code a cause, with a stable name that
// `weir show --json` prints and the place in the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>

#include "bencode/decoder.h"

namespace weir {

enum class MetainfoErrc : std::uint8_t {
  input_too_large,   // LIM-01
  bad_bencode,       // MetainfoError::bencode says why
  root_not_dict,     // the file is no dictionary
  missing_info,      // no `info`
  info_not_dict,     // `info` has another type
  unsorted_info,     // keys inside `info` are out of order
  bad_meta_version,  // not an integer
  unsupported_meta_version,
  missing_piece_length,
  bad_piece_length,              // not an integer
  piece_length_out_of_range,     // LIM-03
  piece_length_no_power_of_two,  // v2
  missing_name,
  bad_name,  // not a string
  empty_name,
  missing_pieces,
  bad_pieces,          // not a string
  pieces_not_digests,  // not a multiple of 20 bytes
  wrong_piece_count,   // does not fit the files' total length
  too_many_pieces,     // LIM-03
  missing_length,      // neither `length` nor `files`, or a file without `length`
  bad_length,          // not an integer
  negative_length,
  length_too_large,  // no torrent of at most 2^21 pieces can hold it
  bad_files,         // not a list
  empty_files,
  bad_file,        // an entry of `files` is no dictionary
  too_many_files,  // LIM-04
  missing_path,
  bad_path,  // not a list, or not of strings
  empty_path,
  path_too_deep,        // LIM-04
  path_too_long,        // LIM-04
  too_many_collisions,  // more than 500 files had to be renamed
  no_content,           // every file is empty: there is nothing to transfer
  symlink_with_length,
  file_below_symlink,  // BEP 47: a file's directory is a symbolic link of the same torrent
  missing_file_tree,
  bad_file_tree,       // a node is no dictionary
  file_and_directory,  // BEP 52: a node is both
  root_is_file,        // BEP 52: the empty key at the top of the tree
  missing_pieces_root,
  bad_pieces_root,  // not 32 bytes
  zero_pieces_root,
  pieces_root_on_empty_file,
  bad_piece_layers,      // not a dictionary of strings
  unknown_piece_layer,   // no file has this root
  unneeded_piece_layer,  // its file is no longer than one piece
  piece_layer_size,      // not 32 bytes for each piece of its file
  piece_layer_mismatch,  // does not hash to its root
  hybrid_mismatch,       // BEP 52: v1 and v2 disagree on order, name, size or type
  hybrid_misaligned,     // v1 lacks a pad file, or has one of the wrong length
  info_hash_mismatch,
};

// Stable, lower-case.
[[nodiscard]] const char* error_name(MetainfoErrc code);

struct MetainfoError {
  MetainfoErrc code{};
  std::size_t offset = 0;  // in the input, of the value at fault or its dictionary
  const char* field = "";  // the key at fault, when there is one
  std::optional<BencodeErrc> bencode;
};

template <class T>
using MetainfoResult = std::expected<T, MetainfoError>;

}  // namespace weir
