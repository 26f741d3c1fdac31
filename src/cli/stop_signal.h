// SPDX-License-Identifier: MIT OR Apache-2.0
// Ctrl-C: the first SIGINT, SIGTERM or SIGHUP asks for a clean end, the second ends the process at
// once with 128 + its number.
#pragma once

namespace weir {

// Installs the handlers, and ignores SIGPIPE and SIGXFSZ: writes report those as errors.
void catch_stop_signals();
// Whether the end was asked for. Any thread.
[[nodiscard]] bool stop_requested();

}  // namespace weir
