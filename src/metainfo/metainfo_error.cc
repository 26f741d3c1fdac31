// SPDX-License-Identifier: MIT OR Apache-2.0
#include "metainfo/metainfo_error.h"

namespace weir {

// The names are the enumerators' own; the compiler sees to it that none is missing.
#define WEIR_NAMED(code)   \
  case MetainfoErrc::code: \
    return #code;

// clang-format off
const char* error_name(MetainfoErrc code) {
  switch (code) {
    WEIR_NAMED(input_too_large)
    WEIR_NAMED(bad_bencode)
    WEIR_NAMED(root_not_dict)
    WEIR_NAMED(missing_info)
    WEIR_NAMED(info_not_dict)
    WEIR_NAMED(unsorted_info)
    WEIR_NAMED(bad_meta_version)
    WEIR_NAMED(unsupported_meta_version)
    WEIR_NAMED(missing_piece_length)
    WEIR_NAMED(bad_piece_length)
    WEIR_NAMED(piece_length_out_of_range)
    WEIR_NAMED(piece_length_no_power_of_two)
    WEIR_NAMED(missing_name)
    WEIR_NAMED(bad_name)
    WEIR_NAMED(empty_name)
    WEIR_NAMED(missing_pieces)
    WEIR_NAMED(bad_pieces)
    WEIR_NAMED(pieces_not_digests)
    WEIR_NAMED(wrong_piece_count)
    WEIR_NAMED(too_many_pieces)
    WEIR_NAMED(missing_length)
    WEIR_NAMED(bad_length)
    WEIR_NAMED(negative_length)
    WEIR_NAMED(length_too_large)
    WEIR_NAMED(bad_files)
    WEIR_NAMED(empty_files)
    WEIR_NAMED(bad_file)
    WEIR_NAMED(too_many_files)
    WEIR_NAMED(missing_path)
    WEIR_NAMED(bad_path)
    WEIR_NAMED(empty_path)
    WEIR_NAMED(path_too_deep)
    WEIR_NAMED(path_too_long)
    WEIR_NAMED(too_many_collisions)
    WEIR_NAMED(no_content)
    WEIR_NAMED(symlink_with_length)
    WEIR_NAMED(file_below_symlink)
    WEIR_NAMED(missing_file_tree)
    WEIR_NAMED(bad_file_tree)
    WEIR_NAMED(file_and_directory)
    WEIR_NAMED(root_is_file)
    WEIR_NAMED(missing_pieces_root)
    WEIR_NAMED(bad_pieces_root)
    WEIR_NAMED(zero_pieces_root)
    WEIR_NAMED(pieces_root_on_empty_file)
    WEIR_NAMED(bad_piece_layers)
    WEIR_NAMED(unknown_piece_layer)
    WEIR_NAMED(unneeded_piece_layer)
    WEIR_NAMED(piece_layer_size)
    WEIR_NAMED(piece_layer_mismatch)
    WEIR_NAMED(hybrid_mismatch)
    WEIR_NAMED(hybrid_misaligned)
    WEIR_NAMED(info_hash_mismatch)
  }
  return "unknown";
}
// clang-format on

#undef WEIR_NAMED

}  // namespace weir
