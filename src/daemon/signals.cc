// SPDX-License-Identifier: MIT OR Apache-2.0
#include "daemon/signals.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <system_error>

namespace weir {
namespace {

// Handlers have no other way to their data.
std::atomic<int> stops = 0;
std::atomic<int> wake_fd = -1;
int read_fd = -1;
static_assert(std::atomic<int>::is_always_lock_free);

void wake(char what) {
  const int error = errno;
  // A full pipe wakes the reader as well.
  (void)!write(wake_fd, &what, 1);
  errno = error;
}

void on_stop(int number) {
  if (stops.fetch_add(1) > 0) _exit(128 + number);
  wake('s');
}

void on_reload(int) { wake('r'); }

void install(int number, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = handler == on_stop || handler == on_reload ? SA_RESTART : 0;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, nullptr);
}

}  // namespace

DaemonSignals::DaemonSignals() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "a pipe for signals");
  }
  // A handler never waits; wait() does.
  fcntl(ends[1], F_SETFL, O_NONBLOCK);
  stops = 0;
  read_fd = ends[0];
  wake_fd = ends[1];
  install(SIGINT, on_stop);
  install(SIGTERM, on_stop);
  install(SIGHUP, on_reload);
  install(SIGPIPE, SIG_IGN);
  install(SIGXFSZ, SIG_IGN);
}

DaemonSignals::~DaemonSignals() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) install(number, SIG_DFL);
  close(wake_fd.exchange(-1));
  close(read_fd);
}

DaemonSignal DaemonSignals::wait() {
  for (;;) {
    // A stop counts also when what it wrote is far behind in the pipe.
    if (stops > 0) return DaemonSignal::stop;
    // Not read() alone: ThreadSanitizer runs handlers in calls that it knows to wait, of which
    // poll() is one and read() is none.
    pollfd ready{.fd = read_fd, .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, -1) <= 0) continue;
    char what = 0;
    const ssize_t got = read(read_fd, &what, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return DaemonSignal::stop;
    if (what == 'r' && stops == 0) return DaemonSignal::reload;
  }
}

}  // namespace weir
