// SPDX-License-Identifier: MIT OR Apache-2.0
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "cli/commands.h"

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    return static_cast<int>(weir::run_program(words));
  } catch (const std::exception& error) {
    // Out of memory or threads; all else comes as a value.
    std::fprintf(stderr, "weir: %s\n", error.what());
    return static_cast<int>(weir::ExitCode::failure);
  }
}
