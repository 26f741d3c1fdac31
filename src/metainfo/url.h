// SPDX-License-Identifier: MIT OR Apache-2.0
// Cheap plausibility checks on addresses that come with a torrent. Resolving and connecting is
// decided elsewhere; these only keep out what nobody could use or show.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir {

inline constexpr std::size_t kUrlBytesMax = 4096;

// A URL of visible ASCII characters with a host and one of the schemes http, https, udp, ws, wss.
[[nodiscard]] bool is_tracker_url(std::string_view url);
// The same with http or https.
[[nodiscard]] bool is_web_seed_url(std::string_view url);
// A host name or address: 1 to 255 letters, digits and ".-_:[]".
[[nodiscard]] bool is_host_text(std::string_view host);

// Resolves %XX; nothing when an escape is cut or has a foreign digit.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);
// Everything but unreserved characters (RFC 3986) as %XX.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace weir
