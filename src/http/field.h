// SPDX-License-Identifier: MIT OR Apache-2.0
// The grammar that header fields share: tokens, quoted strings, comma lists, parameters (RFC 9110
// section 5.6).
//
// A Scanner walks over one field value. It borrows the text for its life; what it gives out as
// string_view lies inside that text, what had to be unescaped is a string.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/errc.h"

namespace weir::http {

// The longest value of one field that is looked at; a longer one is refused or, where the field is
// optional by its definition (Range), ignored.
inline constexpr std::size_t kFieldBytesMax = 4096;
inline constexpr std::size_t kParametersMax = 16;

[[nodiscard]] bool is_token_char(char c);
// One or more token characters.
[[nodiscard]] bool is_token(std::string_view text);
[[nodiscard]] char ascii_lower(char c);
[[nodiscard]] std::string ascii_lowered(std::string_view text);
// Equal but for the case of ASCII letters.
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);
// Without spaces and tabs at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);
// Value of a hexadecimal digit, or nothing.
[[nodiscard]] std::optional<unsigned> hex_digit(char c);
// The text as a quoted-string. REQUIRES: no control character but tab in it.
[[nodiscard]] std::string quoted(std::string_view text);

// One or more digits, saturating at the largest value; nothing when anything else is in `text`.
// A number too big to hold is a valid number to the grammar, and beyond every length to us.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);

class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }
  void skip_space();
  // Takes `c` when it is next.
  bool take(char c);
  // The longest run of token characters; may be empty.
  std::string_view take_token();
  // A quoted-string, unescaped; nothing when none is next or it is not closed.
  std::optional<std::string> take_quoted();

 private:
  std::string_view rest_;
};

struct Parameter {
  std::string name;  // lower-case
  std::string value;

  bool operator==(const Parameter&) const = default;
};

// *( OWS ";" OWS [ name "=" ( token / quoted-string ) ] ) up to the end of the scanner's text, or
// up to a comma. The lenient rule also takes spaces around '=', which RFC 6266 allows, and in an
// unquoted value any visible characters up to ';', as many clients send them in file names.
// Errors: malformed, too_many.
enum class ValueRule : std::uint8_t { strict, lenient };
[[nodiscard]] HttpResult<std::vector<Parameter>> take_parameters(
    Scanner& in, ValueRule rule = ValueRule::strict);

}  // namespace weir::http
