// SPDX-License-Identifier: MIT OR Apache-2.0
// What names this boot of the machine: another one after each start of the kernel.
#pragma once

#include <string>

namespace weir {

inline constexpr const char* kBootIdFile = "/proc/sys/kernel/random/boot_id";

// The file's one line; empty when the system does not say, or says more than kBootIdMax bytes.
[[nodiscard]] std::string boot_id(const std::string& file = kBootIdFile);

}  // namespace weir
