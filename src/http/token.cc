// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/token.h"

#include <algorithm>
#include <array>

#include "hash/sha.h"
#include "http/field.h"

namespace weir::http {
namespace {

constexpr std::array<std::string_view, 3> kScopes = {"read", "add", "admin"};

// token68 of RFC 9110 section 11.2.
bool is_token68(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    const char low = ascii_lower(c);
    return (c >= '0' && c <= '9') || (low >= 'a' && low <= 'z') ||
           std::string_view("-._~+/").find(c) != std::string_view::npos;
  });
}

// "Bearer" 1*SP token68, the scheme in any letter case.
std::optional<std::string_view> bearer_of(std::string_view field) {
  constexpr std::string_view kScheme = "bearer ";
  field = trimmed(field);
  if (field.size() < kScheme.size()) return std::nullopt;
  if (!equals_ignoring_case(field.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  return trimmed(field.substr(kScheme.size()));
}

}  // namespace

std::string_view text_of(Scope scope) { return kScopes[static_cast<std::size_t>(scope)]; }

std::optional<Scope> parse_scope(std::string_view text) {
  for (std::size_t i = 0; i < kScopes.size(); ++i) {
    if (text == kScopes[i]) return static_cast<Scope>(i);
  }
  return std::nullopt;
}

bool equal_in_constant_time(const Sha256Digest& a, const Sha256Digest& b) {
  // The volatile accumulator keeps the compiler from leaving the loop at the first difference.
  volatile unsigned char difference = 0;
  for (std::size_t i = 0; i < Sha256Digest::kSize; ++i) {
    difference = static_cast<unsigned char>(
        difference | std::to_integer<unsigned char>(a.bytes[i] ^ b.bytes[i]));
  }
  return difference == 0;
}

HttpResult<void> TokenTable::add(std::string_view token, Scope scope) {
  if (token.size() < kTokenBytesMin || token.size() > kTokenBytesMax || !is_token68(token)) {
    return std::unexpected(HttpErrc::malformed);
  }
  return add_hash(sha256(as_bytes(token)), scope);
}

HttpResult<void> TokenTable::add_hash(const Sha256Digest& hash, Scope scope) {
  if (entries_.size() == kTokensMax) return std::unexpected(HttpErrc::too_many);
  entries_.push_back({hash, scope});
  return {};
}

HttpResult<Scope> TokenTable::authorize(std::optional<std::string_view> authorization,
                                        Scope needed) const {
  if (!authorization) return std::unexpected(HttpErrc::token_missing);
  const auto token = bearer_of(*authorization);
  if (!token) return std::unexpected(HttpErrc::token_missing);
  if (token->size() > kTokenBytesMax) return std::unexpected(HttpErrc::token_wrong);
  const Sha256Digest hash = sha256(as_bytes(*token));
  std::optional<Scope> found;
  for (const Entry& entry : entries_) {
    if (!equal_in_constant_time(entry.hash, hash)) continue;
    if (!found || entry.scope > *found) found = entry.scope;
  }
  if (!found) return std::unexpected(HttpErrc::token_wrong);
  if (*found < needed) return std::unexpected(HttpErrc::scope_missing);
  return *found;
}

std::string challenge(HttpErrc error, Scope needed) {
  std::string out = "Bearer realm=\"weir\"";
  if (error == HttpErrc::token_wrong) out += ", error=\"invalid_token\"";
  if (error == HttpErrc::scope_missing) {
    out += ", error=\"insufficient_scope\", scope=\"";
    out += text_of(needed);
    out += '"';
  }
  return out;
}

}  // namespace weir::http
