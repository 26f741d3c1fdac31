// SPDX-License-Identifier: MIT OR Apache-2.0
// Protocol buffers as Codex nodes read and write them. protozero does the encoding; this adds what
// the dialect asks for and protozero leaves open: varints must be the shortest ones, numbers that
// do not fit are errors instead of being cut, and errors are values with the place.
//
// Unknown fields, and known ones of another wire type, are for the caller to pass over; of a
// repeated field that is not "repeated" the last one counts. Groups fail.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/assert.h"
#include "base/bytes.h"
#include "codex/codex_error.h"
#include "multiformats/cid.h"

#define protozero_assert(condition) WEIR_ASSERT(condition)
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

namespace weir::codex {

struct Field {
  enum class Kind : std::uint8_t { number, bytes, fixed };
  std::uint32_t tag = 0;
  Kind kind = Kind::fixed;
  std::uint64_t number = 0;
  Bytes bytes;             // borrowed from the message
  std::size_t offset = 0;  // of the field, in the whole input
  std::size_t bytes_offset = 0;

  [[nodiscard]] bool is_number(std::uint32_t t) const { return tag == t && kind == Kind::number; }
  [[nodiscard]] bool is_bytes(std::uint32_t t) const { return tag == t && kind == Kind::bytes; }
};

class FieldReader {
 public:
  // `offset` is where the message begins in the whole input. Borrows the message.
  explicit FieldReader(Bytes message, std::size_t offset = 0);
  // The message in a field of kind bytes.
  explicit FieldReader(const Field& field) : FieldReader(field.bytes, field.bytes_offset) {}

  // The next field, or nothing at the end. After an error the reader is of no use.
  [[nodiscard]] CodexResult<std::optional<Field>> next();

 private:
  [[nodiscard]] std::size_t at() const { return message_.size() - reader_.length(); }
  Bytes message_;
  std::size_t base_;
  protozero::pbf_reader reader_;
};

[[nodiscard]] CodexResult<std::uint32_t> read_u32(const Field& field, const char* name);
[[nodiscard]] CodexResult<Cid> read_cid(const Field& field, const char* name);

inline std::unexpected<CodexError> refuse(CodexErrc code, std::size_t offset = 0,
                                          const char* field = "") {
  return std::unexpected(CodexError{code, offset, field});
}

inline protozero::data_view to_view(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace weir::codex
