// SPDX-License-Identifier: MIT OR Apache-2.0
// The manual page weir(1), written from the option table. share/man/weir.1 is a copy; a test
// compares them.
#pragma once

#include <string>

namespace weir {

[[nodiscard]] std::string manual_page();

}  // namespace weir
