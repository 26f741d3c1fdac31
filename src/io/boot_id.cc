// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/boot_id.h"

#include <fstream>

#include "store/resume.h"

namespace weir {

std::string boot_id(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  // A part of it, or a file that is not what it should be, names nothing.
  if (!std::getline(in, line) || line.size() > kBootIdMax) return {};
  return line;
}

}  // namespace weir
