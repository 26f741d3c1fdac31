// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/field.h"

#include <algorithm>
#include <limits>

namespace weir::http {
namespace {

// What a quoted-string may contain, escaped or not: tab, space, visible characters, obs-text.
bool is_quotable(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return c == '\t' || (byte >= 0x20 && byte != 0x7f);
}

}  // namespace

bool is_token_char(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string ascii_lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), ascii_lower);
  return out;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  const char low = ascii_lower(c);
  if (low >= 'a' && low <= 'f') return static_cast<unsigned>(low - 'a' + 10);
  return std::nullopt;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  if (text.empty()) return std::nullopt;
  constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (kMax - digit) / 10 ? kMax : value * 10 + digit;
  }
  return value;
}

void Scanner::skip_space() {
  rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
}

bool Scanner::take(char c) {
  if (!rest_.starts_with(c)) return false;
  rest_.remove_prefix(1);
  return true;
}

std::string_view Scanner::take_token() {
  std::size_t size = 0;
  while (size < rest_.size() && is_token_char(rest_[size])) ++size;
  const std::string_view out = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return out;
}

std::optional<std::string> Scanner::take_quoted() {
  if (!rest_.starts_with('"')) return std::nullopt;
  std::string out;
  for (std::size_t i = 1; i < rest_.size(); ++i) {
    if (rest_[i] == '"') {
      rest_.remove_prefix(i + 1);
      return out;
    }
    if (rest_[i] == '\\' && ++i == rest_.size()) break;
    if (!is_quotable(rest_[i])) break;
    out += rest_[i];
  }
  return std::nullopt;
}

namespace {

// An unquoted value as browsers' peers send it: up to the next ';', without the spaces around it.
std::optional<std::string> take_lenient(Scanner& in) {
  const std::string_view rest = in.rest();
  const std::string_view raw = rest.substr(0, std::min(rest.find(';'), rest.size()));
  if (!std::all_of(raw.begin(), raw.end(), is_quotable)) return std::nullopt;
  if (raw.find('"') != std::string_view::npos) return std::nullopt;
  in = Scanner(rest.substr(raw.size()));
  const std::string_view value = trimmed(raw);
  if (value.empty()) return std::nullopt;
  return std::string(value);
}

std::optional<std::string> take_value(Scanner& in, ValueRule rule) {
  if (in.rest().starts_with('"')) return in.take_quoted();
  if (rule == ValueRule::lenient) return take_lenient(in);
  const std::string_view token = in.take_token();
  if (token.empty()) return std::nullopt;
  return std::string(token);
}

}  // namespace

HttpResult<std::vector<Parameter>> take_parameters(Scanner& in, ValueRule rule) {
  std::vector<Parameter> out;
  while (true) {
    in.skip_space();
    if (in.at_end() || in.rest().starts_with(',')) return out;
    if (!in.take(';')) return std::unexpected(HttpErrc::malformed);
    in.skip_space();
    // RFC 9110 section 5.6.6 lets a parameter be absent between two semicolons.
    if (in.at_end() || in.rest().starts_with(';') || in.rest().starts_with(',')) continue;
    const std::string_view name = in.take_token();
    if (rule == ValueRule::lenient) in.skip_space();
    if (name.empty() || !in.take('=')) return std::unexpected(HttpErrc::malformed);
    if (rule == ValueRule::lenient) in.skip_space();
    std::optional<std::string> value = take_value(in, rule);
    if (!value) return std::unexpected(HttpErrc::malformed);
    if (out.size() == kParametersMax) return std::unexpected(HttpErrc::too_many);
    out.push_back({ascii_lowered(name), *std::move(value)});
  }
}

}  // namespace weir::http
