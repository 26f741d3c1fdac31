// SPDX-License-Identifier: MIT OR Apache-2.0
// How opening or using a socket fails.
#pragma once

#include <cstdint>
#include <expected>
#include <string>

namespace weir {

enum class NetErrc : std::uint8_t {
  address_in_use,
  address_unavailable,  // no interface of this machine has it
  family_unsupported,   // IPv6 is switched off
  permission,           // a port below 1024
  too_many_files,       // the process or the system is out of descriptors
  refused,
  unreachable,
  timed_out,
  path_too_long,  // of a Unix socket
  failed,
};

// Stable names ("address_in_use").
[[nodiscard]] const char* error_name(NetErrc code);

struct NetError {
  NetErrc code = NetErrc::failed;
  int os_error = 0;    // errno
  std::string detail;  // what was tried, for the user
};
template <class T>
using NetResult = std::expected<T, NetError>;

[[nodiscard]] NetError net_error(int os_error, std::string detail);

}  // namespace weir
