// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/stop_signal.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>

namespace weir {
namespace {

std::atomic<int> stop_signals = 0;
static_assert(std::atomic<int>::is_always_lock_free);

void on_stop_signal(int number) {
  if (stop_signals.fetch_add(1) > 0) _exit(128 + number);
}

}  // namespace

void catch_stop_signals() {
  struct sigaction action{};
  action.sa_handler = on_stop_signal;
  sigemptyset(&action.sa_mask);
  // Shells start background jobs with SIGINT ignored; who sends it on purpose is heard all the
  // same.
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // A hangup that nohup(1) had us ignore stays ignored.
  struct sigaction before{};
  if (sigaction(SIGHUP, nullptr, &before) == 0 && before.sa_handler != SIG_IGN) {
    sigaction(SIGHUP, &action, nullptr);
  }
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
  sigaction(SIGXFSZ, &action, nullptr);
}

bool stop_requested() { return stop_signals.load() > 0; }

}  // namespace weir
