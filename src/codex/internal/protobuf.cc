// SPDX-License-Identifier: MIT OR Apache-2.0
#include "codex/internal/protobuf.h"

#include "base/result.h"

namespace weir::codex {
namespace {

// protozero takes zero bytes at the end of a varint, and drops bits beyond the 64th.
bool is_shortest(Bytes varint) {
  const auto last = std::to_integer<unsigned>(varint.back());
  return varint.size() == 1 || (last != 0 && (varint.size() < 10 || last == 1));
}

// Keys and lengths are cut to 32 bits by protozero.
bool is_shortest_32(Bytes varint) {
  const auto last = std::to_integer<unsigned>(varint.back());
  return is_shortest(varint) && (varint.size() < 5 || (varint.size() == 5 && last <= 0x0f));
}

}  // namespace

FieldReader::FieldReader(Bytes message, std::size_t offset)
    : message_(message), base_(offset), reader_(to_view(message)) {}

CodexResult<std::optional<Field>> FieldReader::next() {
  const std::size_t begin = at();
  const auto bad = [&] { return refuse(CodexErrc::bad_protobuf, base_ + begin); };
  try {
    if (!reader_.next()) return std::optional<Field>();
    if (!is_shortest_32(message_.subspan(begin, at() - begin))) return bad();
    Field field;
    field.tag = reader_.tag();
    field.offset = base_ + begin;
    const std::size_t value_at = at();
    switch (reader_.wire_type()) {
      case protozero::pbf_wire_type::varint:
        field.kind = Field::Kind::number;
        field.number = reader_.get_uint64();
        if (!is_shortest(message_.subspan(value_at, at() - value_at))) return bad();
        break;
      case protozero::pbf_wire_type::length_delimited: {
        field.kind = Field::Kind::bytes;
        const std::size_t size = reader_.get_view().size();
        const std::size_t bytes_at = at() - size;
        if (!is_shortest_32(message_.subspan(value_at, bytes_at - value_at))) return bad();
        field.bytes = message_.subspan(bytes_at, size);
        field.bytes_offset = base_ + bytes_at;
        break;
      }
      default:
        reader_.skip();
        break;
    }
    return std::optional(field);
  } catch (const protozero::exception&) {
    return bad();
  }
}

CodexResult<std::uint32_t> read_u32(const Field& field, const char* name) {
  if (field.number > UINT32_MAX) return refuse(CodexErrc::number_too_large, field.offset, name);
  return static_cast<std::uint32_t>(field.number);
}

CodexResult<Cid> read_cid(const Field& field, const char* name) {
  auto cid = Cid::decode(field.bytes);
  if (!cid) return refuse(CodexErrc::bad_cid, field.bytes_offset + cid.error().offset, name);
  return *cid;
}

}  // namespace weir::codex
