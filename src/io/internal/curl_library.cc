// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/internal/curl_library.h"

#include <curl/curl.h>
#include <mutex>

#include "base/assert.h"

namespace weir {

void init_curl() {
  static std::once_flag once;
  std::call_once(once, [] { WEIR_ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
}

}  // namespace weir
