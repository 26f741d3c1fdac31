// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

namespace weir {
class Availability;
class BanList;
class Choker;
class PiecePicker;
class Swarm;
}  // namespace weir
