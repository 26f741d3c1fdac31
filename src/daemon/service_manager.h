// SPDX-License-Identifier: MIT OR Apache-2.0
// What systemd and those that follow it agree on with a service: being told of its state
// (sd_notify(3)) and handing it sockets that listen already (sd_listen_fds(3)). Both are a few
// lines of a stable protocol, so no library is linked for them.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.h"

namespace weir {

class ServiceNotifier {
 public:
  // The value of NOTIFY_SOCKET: a path, or @ and a name in the abstract namespace. Empty, or
  // neither: nobody is told anything.
  explicit ServiceNotifier(std::string address) : address_(std::move(address)) {}

  // Lines such as "READY=1". Whether they could be sent; a manager that can't be told is no reason
  // not to run. Does not wait.
  bool send(std::string_view state) const;

 private:
  std::string address_;
};

inline constexpr int kActivationFdFirst = 3;
inline constexpr int kActivationFdsMax = 16;

struct ActivatedSocket {
  int fd = -1;
  Endpoint local;
};

// The sockets handed to this process: LISTEN_FDS of them from descriptor 3 on, when LISTEN_PID
// names it. None is the usual case. Sets close-on-exec. The error is a sentence: a number that is
// none or beyond kActivationFdsMax, or a descriptor that is no TCP socket that listens.
[[nodiscard]] std::expected<std::vector<ActivatedSocket>, std::string> activated_sockets(
    const std::optional<std::string>& listen_pid, const std::optional<std::string>& listen_fds);

}  // namespace weir
