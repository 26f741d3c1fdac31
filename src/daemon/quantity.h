// SPDX-License-Identifier: MIT OR Apache-2.0
// Sizes, times and addresses to listen on as people write them, in options and in configuration.
// Pure functions; nothing comes back when the text is no such value.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/endpoint.h"

namespace weir {

// "1500", "64K", "1.5M", "2GiB": bytes, suffixes are powers of 1024 (K, M, G, T, with or without
// "B" or "iB").
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

// "90", "1.5", "90s", "10m", "2h"; more than nothing, at most ten years.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_time(std::string_view text);

// "0" to "65535".
[[nodiscard]] std::optional<std::uint16_t> parse_port(std::string_view text);

// "ADDR:PORT", "[V6]:PORT", "PORT" or ":PORT" (all addresses of both families).
[[nodiscard]] std::optional<std::vector<Endpoint>> parse_listen(std::string_view text);

}  // namespace weir
