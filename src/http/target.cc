// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/target.h"

#include <algorithm>

#include "base/assert.h"
#include "base/utf8.h"
#include "http/field.h"

namespace weir::http {
namespace {

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_control);
}

bool is_target_char(char c) { return c != ' ' && c != '\\' && c != '#' && !is_control(c); }

enum class PlusRule : std::uint8_t { plus, space };

// Decodes once and checks what came out.
HttpResult<std::string> decoded(std::string_view text, PlusRule plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == PlusRule::space) {
      out += ' ';
      continue;
    }
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::unexpected(HttpErrc::bad_escape);
    const auto high = hex_digit(text[i + 1]);
    const auto low = hex_digit(text[i + 2]);
    if (!high || !low) return std::unexpected(HttpErrc::bad_escape);
    out += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  if (!is_utf8(out)) return std::unexpected(HttpErrc::not_utf8);
  return out;
}

HttpResult<std::string> decoded_segment(std::string_view raw) {
  auto name = decoded(raw, PlusRule::plus);
  if (!name) return name;
  if (has_control(*name)) return std::unexpected(HttpErrc::bad_character);
  if (name->find_first_of("/\\") != std::string::npos) {
    return std::unexpected(HttpErrc::encoded_separator);
  }
  if (*name == "." || *name == "..") return std::unexpected(HttpErrc::dot_segment);
  if (name->empty()) return std::unexpected(HttpErrc::empty_segment);
  return name;
}

bool is_unreserved(char c) {
  return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

void split_query(std::string_view text, RequestTarget& out) {
  const std::size_t mark = text.find('?');
  out.path = text.substr(0, mark);
  if (mark != std::string_view::npos) out.query = text.substr(mark + 1);
}

}  // namespace

HttpResult<RequestTarget> parse_target(std::string_view text) {
  if (text.size() > kTargetBytesMax) return std::unexpected(HttpErrc::target_too_long);
  if (!std::all_of(text.begin(), text.end(), is_target_char)) {
    return std::unexpected(HttpErrc::bad_character);
  }
  RequestTarget out;
  if (text == "*") {
    out.form = TargetForm::asterisk;
    out.path = text;
    return out;
  }
  if (text.starts_with('/')) {
    split_query(text, out);
    return out;
  }
  out.form = TargetForm::absolute;
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::unexpected(HttpErrc::malformed);
  out.scheme = text.substr(0, colon);
  if (!equals_ignoring_case(out.scheme, "http") && !equals_ignoring_case(out.scheme, "https")) {
    return std::unexpected(HttpErrc::malformed);
  }
  text.remove_prefix(colon + 3);
  out.authority = text.substr(0, std::min(text.find_first_of("/?"), text.size()));
  if (out.authority.empty()) return std::unexpected(HttpErrc::malformed);
  text.remove_prefix(out.authority.size());
  split_query(text, out);
  // "http://host" and "http://host?q" ask for the root (RFC 9110 section 4.2.3).
  if (out.path.empty()) out.path = "/";
  return out;
}

HttpResult<DecodedPath> decode_path(std::string_view path) {
  WEIR_ASSERT(path.starts_with('/'));
  DecodedPath out;
  path.remove_prefix(1);
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    auto name = decoded_segment(path.substr(0, slash));
    if (!name) return std::unexpected(name.error());
    if (out.segments.size() == kPathSegmentsMax) return std::unexpected(HttpErrc::too_many);
    out.segments.push_back(*std::move(name));
    out.trailing_slash = slash + 1 == path.size();
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return out;
}

std::string encode_segment(std::string_view name) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(name.size());
  for (const char c : name) {
    if (is_unreserved(c)) {
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

std::string encode_path(std::span<const std::string> segments) {
  std::string out;
  for (const std::string& segment : segments) {
    out += '/';
    out += encode_segment(segment);
  }
  return out.empty() ? "/" : out;
}

HttpResult<Query> Query::parse(std::string_view text) {
  Query out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decoded(pair.substr(0, equals), PlusRule::space);
    if (!name) return std::unexpected(name.error());
    auto value = decoded(pair.substr(std::min(equals + 1, pair.size())), PlusRule::space);
    if (!value) return std::unexpected(value.error());
    if (has_control(*name) || has_control(*value)) {
      return std::unexpected(HttpErrc::bad_character);
    }
    if (out.pairs_.size() == kQueryPairsMax) return std::unexpected(HttpErrc::too_many);
    out.pairs_.emplace_back(*std::move(name), *std::move(value));
  }
  return out;
}

HttpResult<std::optional<std::string_view>> Query::only(std::string_view name) const {
  std::optional<std::string_view> found;
  for (const auto& [key, value] : pairs_) {
    if (key != name) continue;
    if (found) return std::unexpected(HttpErrc::duplicate);
    found = value;
  }
  return found;
}

}  // namespace weir::http
