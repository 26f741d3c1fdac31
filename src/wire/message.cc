// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/message.h"

#include <algorithm>

namespace weir {

bool operator==(const BitfieldMessage& a, const BitfieldMessage& b) {
  return std::ranges::equal(a.bits, b.bits);
}

bool operator==(const ExtendedMessage& a, const ExtendedMessage& b) {
  return a.id == b.id && std::ranges::equal(a.payload, b.payload);
}

bool operator==(const HashesMessage& a, const HashesMessage& b) {
  return a.request == b.request && std::ranges::equal(a.hashes, b.hashes);
}

}  // namespace weir
