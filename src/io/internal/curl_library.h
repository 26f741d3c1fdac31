// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

namespace weir {

// Prepares libcurl, once for the process. Any thread.
void init_curl();

}  // namespace weir
