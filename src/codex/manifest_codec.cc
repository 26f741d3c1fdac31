// SPDX-License-Identifier: MIT OR Apache-2.0
// The protobuf forms of manifests and directories.
#include <string_view>

#include "base/assert.h"
#include "base/result.h"
#include "codex/internal/protobuf.h"
#include "codex/manifest.h"

namespace weir::codex {
namespace {

// The reference writes the ordinal of its enumeration: 1 is CIDv0 and 2 is CIDv1.
constexpr std::uint32_t kCidV1Ordinal = 2;

void add_cid(protozero::pbf_writer& writer, std::uint32_t tag, const Cid& cid) {
  writer.add_bytes(tag, to_view(cid.bytes()));
}

std::string encode_verification(const Verification& verification) {
  std::string out;
  protozero::pbf_writer writer(out);
  add_cid(writer, 1, verification.verify_root);
  for (const Cid& slot : verification.slot_roots) add_cid(writer, 2, slot);
  writer.add_uint32(3, verification.cell_size);
  writer.add_uint32(4, verification.strategy);
  return out;
}

std::string encode_erasure(const Erasure& erasure) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_uint32(1, erasure.data_blocks);
  writer.add_uint32(2, erasure.parity_blocks);
  add_cid(writer, 3, erasure.original_tree_cid);
  writer.add_uint64(4, erasure.original_dataset_size);
  writer.add_uint32(5, erasure.strategy);
  if (erasure.verification) writer.add_message(6, encode_verification(*erasure.verification));
  return out;
}

// A field by field reader of one message: `assign` gets each field and says what is wrong with it.
template <class Assign>
CodexResult<void> for_each_field(FieldReader reader, const Assign& assign) {
  while (true) {
    WEIR_TRY(field, reader.next());
    if (!field) return {};
    WEIR_CHECK(assign(*field));
  }
}

CodexResult<void> assign_u32(const Field& field, std::uint32_t& out, const char* name) {
  WEIR_TRY(value, read_u32(field, name));
  out = value;
  return {};
}

template <class CidOrOptional>
CodexResult<void> assign_cid(const Field& field, CidOrOptional& out, const char* name) {
  WEIR_TRY(cid, read_cid(field, name));
  out = cid;
  return {};
}

CodexResult<void> read_verification(const Field& message, Verification& out) {
  std::optional<Cid> root;
  WEIR_CHECK(for_each_field(FieldReader(message), [&](const Field& field) -> CodexResult<void> {
    if (field.is_bytes(1)) return assign_cid(field, root, "verifyRoot");
    if (field.is_bytes(2)) {
      // Within kManifestBytesMax there is room for some 25,000 of them.
      return assign_cid(field, out.slot_roots.emplace_back(), "slotRoots");
    }
    if (field.is_number(3)) return assign_u32(field, out.cell_size, "cellSize");
    if (field.is_number(4)) return assign_u32(field, out.strategy, "verifiableStrategy");
    return {};
  }));
  if (!root) return refuse(CodexErrc::missing_field, message.offset, "verifyRoot");
  out.verify_root = *root;
  return {};
}

CodexResult<void> read_erasure(const Field& message, Erasure& out) {
  out.strategy = 0;  // a missing number reads as zero
  std::optional<Cid> original;
  WEIR_CHECK(for_each_field(FieldReader(message), [&](const Field& field) -> CodexResult<void> {
    if (field.is_number(1)) return assign_u32(field, out.data_blocks, "ecK");
    if (field.is_number(2)) return assign_u32(field, out.parity_blocks, "ecM");
    if (field.is_bytes(3)) return assign_cid(field, original, "originalTreeCid");
    if (field.is_number(4)) out.original_dataset_size = field.number;
    if (field.is_number(5)) return assign_u32(field, out.strategy, "protectedStrategy");
    if (field.is_bytes(6)) return read_verification(field, out.verification.emplace());
    return {};
  }));
  if (!original) return refuse(CodexErrc::missing_field, message.offset, "originalTreeCid");
  out.original_tree_cid = *original;
  return {};
}

// The numbers that have one right value each.
struct Constants {
  std::uint32_t codec = 0;
  std::uint32_t hash_code = 0;
  std::uint32_t version = 0;
};

CodexResult<void> check(const Constants& constants, std::size_t offset) {
  if (constants.codec != static_cast<std::uint64_t>(Multicodec::codex_block)) {
    return refuse(CodexErrc::wrong_codec, offset, "codec");
  }
  if (constants.hash_code != static_cast<std::uint32_t>(HashCode::sha2_256)) {
    return refuse(CodexErrc::wrong_hash, offset, "hcodec");
  }
  if (constants.version != kCidV1Ordinal) {
    return refuse(CodexErrc::bad_cid_version, offset, "version");
  }
  return {};
}

CodexResult<void> read_header(const Field& header, Manifest& out) {
  out.block_size = 0;
  std::optional<Cid> tree;
  Constants constants;
  WEIR_CHECK(for_each_field(FieldReader(header), [&](const Field& field) -> CodexResult<void> {
    if (field.is_bytes(1)) return assign_cid(field, tree, "treeCid");
    if (field.is_number(2)) return assign_u32(field, out.block_size, "blockSize");
    if (field.is_number(3)) out.dataset_size = field.number;
    if (field.is_number(4)) return assign_u32(field, constants.codec, "codec");
    if (field.is_number(5)) return assign_u32(field, constants.hash_code, "hcodec");
    if (field.is_number(6)) return assign_u32(field, constants.version, "version");
    if (field.is_bytes(7)) return read_erasure(field, out.erasure.emplace());
    if (field.is_bytes(8)) out.filename = as_text(field.bytes);
    if (field.is_bytes(9)) out.mimetype = as_text(field.bytes);
    return {};
  }));
  if (!tree) return refuse(CodexErrc::missing_field, header.offset, "treeCid");
  out.tree_cid = *tree;
  return check(constants, header.offset);
}

CodexResult<void> read_entry(const Field& message, Cid& out) {
  std::optional<Cid> entry;
  WEIR_CHECK(for_each_field(FieldReader(message), [&](const Field& field) -> CodexResult<void> {
    return field.is_bytes(1) ? assign_cid(field, entry, "cid") : CodexResult<void>();
  }));
  if (!entry) return refuse(CodexErrc::missing_field, message.offset, "cid");
  if (entry->codec() != Multicodec::codex_manifest || entry->hash().code() != HashCode::sha2_256) {
    return refuse(CodexErrc::wrong_codec, message.offset, "cid");
  }
  out = *entry;
  return {};
}

}  // namespace

Buffer encode_manifest(const Manifest& manifest) {
  WEIR_ASSERT(check_manifest(manifest));
  std::string header;
  protozero::pbf_writer writer(header);
  add_cid(writer, 1, manifest.tree_cid);
  writer.add_uint32(2, manifest.block_size);
  writer.add_uint64(3, manifest.dataset_size);
  writer.add_uint32(4, static_cast<std::uint32_t>(Multicodec::codex_block));
  writer.add_uint32(5, static_cast<std::uint32_t>(HashCode::sha2_256));
  writer.add_uint32(6, kCidV1Ordinal);
  if (manifest.erasure) writer.add_message(7, encode_erasure(*manifest.erasure));
  if (!manifest.filename.empty()) writer.add_string(8, manifest.filename);
  if (!manifest.mimetype.empty()) writer.add_string(9, manifest.mimetype);
  std::string out;
  protozero::pbf_writer(out).add_message(1, header);
  return to_buffer(as_bytes(out));
}

CodexResult<Manifest> decode_manifest(Bytes bytes) {
  if (bytes.size() > kManifestBytesMax) return refuse(CodexErrc::input_too_large);
  Manifest out;
  bool has_header = false;
  WEIR_CHECK(for_each_field(FieldReader(bytes), [&](const Field& field) -> CodexResult<void> {
    if (!field.is_bytes(1)) return {};
    has_header = true;
    out = Manifest();  // of several headers the last one counts
    return read_header(field, out);
  }));
  if (!has_header) return refuse(CodexErrc::missing_field, 0, "header");
  WEIR_CHECK(check_manifest(out));
  return out;
}

Buffer encode_directory(const Directory& directory) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_string(1, directory.name);
  for (const Cid& entry : directory.entries) {
    std::string inner;
    protozero::pbf_writer inner_writer(inner);
    add_cid(inner_writer, 1, entry);
    writer.add_message(2, inner);
  }
  return to_buffer(as_bytes(out));
}

CodexResult<Directory> decode_directory(Bytes bytes) {
  if (bytes.size() > kDirectoryBytesMax) return refuse(CodexErrc::input_too_large);
  Directory out;
  bool has_name = false;
  WEIR_CHECK(for_each_field(FieldReader(bytes), [&](const Field& field) -> CodexResult<void> {
    if (field.is_bytes(1)) {
      if (field.bytes.size() > kManifestTextMax) {
        return refuse(CodexErrc::text_too_long, field.offset, "name");
      }
      out.name = as_text(field.bytes);
      has_name = true;
    }
    if (!field.is_bytes(2)) return {};
    if (out.entries.size() == kDirectoryEntriesMax) {
      return refuse(CodexErrc::too_many_entries, field.offset, "cids");
    }
    return read_entry(field, out.entries.emplace_back());
  }));
  if (!has_name) return refuse(CodexErrc::missing_field, 0, "name");
  return out;
}

}  // namespace weir::codex
