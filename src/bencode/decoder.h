// SPDX-License-Identifier: MIT OR Apache-2.0
// Decodes bencode (BEP 3 "bencoding") into views on the caller's buffer.
//
// decode_bencode() checks the whole input once and keeps one 8-byte token a value; strings and
// integers stay where they are. Strings, nodes and iterators borrow the decoded bytes and the
// document: keep both alive (moving the document is fine).
//
// Only the canonical form is accepted: no leading zeros, no -0, integers that fit 64 bits, unique
// dictionary keys in ascending byte order, nothing after the value. Trackers, peers and the part
// of a .torrent outside `info` often have their keys out of order, so BencodeLimits can allow that;
// duplicate keys are always refused, because two programs may read them differently.
//
// No recursion, and memory stays below 4 bytes for each byte of input plus a constant.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace weir {

enum class BencodeErrc : std::uint8_t {
  unexpected_end,        // the input stops in the middle of a value
  expected_value,        // this byte begins no value
  expected_key,          // a dictionary key must be a string
  missing_value,         // a dictionary ends after a key
  expected_digit,        // an integer or a length has something else where a digit belongs
  leading_zero,          // 00, 01:a
  negative_zero,         // i-0e
  integer_out_of_range,  // does not fit a signed 64-bit integer
  expected_colon,        // a string's length is followed by something else
  string_too_long,       // a string's length exceeds the bytes that follow
  unsorted_key,          // a key smaller than the one before it
  duplicate_key,
  trailing_data,  // bytes after the value
  too_deep,
  too_many_tokens,
  input_too_large,  // 4 GiB or more
};

// Stable, lower-case, for logs and machine-readable output.
[[nodiscard]] const char* error_name(BencodeErrc code);

struct BencodeError {
  BencodeErrc code{};
  std::size_t offset = 0;  // of the byte where the input stopped being acceptable
  bool operator==(const BencodeError&) const = default;
};

template <class T>
using BencodeResult = std::expected<T, BencodeError>;

enum class BencodeKeyOrder : std::uint8_t {
  sorted,
  any,  // dictionaries of up to kBencodeUnsortedKeysMax keys may be out of order
};
inline constexpr std::size_t kBencodeUnsortedKeysMax = 1024;

struct BencodeLimits {
  std::uint32_t depth_max = 100;         // nested lists and dictionaries
  std::uint32_t tokens_max = 8'000'000;  // values and keys; a list or dictionary counts twice
  BencodeKeyOrder key_order = BencodeKeyOrder::sorted;

  // A .torrent file: `info` must still be sorted, which the metainfo parser checks.
  static constexpr BencodeLimits torrent_file() { return {.key_order = BencodeKeyOrder::any}; }
  // An info dictionary that came from peers.
  static constexpr BencodeLimits peer_metadata() { return {.tokens_max = 2'500'000}; }
  // Extension messages and tracker replies.
  static constexpr BencodeLimits message() {
    return {.tokens_max = 2'500'000, .key_order = BencodeKeyOrder::any};
  }
  // DHT packets.
  static constexpr BencodeLimits krpc() {
    return {.depth_max = 10, .tokens_max = 500, .key_order = BencodeKeyOrder::any};
  }
};

enum class BencodeType : std::uint8_t { none, integer, string, list, dict };

// One value's place. Internal to the decoder; in the header because nodes walk over tokens inline.
struct BencodeToken {
  enum Kind : std::uint32_t { integer, string, list, dict, unsorted_dict, end };
  std::uint32_t offset;       // of the value's first byte
  std::uint32_t kind : 3;     // a Kind
  std::uint32_t extent : 29;  // tokens from here to the next sibling
};
static_assert(sizeof(BencodeToken) == 8);

class BencodeList;
class BencodeDict;

// A value of a decoded document, or none. Cheap to copy.
class BencodeNode {
 public:
  BencodeNode() = default;
  BencodeNode(const std::byte* base, const BencodeToken* token) : base_(base), token_(token) {}

  explicit operator bool() const { return token_ != nullptr; }
  [[nodiscard]] BencodeType type() const;
  [[nodiscard]] bool is_list() const { return type() == BencodeType::list; }
  [[nodiscard]] bool is_dict() const { return type() == BencodeType::dict; }

  // Nothing when the value has another type.
  [[nodiscard]] std::optional<std::int64_t> as_integer() const;
  [[nodiscard]] std::optional<std::string_view> as_string() const;

  // Empty when the value is no list (no dictionary).
  [[nodiscard]] BencodeList as_list() const;
  [[nodiscard]] BencodeDict as_dict() const;

  // The value of `key`; none when absent or when this is no dictionary. Linear in the number of
  // keys: meant for dictionaries with few of them.
  [[nodiscard]] BencodeNode find(std::string_view key) const;

  // The bytes that encode this value, for hashing. REQUIRES: not none.
  [[nodiscard]] Bytes raw() const;
  // Of the value's first byte in the input. REQUIRES: not none.
  [[nodiscard]] std::size_t offset() const { return token_->offset; }
  // Whether every dictionary in this value has its keys in order (any-order decoding only).
  [[nodiscard]] bool is_sorted() const;

 private:
  friend class BencodeListIterator;
  friend class BencodeDictIterator;
  friend class BencodeList;
  friend class BencodeDict;
  const std::byte* base_ = nullptr;
  const BencodeToken* token_ = nullptr;
};

struct BencodeEntry {
  std::string_view key;
  BencodeNode value;
};

// For range-for only.
class BencodeListIterator {
 public:
  BencodeListIterator() = default;
  explicit BencodeListIterator(BencodeNode node) : node_(node) {}
  BencodeNode operator*() const { return node_; }
  BencodeListIterator& operator++() {
    node_.token_ += node_.token_->extent;
    return *this;
  }
  bool operator==(const BencodeListIterator& o) const { return node_.token_ == o.node_.token_; }

 private:
  BencodeNode node_;
};

class BencodeDictIterator {
 public:
  BencodeDictIterator() = default;
  explicit BencodeDictIterator(BencodeNode key) : key_(key) {}
  BencodeEntry operator*() const {
    return {*key_.as_string(), BencodeNode(key_.base_, key_.token_ + 1)};
  }
  BencodeDictIterator& operator++() {
    key_.token_ += 1 + key_.token_[1].extent;
    return *this;
  }
  bool operator==(const BencodeDictIterator& o) const { return key_.token_ == o.key_.token_; }

 private:
  BencodeNode key_;
};

class BencodeList {
 public:
  explicit BencodeList(BencodeNode node) : node_(node) {}
  [[nodiscard]] BencodeListIterator begin() const;
  [[nodiscard]] BencodeListIterator end() const;
  [[nodiscard]] bool empty() const { return begin() == end(); }
  [[nodiscard]] std::size_t count() const;  // linear

 private:
  BencodeNode node_;
};

class BencodeDict {
 public:
  explicit BencodeDict(BencodeNode node) : node_(node) {}
  [[nodiscard]] BencodeDictIterator begin() const;
  [[nodiscard]] BencodeDictIterator end() const;
  [[nodiscard]] bool empty() const { return begin() == end(); }

 private:
  BencodeNode node_;
};

// A decoded value. Borrows the input.
class BencodeDocument {
 public:
  [[nodiscard]] BencodeNode root() const { return {input_.data(), tokens_.data()}; }
  // Bytes the value takes: less than the input's size only after decode_bencode_prefix.
  [[nodiscard]] std::size_t size() const { return input_.size(); }
  [[nodiscard]] std::size_t token_count() const { return tokens_.size(); }

 private:
  friend class BencodeDecoder;
  Bytes input_;
  std::vector<BencodeToken> tokens_;
};

// The one value that makes up all of `input`.
[[nodiscard]] BencodeResult<BencodeDocument> decode_bencode(Bytes input,
                                                            const BencodeLimits& limits = {});
// The value at the start of `input`; anything may follow it (BEP 9: a block follows the dictionary
// of a data message).
[[nodiscard]] BencodeResult<BencodeDocument> decode_bencode_prefix(
    Bytes input, const BencodeLimits& limits = {});

}  // namespace weir
