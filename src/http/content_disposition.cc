// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/content_disposition.h"

#include <algorithm>

#include "base/utf8.h"
#include "http/field.h"
#include "metainfo/path.h"

namespace weir::http {
namespace {

std::string from_latin1(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xc0 | (byte >> 6));
      out += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return out;
}

// attr-char of RFC 8187: what an extended value has without escape.
bool is_attribute_char(char c) { return is_token_char(c) && c != '*' && c != '\'' && c != '%'; }

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      if (!is_attribute_char(text[i])) return std::nullopt;
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const auto high = hex_digit(text[i + 1]);
    const auto low = hex_digit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    out += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return out;
}

// charset "'" [ language ] "'" value-chars
std::optional<std::string> extended_value(std::string_view text) {
  const std::size_t first = text.find('\'');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find('\'', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const std::string_view charset = text.substr(0, first);
  std::optional<std::string> raw = unescaped(text.substr(second + 1));
  if (!raw) return std::nullopt;
  if (equals_ignoring_case(charset, "utf-8")) return is_utf8(*raw) ? raw : std::nullopt;
  if (equals_ignoring_case(charset, "iso-8859-1")) return from_latin1(*raw);
  return std::nullopt;
}

std::string plain_value(std::string_view text) {
  return is_utf8(text) ? std::string(text) : from_latin1(text);
}

// The only parameter of that name; a second one is an error, since readers differ in which they
// believe.
HttpResult<std::optional<std::string>> take_only(const std::vector<Parameter>& parameters,
                                                 std::string_view name) {
  std::optional<std::string> found;
  for (const Parameter& parameter : parameters) {
    if (parameter.name != name) continue;
    if (found) return std::unexpected(HttpErrc::duplicate);
    found = parameter.value;
  }
  return found;
}

void append_escaped(std::string& out, std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    if (is_attribute_char(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
}

// One '_' for each character that is not plain. Quotes and backslashes are escaped differently by
// different browsers, and some decode '%' where they should not.
std::string ascii_fallback(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) == 0x80) continue;  // the rest of a character that has its '_' already
    const bool plain = byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\' && c != '%';
    out += plain ? c : '_';
  }
  return out;
}

}  // namespace

HttpResult<ContentDisposition> parse_content_disposition(std::string_view field) {
  if (field.size() > kFieldBytesMax) return std::unexpected(HttpErrc::too_long);
  Scanner in(field);
  in.skip_space();
  const std::string_view type = in.take_token();
  if (type.empty()) return std::unexpected(HttpErrc::malformed);
  const auto parameters = take_parameters(in, ValueRule::lenient);
  if (!parameters) return std::unexpected(parameters.error());
  if (!in.at_end()) return std::unexpected(HttpErrc::malformed);
  const auto plain = take_only(*parameters, "filename");
  const auto extended = take_only(*parameters, "filename*");
  const auto name = take_only(*parameters, "name");
  if (!plain || !extended || !name) return std::unexpected(HttpErrc::duplicate);

  ContentDisposition out{.type = ascii_lowered(type)};
  if (*extended) out.file_name = extended_value(**extended);
  if (!out.file_name && *plain) out.file_name = plain_value(**plain);
  if (!out.file_name && *extended) return std::unexpected(HttpErrc::malformed);
  if (*name) out.field_name = plain_value(**name);
  return out;
}

std::optional<std::string> safe_file_name(std::string_view name) {
  const std::size_t separator = name.find_last_of("/\\");
  if (separator != std::string_view::npos) name.remove_prefix(separator + 1);
  // What looks like no name at all in a folder view is not one either.
  name = trimmed(name);
  std::string safe = safe_component(name);
  if (safe.empty()) return std::nullopt;
  return safe;
}

std::string format_content_disposition(Disposition disposition, std::string_view name) {
  std::string out = disposition == Disposition::attachment ? "attachment" : "inline";
  if (name.empty()) return out;
  const std::string text = repair_utf8(name);
  const std::string fallback = ascii_fallback(text);
  out += "; filename=\"" + fallback + '"';
  if (fallback == text) return out;
  out += "; filename*=UTF-8''";
  append_escaped(out, text);
  return out;
}

}  // namespace weir::http
