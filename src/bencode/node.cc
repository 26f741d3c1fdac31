// SPDX-License-Identifier: MIT OR Apache-2.0
// Reading values back out of the token array. The decoder has checked every byte these functions
// look at, so they read without looking for the end.
#include <algorithm>

#include "base/assert.h"
#include "bencode/decoder.h"

namespace weir {
namespace {

char char_at(const std::byte* base, std::size_t offset) { return static_cast<char>(base[offset]); }

std::string_view string_at(const std::byte* base, std::size_t offset) {
  std::size_t length = 0;
  for (; char_at(base, offset) != ':'; ++offset) {
    length = length * 10 + static_cast<std::size_t>(char_at(base, offset) - '0');
  }
  return {reinterpret_cast<const char*>(base) + offset + 1, length};
}

bool is_dict_kind(std::uint32_t kind) {
  return kind == BencodeToken::dict || kind == BencodeToken::unsorted_dict;
}

}  // namespace

BencodeType BencodeNode::type() const {
  if (token_ == nullptr) return BencodeType::none;
  switch (static_cast<BencodeToken::Kind>(token_->kind)) {
    case BencodeToken::integer:
      return BencodeType::integer;
    case BencodeToken::string:
      return BencodeType::string;
    case BencodeToken::list:
      return BencodeType::list;
    case BencodeToken::dict:
    case BencodeToken::unsorted_dict:
      return BencodeType::dict;
    case BencodeToken::end:
      break;
  }
  return BencodeType::none;
}

std::optional<std::int64_t> BencodeNode::as_integer() const {
  if (token_ == nullptr || token_->kind != BencodeToken::integer) return std::nullopt;
  std::size_t at = token_->offset + std::size_t{1};
  const bool negative = char_at(base_, at) == '-';
  if (negative) ++at;
  std::uint64_t magnitude = 0;
  for (; char_at(base_, at) != 'e'; ++at) {
    magnitude = magnitude * 10 + static_cast<std::uint64_t>(char_at(base_, at) - '0');
  }
  // Unsigned negation wraps to the two's complement, which the conversion takes back; this covers
  // the smallest integer, whose magnitude has no signed form.
  return static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
}

std::optional<std::string_view> BencodeNode::as_string() const {
  if (token_ == nullptr || token_->kind != BencodeToken::string) return std::nullopt;
  return string_at(base_, token_->offset);
}

BencodeList BencodeNode::as_list() const { return BencodeList(is_list() ? *this : BencodeNode()); }
BencodeDict BencodeNode::as_dict() const { return BencodeDict(is_dict() ? *this : BencodeNode()); }

BencodeNode BencodeNode::find(std::string_view key) const {
  for (const BencodeEntry entry : as_dict()) {
    if (entry.key == key) return entry.value;
  }
  return {};
}

Bytes BencodeNode::raw() const {
  WEIR_ASSERT(token_ != nullptr);
  const std::byte* begin = base_ + token_->offset;
  if (token_->kind == BencodeToken::string) {
    const std::string_view text = string_at(base_, token_->offset);
    return {begin, reinterpret_cast<const std::byte*>(text.data() + text.size())};
  }
  if (token_->kind == BencodeToken::integer) {
    const std::byte* end = begin;
    while (*end != std::byte{'e'}) ++end;
    return {begin, end + 1};
  }
  return {begin, base_ + token_[token_->extent - 1].offset + 1};
}

bool BencodeNode::is_sorted() const {
  if (token_ == nullptr) return true;
  return std::none_of(token_, token_ + token_->extent, [](const BencodeToken& token) {
    return token.kind == BencodeToken::unsorted_dict;
  });
}

BencodeListIterator BencodeList::begin() const {
  if (node_.token_ == nullptr) return {};
  return BencodeListIterator(BencodeNode(node_.base_, node_.token_ + 1));
}
BencodeListIterator BencodeList::end() const {
  if (node_.token_ == nullptr) return {};
  return BencodeListIterator(BencodeNode(node_.base_, node_.token_ + node_.token_->extent - 1));
}
std::size_t BencodeList::count() const {
  std::size_t count = 0;
  for (BencodeListIterator at = begin(); at != end(); ++at) ++count;
  return count;
}

BencodeDictIterator BencodeDict::begin() const {
  if (node_.token_ == nullptr) return {};
  WEIR_ASSERT(is_dict_kind(node_.token_->kind));
  return BencodeDictIterator(BencodeNode(node_.base_, node_.token_ + 1));
}
BencodeDictIterator BencodeDict::end() const {
  if (node_.token_ == nullptr) return {};
  return BencodeDictIterator(BencodeNode(node_.base_, node_.token_ + node_.token_->extent - 1));
}

}  // namespace weir
