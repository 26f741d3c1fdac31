// SPDX-License-Identifier: MIT OR Apache-2.0
// The configuration file: whatever it says is a configuration or a list of errors, and what
// `weir config show` prints of it is a file that says the same.
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "daemon/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  ConfigInputs inputs;
  inputs.file_name = "/etc/weir.toml";
  inputs.file_text = std::string(reinterpret_cast<const char*>(data), size);
  inputs.environment = {{"HOME", "/srv/user"}};
  inputs.working_dir = "/srv/user";
  const auto loaded = load_config(inputs);
  if (!loaded) {
    WEIR_ASSERT(!loaded.error().empty());
    for (const ConfigError& error : loaded.error()) {
      WEIR_ASSERT(!error.text.empty() && !code_name(error.code).empty());
    }
    return 0;
  }
  const std::string shown = render_config(*loaded);
  const auto again = parse_config_file("shown", shown);
  WEIR_ASSERT(again.has_value());
  for (const auto& [id, value] : *again) {
    const auto at = static_cast<std::size_t>(id);
    WEIR_ASSERT(value.words == shown_words(kSettings[at], loaded->values[at]));
  }
  return 0;
}
