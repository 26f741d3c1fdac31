// SPDX-License-Identifier: MIT OR Apache-2.0
// What is said about archives that are refused.
#include <utility>

#include "http/tar_reader.h"

namespace weir::http {

const char* error_name(TarErrc code) {
  switch (code) {
    case TarErrc::not_tar:
      return "not_tar";
    case TarErrc::bad_checksum:
      return "bad_checksum";
    case TarErrc::bad_number:
      return "bad_number";
    case TarErrc::bad_pax:
      return "bad_pax";
    case TarErrc::bad_path:
      return "bad_path";
    case TarErrc::duplicate:
      return "duplicate";
    case TarErrc::link:
      return "link";
    case TarErrc::special:
      return "special";
    case TarErrc::sparse:
      return "sparse";
    case TarErrc::unsupported:
      return "unsupported";
    case TarErrc::misplaced:
      return "misplaced";
    case TarErrc::bad_end:
      return "bad_end";
    case TarErrc::truncated:
      return "truncated";
    case TarErrc::too_many:
      return "too_many";
    case TarErrc::path_too_long:
      return "path_too_long";
    case TarErrc::header_too_long:
      return "header_too_long";
    case TarErrc::file_too_large:
      return "file_too_large";
    case TarErrc::total_too_large:
      return "total_too_large";
  }
  std::unreachable();
}

const char* text_of(TarErrc code) {
  switch (code) {
    case TarErrc::not_tar:
      return "This is no tar archive; one that is compressed has to be unpacked first";
    case TarErrc::bad_checksum:
      return "A header's checksum is wrong";
    case TarErrc::bad_number:
      return "A number in a header can't be read";
    case TarErrc::bad_pax:
      return "A pax header can't be read";
    case TarErrc::bad_path:
      return "A path is absolute, leaves the folder, or is no name for a file";
    case TarErrc::duplicate:
      return "A path comes twice, or is below a file";
    case TarErrc::link:
      return "Links can't be published";
    case TarErrc::special:
      return "Devices, pipes and the like can't be published";
    case TarErrc::sparse:
      return "Sparse files are not understood";
    case TarErrc::unsupported:
      return "There is an entry of an unknown kind";
    case TarErrc::misplaced:
      return "There is an extended header without its entry";
    case TarErrc::bad_end:
      return "There is something after the archive's end";
    case TarErrc::truncated:
      return "The archive ends too early";
    case TarErrc::too_many:
      return "The archive has too many entries";
    case TarErrc::path_too_long:
      return "A path is too long, or all of them together are";
    case TarErrc::header_too_long:
      return "A header is too long";
    case TarErrc::file_too_large:
      return "A file is too large";
    case TarErrc::total_too_large:
      return "The files are too large together";
  }
  std::unreachable();
}

bool is_limit(TarErrc code) {
  return code == TarErrc::too_many || code == TarErrc::path_too_long ||
         code == TarErrc::header_too_long || code == TarErrc::file_too_large ||
         code == TarErrc::total_too_large;
}

}  // namespace weir::http
