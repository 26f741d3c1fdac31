// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes canonical bencode (BEP 3) into a buffer, value by value.
//
//   BencodeWriter w;
//   w.begin_dict();
//   w.key("port");
//   w.integer(6881);
//   w.end();
//   Buffer bytes = w.take();
//
// Keys must come in ascending byte order, each followed by one value, and every begin needs its
// end; a call out of turn is our own bug and fails an assertion.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace weir {

class BencodeWriter {
 public:
  void begin_dict();
  void begin_list();
  void end();
  void key(std::string_view key);
  void integer(std::int64_t value);
  void string(std::string_view value);
  void string(Bytes value) { string(as_text(value)); }
  // A value that is encoded already, for instance an info dictionary kept as received.
  // REQUIRES: exactly one canonical value.
  void raw(Bytes encoded);

  // Both at once, for dictionaries of scalars.
  void entry(std::string_view key_text, std::int64_t value) {
    key(key_text);
    integer(value);
  }
  void entry(std::string_view key_text, std::string_view value) {
    key(key_text);
    string(value);
  }

  // The encoded value; the writer is then empty. REQUIRES: one complete value was written.
  [[nodiscard]] Buffer take();

 private:
  struct Frame {
    bool dict = false;
    bool has_key = false;
    bool any_key = false;
    std::string last_key;
  };
  void before_value();

  Buffer out_;
  std::vector<Frame> open_;
  bool done_ = false;
};

}  // namespace weir
