// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/net_error.h"

#include <cerrno>
#include <utility>

namespace weir {

const char* error_name(NetErrc code) {
  switch (code) {
    case NetErrc::address_in_use:
      return "address_in_use";
    case NetErrc::address_unavailable:
      return "address_unavailable";
    case NetErrc::family_unsupported:
      return "family_unsupported";
    case NetErrc::permission:
      return "permission";
    case NetErrc::too_many_files:
      return "too_many_files";
    case NetErrc::refused:
      return "refused";
    case NetErrc::unreachable:
      return "unreachable";
    case NetErrc::timed_out:
      return "timed_out";
    case NetErrc::path_too_long:
      return "path_too_long";
    case NetErrc::failed:
      return "failed";
  }
  std::unreachable();
}

namespace {

NetErrc classify(int os_error) {
  switch (os_error) {
    case EADDRINUSE:
      return NetErrc::address_in_use;
    case EADDRNOTAVAIL:
      return NetErrc::address_unavailable;
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
      return NetErrc::family_unsupported;
    case EACCES:
    case EPERM:
      return NetErrc::permission;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return NetErrc::too_many_files;
    case ECONNREFUSED:
      return NetErrc::refused;
    case ENETUNREACH:
    case EHOSTUNREACH:
      return NetErrc::unreachable;
    case ETIMEDOUT:
      return NetErrc::timed_out;
    default:
      return NetErrc::failed;
  }
}

}  // namespace

NetError net_error(int os_error, std::string detail) {
  return {classify(os_error), os_error, std::move(detail)};
}

}  // namespace weir
