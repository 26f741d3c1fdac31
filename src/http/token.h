// SPDX-License-Identifier: MIT OR Apache-2.0
// Bearer tokens (RFC 6750) and what they allow.
//
// Only the SHA-256 of a token is kept, so neither memory nor a state file gives one away, and what
// is compared has one length. A lookup compares with every entry to its end: how long it takes says
// nothing about how much of a guess was right (HTT-16).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "http/errc.h"

namespace weir::http {

inline constexpr std::size_t kTokenBytesMin = 16;
inline constexpr std::size_t kTokenBytesMax = 512;
inline constexpr std::size_t kTokensMax = 64;

// Each includes those before it.
enum class Scope : std::uint8_t {
  read,   // look at everything, fetch content
  add,    // put content in
  admin,  // delete, change settings and limits
};
[[nodiscard]] std::string_view text_of(Scope scope);
[[nodiscard]] std::optional<Scope> parse_scope(std::string_view text);

// Takes time by the length alone, not by the content.
[[nodiscard]] bool equal_in_constant_time(const Sha256Digest& a, const Sha256Digest& b);

class TokenTable {
 public:
  // Errors: too_many; malformed when the token is shorter than kTokenBytesMin, longer than
  // kTokenBytesMax, or has characters that no Authorization field can carry.
  [[nodiscard]] HttpResult<void> add(std::string_view token, Scope scope);
  // The same for a token of which only the hash is known. Errors: too_many.
  [[nodiscard]] HttpResult<void> add_hash(const Sha256Digest& hash, Scope scope);

  [[nodiscard]] bool empty() const { return entries_.empty(); }
  // `authorization` is the field's value, nothing when it is absent.
  // Errors: token_missing, token_wrong, scope_missing.
  [[nodiscard]] HttpResult<Scope> authorize(std::optional<std::string_view> authorization,
                                            Scope needed) const;

 private:
  struct Entry {
    Sha256Digest hash;
    Scope scope;
  };
  std::vector<Entry> entries_;
};

// The WWW-Authenticate field for 401 and for 403 by scope_missing.
[[nodiscard]] std::string challenge(HttpErrc error, Scope needed);

}  // namespace weir::http
