// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/os_random.h"

#include <sys/random.h>
#include <cerrno>

#include "base/assert.h"

namespace weir {

void os_random(MutableBytes out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    WEIR_ASSERT(got > 0);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

std::uint64_t os_random_seed() {
  std::byte raw[sizeof(std::uint64_t)];
  os_random(raw);
  return load_be64(raw);
}

}  // namespace weir
