// SPDX-License-Identifier: MIT OR Apache-2.0
#include "metainfo/url.h"

#include <algorithm>
#include <initializer_list>

#include "base/bytes.h"

namespace weir {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_alnum(char c) { return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9'); }

bool has_scheme(std::string_view url, std::initializer_list<std::string_view> schemes) {
  if (url.size() > kUrlBytesMax) return false;
  const bool visible =
      std::all_of(url.begin(), url.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  const std::size_t colon = url.find("://");
  if (!visible || colon == std::string_view::npos || colon + 3 >= url.size()) return false;
  std::string scheme(url.substr(0, colon));
  std::transform(scheme.begin(), scheme.end(), scheme.begin(), lower);
  const char first = url[colon + 3];
  return (is_alnum(first) || first == '[') &&
         std::find(schemes.begin(), schemes.end(), scheme) != schemes.end();
}

}  // namespace

bool is_tracker_url(std::string_view url) {
  return has_scheme(url, {"http", "https", "udp", "ws", "wss"});
}

bool is_web_seed_url(std::string_view url) { return has_scheme(url, {"http", "https"}); }

bool is_host_text(std::string_view host) {
  return !host.empty() && host.size() <= 255 && std::all_of(host.begin(), host.end(), [](char c) {
    return is_alnum(c) || std::string_view(".-_:[]").find(c) != std::string_view::npos;
  });
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto raw = from_hex(text.substr(i + 1, 2));
    if (!raw || raw->size() != 1) return std::nullopt;
    out += static_cast<char>(raw->front());
    i += 2;
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_alnum(c) || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

}  // namespace weir
