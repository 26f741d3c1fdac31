// SPDX-License-Identifier: MIT OR Apache-2.0
#include "daemon/quantity.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace weir {
namespace {

// A plain decimal number at the start of `text`, which is left with what follows it.
std::optional<double> take_number(std::string_view& text) {
  const std::size_t size = std::min(text.find_first_not_of("0123456789."), text.size());
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + size, value, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + size) return std::nullopt;
  text.remove_prefix(size);
  return value;
}

}  // namespace

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  double scale = 1;
  if (!text.empty()) {
    constexpr std::string_view kLetters = "KMGT";
    const char letter = text[0] >= 'a' ? static_cast<char>(text[0] - 'a' + 'A') : text[0];
    if (const std::size_t power = kLetters.find(letter); power != kLetters.npos) {
      scale = std::pow(1024.0, static_cast<double>(power + 1));
      text.remove_prefix(1);
      if (text.starts_with('i') && text.size() == 2) text.remove_prefix(1);
    }
    if (text == "B") text.remove_prefix(1);
    if (!text.empty()) return std::nullopt;
  }
  const double bytes = *number * scale;
  if (bytes >= 9.2e18) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

std::optional<std::chrono::milliseconds> parse_time(std::string_view text) {
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  double seconds = *number;
  if (text == "m") seconds *= 60;
  if (text == "h") seconds *= 3600;
  if (!(text.empty() || text == "s" || text == "m" || text == "h")) return std::nullopt;
  if (seconds <= 0 || seconds > 3600.0 * 24 * 3653) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000)));
}

std::optional<std::vector<Endpoint>> parse_listen(std::string_view text) {
  const std::string_view digits = text.starts_with(':') ? text.substr(1) : text;
  if (const auto port = parse_port(digits)) {
    return std::vector{Endpoint{IpAddress::v4(0), *port}, Endpoint{*IpAddress::parse("::"), *port}};
  }
  if (const auto endpoint = Endpoint::parse(text)) return std::vector{*endpoint};
  return std::nullopt;
}

}  // namespace weir
