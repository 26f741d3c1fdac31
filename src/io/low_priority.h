// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

namespace weir {

// Makes the calling thread yield to all others, for the processor and for the disk, as far as the
// system lets it.
void lower_thread_priority();

}  // namespace weir
