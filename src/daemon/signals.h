// SPDX-License-Identifier: MIT OR Apache-2.0
// The signals a daemon lives by: the first SIGTERM or SIGINT asks for a clean end, the second ends
// the process at once with 128 + its number, SIGHUP asks to read the configuration again.
//
// One object per process, made before threads are; its thread waits without polling.
#pragma once

#include <cstdint>

namespace weir {

enum class DaemonSignal : std::uint8_t { stop, reload };

class DaemonSignals {
 public:
  // Installs the handlers, and ignores SIGPIPE and SIGXFSZ: writes report those as errors.
  DaemonSignals();
  ~DaemonSignals();  // the default handlers are back
  DaemonSignals(const DaemonSignals&) = delete;
  DaemonSignals& operator=(const DaemonSignals&) = delete;

  // The next one. Several SIGHUPs may come as one.
  [[nodiscard]] DaemonSignal wait();
};

}  // namespace weir
