// SPDX-License-Identifier: MIT OR Apache-2.0
// Brackets one batch of input to a ConnectionHost.
#pragma once

namespace weir {

template <class Host>
class Turn {
 public:
  explicit Turn(Host& host) : host_(host) { host_.begin_turn(); }
  ~Turn() { host_.end_turn(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Host& host_;
};

}  // namespace weir
