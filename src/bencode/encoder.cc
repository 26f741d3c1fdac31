// SPDX-License-Identifier: MIT OR Apache-2.0
#include "bencode/encoder.h"

#include <utility>

#include "base/assert.h"

namespace weir {

void BencodeWriter::before_value() {
  WEIR_ASSERT(!done_);
  if (open_.empty()) {
    done_ = true;
    return;
  }
  Frame& top = open_.back();
  if (!top.dict) return;
  WEIR_ASSERT(top.has_key);
  top.has_key = false;
}

void BencodeWriter::begin_dict() {
  before_value();
  done_ = false;
  open_.push_back({.dict = true, .last_key = {}});
  append(out_, "d");
}

void BencodeWriter::begin_list() {
  before_value();
  done_ = false;
  open_.push_back({});
  append(out_, "l");
}

void BencodeWriter::end() {
  WEIR_ASSERT(!open_.empty() && !open_.back().has_key);
  open_.pop_back();
  done_ = open_.empty();
  append(out_, "e");
}

void BencodeWriter::key(std::string_view key) {
  WEIR_ASSERT(!open_.empty());
  Frame& top = open_.back();
  WEIR_ASSERT(top.dict && !top.has_key);
  WEIR_ASSERT(!top.any_key || top.last_key < key);
  top.any_key = true;
  top.has_key = true;
  top.last_key = key;
  append(out_, std::to_string(key.size()));
  append(out_, ":");
  append(out_, key);
}

void BencodeWriter::integer(std::int64_t value) {
  before_value();
  append(out_, "i");
  append(out_, std::to_string(value));
  append(out_, "e");
}

void BencodeWriter::string(std::string_view value) {
  before_value();
  append(out_, std::to_string(value.size()));
  append(out_, ":");
  append(out_, value);
}

void BencodeWriter::raw(Bytes encoded) {
  before_value();
  append(out_, encoded);
}

Buffer BencodeWriter::take() {
  WEIR_ASSERT(done_ && open_.empty());
  done_ = false;
  return std::exchange(out_, {});
}

}  // namespace weir
