// SPDX-License-Identifier: MIT OR Apache-2.0
// Any bytes: refused within the input, or read back to the very same bytes by the writer.
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "bencode/decoder.h"
#include "bencode/encoder.h"

namespace {

using namespace weir;

// Writes the tree again, value by value, without recursion.
Buffer rewrite(BencodeNode root) {
  struct Frame {
    bool dict;
    BencodeListIterator list, list_end;
    BencodeDictIterator entry, entry_end;
  };
  BencodeWriter writer;
  std::vector<Frame> open;
  const auto value = [&](BencodeNode node) {
    if (const auto integer = node.as_integer()) return writer.integer(*integer);
    if (const auto string = node.as_string()) return writer.string(*string);
    const bool dict = node.is_dict();
    dict ? writer.begin_dict() : writer.begin_list();
    open.push_back({dict, node.as_list().begin(), node.as_list().end(), node.as_dict().begin(),
                    node.as_dict().end()});
  };
  value(root);
  while (!open.empty()) {
    Frame& top = open.back();
    if (top.dict ? top.entry == top.entry_end : top.list == top.list_end) {
      open.pop_back();
      writer.end();
    } else if (top.dict) {
      const BencodeEntry entry = *top.entry;
      ++top.entry;
      writer.key(entry.key);
      value(entry.value);
    } else {
      const BencodeNode item = *top.list;
      ++top.list;
      value(item);
    }
  }
  return writer.take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(reinterpret_cast<const std::byte*>(data), size);
  const auto strict = decode_bencode(input);
  if (strict) {
    const Bytes raw = strict->root().raw();
    WEIR_ASSERT(raw.data() == input.data() && raw.size() == size);
    WEIR_ASSERT(strict->root().is_sorted());
    const Buffer again = rewrite(strict->root());
    WEIR_ASSERT(again.size() == size && std::equal(again.begin(), again.end(), input.begin()));
  } else {
    WEIR_ASSERT(strict.error().offset <= size);
  }
  const auto prefix = decode_bencode_prefix(input, BencodeLimits::message());
  WEIR_ASSERT(!strict || prefix);
  if (prefix) {
    WEIR_ASSERT(prefix->size() <= size);
    WEIR_ASSERT(prefix->root().raw().size() == prefix->size());
    if (prefix->root().is_sorted()) WEIR_ASSERT(decode_bencode(input.first(prefix->size())));
  }
  const auto krpc = decode_bencode(input, BencodeLimits::krpc());
  WEIR_ASSERT(!krpc || krpc->token_count() <= 500);
  return 0;
}
