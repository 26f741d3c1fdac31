// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bencode/decoder.h"

#include <algorithm>
#include <limits>

#include "base/result.h"

namespace weir {
namespace {

// `extent` has 29 bits.
constexpr std::uint32_t kTokensHardMax = (1U << 29) - 1;
// Below this the token array grows by doubling; above, once, to the most that can still come, so
// that growing never holds two large copies.
constexpr std::size_t kDoublingMax = 1U << 16;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

// One pass over the input with an explicit stack of open containers.
class BencodeDecoder {
 public:
  BencodeDecoder(Bytes input, const BencodeLimits& limits)
      : text_(as_text(input)),
        limits_(limits),
        tokens_max_(std::min(limits.tokens_max, kTokensHardMax)) {
    document_.input_ = input;
  }

  BencodeResult<BencodeDocument> run(bool allow_rest) {
    if (text_.size() > std::numeric_limits<std::uint32_t>::max()) {
      return fail(BencodeErrc::input_too_large, 0);
    }
    do {
      WEIR_CHECK(step());
    } while (!open_.empty());
    if (at_ < text_.size() && !allow_rest) return fail(BencodeErrc::trailing_data, at_);
    document_.input_ = document_.input_.first(at_);
    return std::move(document_);
  }

 private:
  using Status = BencodeResult<void>;

  struct Frame {
    std::uint32_t token = 0;
    bool dict = false;
    bool has_key = false;  // a key has been read and its value comes next
    bool unsorted = false;
    std::uint32_t keys = 0;
    std::string_view last_key;
  };

  static std::unexpected<BencodeError> fail(BencodeErrc code, std::size_t offset) {
    return std::unexpected(BencodeError{code, offset});
  }

  // Reads one key, one scalar, or the start or end of one container.
  Status step() {
    if (at_ == text_.size()) return fail(BencodeErrc::unexpected_end, at_);
    const char c = text_[at_];
    if (!open_.empty()) {
      Frame& top = open_.back();
      if (c == 'e') return close(top);
      if (top.dict && !top.has_key) return key(top);
      top.has_key = false;
    }
    if (is_digit(c)) return string();
    switch (c) {
      case 'i':
        return integer();
      case 'l':
        return open(BencodeToken::list);
      case 'd':
        return open(BencodeToken::dict);
      default:
        return fail(BencodeErrc::expected_value, at_);
    }
  }

  Status add(BencodeToken::Kind kind) {
    std::vector<BencodeToken>& tokens = document_.tokens_;
    if (tokens.size() >= tokens_max_) return fail(BencodeErrc::too_many_tokens, at_);
    if (tokens.size() == tokens.capacity() && tokens.size() >= kDoublingMax) {
      // Every value still to come takes at least one byte (an `e`), and most take two.
      tokens.reserve(std::min<std::size_t>(tokens_max_, tokens.size() + text_.size() - at_));
    }
    tokens.push_back({.offset = static_cast<std::uint32_t>(at_),
                      .kind = static_cast<std::uint32_t>(kind) & 7U,
                      .extent = 1});
    return {};
  }

  Status open(BencodeToken::Kind kind) {
    if (open_.size() >= limits_.depth_max) return fail(BencodeErrc::too_deep, at_);
    const auto token = static_cast<std::uint32_t>(document_.tokens_.size());
    WEIR_CHECK(add(kind));
    Frame frame;
    frame.token = token;
    frame.dict = kind == BencodeToken::dict;
    open_.push_back(frame);
    ++at_;
    return {};
  }

  Status close(const Frame& top) {
    if (top.has_key) return fail(BencodeErrc::missing_value, at_);
    WEIR_CHECK(add(BencodeToken::end));
    BencodeToken& token = document_.tokens_[top.token];
    const std::size_t extent = document_.tokens_.size() - top.token;
    token.extent = static_cast<std::uint32_t>(extent) & kTokensHardMax;
    if (top.unsorted) {
      token.kind = BencodeToken::unsorted_dict;
      WEIR_CHECK(refuse_duplicates(top));
    }
    open_.pop_back();
    ++at_;
    return {};
  }

  Status key(Frame& top) {
    const std::size_t key_at = at_;
    if (!is_digit(text_[at_])) return fail(BencodeErrc::expected_key, at_);
    WEIR_CHECK(string());
    const std::string_view text =
        *BencodeNode(document_.input_.data(), &document_.tokens_.back()).as_string();
    if (top.keys > 0 && text <= top.last_key) {
      if (text == top.last_key) return fail(BencodeErrc::duplicate_key, key_at);
      if (limits_.key_order == BencodeKeyOrder::sorted) {
        return fail(BencodeErrc::unsorted_key, key_at);
      }
      top.unsorted = true;
    }
    ++top.keys;
    // Duplicates among unsorted keys are found by sorting them, so there may not be too many.
    if (top.unsorted && top.keys > kBencodeUnsortedKeysMax) {
      return fail(BencodeErrc::unsorted_key, key_at);
    }
    top.last_key = text;
    top.has_key = true;
    return {};
  }

  Status refuse_duplicates(const Frame& top) {
    const BencodeNode dict(document_.input_.data(), &document_.tokens_[top.token]);
    std::vector<std::string_view> keys;
    keys.reserve(top.keys);
    for (const BencodeEntry entry : dict.as_dict()) keys.push_back(entry.key);
    // By place among equal ones, so that the error names the later of two.
    std::sort(keys.begin(), keys.end(), [](std::string_view a, std::string_view b) {
      const int order = a.compare(b);
      return order != 0 ? order < 0 : a.data() < b.data();
    });
    const auto twin = std::adjacent_find(keys.begin(), keys.end());
    if (twin == keys.end()) return {};
    return fail(BencodeErrc::duplicate_key,
                static_cast<std::size_t>((twin + 1)->data() - text_.data()));
  }

  Status string() {
    WEIR_CHECK(add(BencodeToken::string));
    const std::size_t begin = at_;
    std::uint64_t length = 0;
    for (; at_ < text_.size() && is_digit(text_[at_]); ++at_) {
      if (at_ == begin + 1 && text_[begin] == '0') return fail(BencodeErrc::leading_zero, begin);
      length = length * 10 + static_cast<std::uint64_t>(text_[at_] - '0');
      // Also keeps `length` from wrapping: the next digit makes at most ten times this much.
      if (length > text_.size()) return fail(BencodeErrc::string_too_long, begin);
    }
    if (at_ == text_.size()) return fail(BencodeErrc::unexpected_end, at_);
    if (text_[at_] != ':') return fail(BencodeErrc::expected_colon, at_);
    ++at_;
    if (length > text_.size() - at_) return fail(BencodeErrc::string_too_long, begin);
    at_ += static_cast<std::size_t>(length);
    return {};
  }

  Status integer() {
    WEIR_CHECK(add(BencodeToken::integer));
    const std::size_t begin = at_++;
    const bool negative = at_ < text_.size() && text_[at_] == '-';
    if (negative) ++at_;
    const std::size_t digits = at_;
    // One more below zero than above.
    const std::uint64_t magnitude_max = (std::uint64_t{1} << 63) - (negative ? 0 : 1);
    std::uint64_t magnitude = 0;
    for (; at_ < text_.size() && is_digit(text_[at_]); ++at_) {
      if (at_ == digits + 1 && text_[digits] == '0') {
        return fail(BencodeErrc::leading_zero, digits);
      }
      const auto digit = static_cast<std::uint64_t>(text_[at_] - '0');
      if (magnitude > (magnitude_max - digit) / 10) {
        return fail(BencodeErrc::integer_out_of_range, begin);
      }
      magnitude = magnitude * 10 + digit;
    }
    if (at_ == text_.size()) return fail(BencodeErrc::unexpected_end, at_);
    if (at_ == digits || text_[at_] != 'e') return fail(BencodeErrc::expected_digit, at_);
    if (negative && magnitude == 0) return fail(BencodeErrc::negative_zero, begin);
    ++at_;
    return {};
  }

  std::string_view text_;
  BencodeLimits limits_;
  std::uint32_t tokens_max_;
  std::size_t at_ = 0;
  std::vector<Frame> open_;
  BencodeDocument document_;
};

BencodeResult<BencodeDocument> decode_bencode(Bytes input, const BencodeLimits& limits) {
  return BencodeDecoder(input, limits).run(false);
}

BencodeResult<BencodeDocument> decode_bencode_prefix(Bytes input, const BencodeLimits& limits) {
  return BencodeDecoder(input, limits).run(true);
}

const char* error_name(BencodeErrc code) {
  switch (code) {
    case BencodeErrc::unexpected_end:
      return "unexpected_end";
    case BencodeErrc::expected_value:
      return "expected_value";
    case BencodeErrc::expected_key:
      return "expected_key";
    case BencodeErrc::missing_value:
      return "missing_value";
    case BencodeErrc::expected_digit:
      return "expected_digit";
    case BencodeErrc::leading_zero:
      return "leading_zero";
    case BencodeErrc::negative_zero:
      return "negative_zero";
    case BencodeErrc::integer_out_of_range:
      return "integer_out_of_range";
    case BencodeErrc::expected_colon:
      return "expected_colon";
    case BencodeErrc::string_too_long:
      return "string_too_long";
    case BencodeErrc::unsorted_key:
      return "unsorted_key";
    case BencodeErrc::duplicate_key:
      return "duplicate_key";
    case BencodeErrc::trailing_data:
      return "trailing_data";
    case BencodeErrc::too_deep:
      return "too_deep";
    case BencodeErrc::too_many_tokens:
      return "too_many_tokens";
    case BencodeErrc::input_too_large:
      return "input_too_large";
  }
  return "unknown";
}

}  // namespace weir
