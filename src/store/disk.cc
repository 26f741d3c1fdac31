// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/disk.h"

#include <utility>

namespace weir {

const char* error_name(DiskErrc code) {
  switch (code) {
    case DiskErrc::not_found:
      return "not_found";
    case DiskErrc::already_exists:
      return "already_exists";
    case DiskErrc::no_space:
      return "no_space";
    case DiskErrc::permission:
      return "permission";
    case DiskErrc::read_only:
      return "read_only";
    case DiskErrc::not_regular:
      return "not_regular";
    case DiskErrc::not_contained:
      return "not_contained";
    case DiskErrc::name_too_long:
      return "name_too_long";
    case DiskErrc::too_large:
      return "too_large";
    case DiskErrc::short_read:
      return "short_read";
    case DiskErrc::io_error:
      return "io_error";
  }
  std::unreachable();
}

}  // namespace weir
