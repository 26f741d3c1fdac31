// SPDX-License-Identifier: MIT OR Apache-2.0
// Completion scripts for bash, zsh and fish, written from the option table. The copies in
// share/completions are what `weir completion` prints; a test compares them.
#pragma once

#include <string>
#include <string_view>

namespace weir {

// REQUIRES: shell is "bash", "zsh" or "fish".
[[nodiscard]] std::string completion_script(std::string_view shell);

}  // namespace weir
