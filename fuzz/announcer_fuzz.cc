// SPDX-License-Identifier: MIT OR Apache-2.0
// Operations against the announcer: the first byte is the seed, then pairs of operation and
// argument. The rules are AnnouncerChecker's.
#include <cstdint>
#include <cstdio>

#include "base/assert.h"
#include "tracker/announcer_checker.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kBytesMax = 4096;
  if (size == 0 || size > kBytesMax) return 0;
  weir::AnnouncerChecker checker(data[0]);
  checker.step(0, 0);
  for (std::size_t i = 1; i + 1 < size; i += 2) checker.step(data[i], data[i + 1]);
  if (!checker.violation().empty()) std::fprintf(stderr, "%s\n", checker.violation().c_str());
  WEIR_ASSERT(checker.violation().empty());
  return 0;
}
