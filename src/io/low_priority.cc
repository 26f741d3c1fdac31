// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/low_priority.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace weir {

void lower_thread_priority() {
  const auto thread = static_cast<id_t>(::syscall(SYS_gettid));
  (void)::setpriority(PRIO_PROCESS, thread, 19);
  // ioprio_set(2) has neither wrapper nor header: of a process or thread, the idle class.
  constexpr int kWhoProcess = 1;
  constexpr int kClassIdle = 3 << 13;
  (void)::syscall(SYS_ioprio_set, kWhoProcess, static_cast<int>(thread), kClassIdle);
}

}  // namespace weir
