// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/extension.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/utf8.h"
#include "bencode/decoder.h"
#include "bencode/encoder.h"

namespace weir {
namespace {

constexpr Extension kExtensions[] = {Extension::ut_pex, Extension::ut_metadata,
                                     Extension::upload_only, Extension::lt_donthave};
static_assert(std::size(kExtensions) == kExtensionCount);

// An integer field within [min, max]; anything else counts as absent.
std::optional<std::int64_t> integer_field(BencodeNode dict, std::string_view key, std::int64_t min,
                                          std::int64_t max) {
  const auto value = dict.find(key).as_integer();
  return value && *value >= min && *value <= max ? value : std::nullopt;
}

std::optional<bool> flag_field(BencodeNode dict, std::string_view key) {
  const auto value = dict.find(key).as_integer();
  return value ? std::optional(*value != 0) : std::nullopt;
}

std::optional<IpAddress> address_field(BencodeNode dict, std::string_view key, std::size_t size_min,
                                       std::size_t size_max) {
  const auto value = dict.find(key).as_string();
  if (!value || value->size() < size_min || value->size() > size_max) return std::nullopt;
  return IpAddress::from_bytes(as_bytes(*value));
}

// A client's name goes to logs and terminals, so what is no text is taken out.
std::optional<std::string> client_field(BencodeNode dict) {
  const auto value = dict.find("v").as_string();
  if (!value) return std::nullopt;
  // Cut before the repair so that a long text costs nothing, and after it because repair may grow
  // it.
  std::string text(
      utf8_prefix(repair_utf8(value->substr(0, kExtensionClientMax)), kExtensionClientMax));
  std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  return text;
}

void read_ids(BencodeNode m, ExtensionHandshake& out) {
  for (const Extension extension : kExtensions) {
    const auto id = integer_field(m, extension_name(extension), 0, 255);
    if (!id) continue;
    // Two names under one number: what we send could be read as either, so the second is ignored.
    const bool taken =
        *id != 0 && std::ranges::any_of(out.ids, [&](const auto& other) { return other == *id; });
    if (!taken) out.set_id(extension, static_cast<std::uint8_t>(*id));
  }
}

ExtensionResult<BencodeDocument> decode(BencodeResult<BencodeDocument> document) {
  if (!document) {
    return std::unexpected(ExtensionError{ExtensionErrc::bad_bencode, document.error().offset});
  }
  if (!document->root().is_dict()) {
    return std::unexpected(ExtensionError{ExtensionErrc::not_dictionary, 0});
  }
  return std::move(*document);
}

}  // namespace

const char* error_name(ExtensionErrc code) {
  switch (code) {
    case ExtensionErrc::too_long:
      return "extension_too_long";
    case ExtensionErrc::bad_bencode:
      return "bad_bencode";
    case ExtensionErrc::not_dictionary:
      return "not_dictionary";
    case ExtensionErrc::missing_field:
      return "missing_field";
    case ExtensionErrc::bad_field:
      return "bad_field";
    case ExtensionErrc::bad_size:
      return "bad_size";
    case ExtensionErrc::unknown_type:
      return "unknown_type";
  }
  std::unreachable();
}

ExtensionBlame blame(ExtensionErrc code) {
  switch (code) {
    case ExtensionErrc::too_long:
    case ExtensionErrc::bad_bencode:
    case ExtensionErrc::not_dictionary:
    case ExtensionErrc::missing_field:
    case ExtensionErrc::bad_field:
    case ExtensionErrc::bad_size:
      return ExtensionBlame::peer;
    case ExtensionErrc::unknown_type:
      return ExtensionBlame::nobody;
  }
  std::unreachable();
}

const char* extension_name(Extension extension) {
  switch (extension) {
    case Extension::ut_pex:
      return "ut_pex";
    case Extension::ut_metadata:
      return "ut_metadata";
    case Extension::upload_only:
      return "upload_only";
    case Extension::lt_donthave:
      return "lt_donthave";
  }
  std::unreachable();
}

std::optional<Extension> local_extension(std::uint8_t id) {
  for (const Extension extension : kExtensions) {
    if (local_extension_id(extension) == id) return extension;
  }
  return std::nullopt;
}

Buffer encode_extension_handshake(const ExtensionHandshake& handshake) {
  BencodeWriter w;
  const auto number = [&](std::string_view key, const auto& value) {
    if (value) w.entry(key, static_cast<std::int64_t>(*value));
  };
  const auto address = [&](std::string_view key, const std::optional<IpAddress>& value) {
    if (value) w.entry(key, as_text(value->bytes()));
  };
  w.begin_dict();
  number("complete_ago", handshake.complete_ago_seconds);
  number("e", handshake.prefers_encryption);
  address("ipv4", handshake.ipv4);
  address("ipv6", handshake.ipv6);
  w.key("m");
  w.begin_dict();
  for (const Extension extension : {Extension::lt_donthave, Extension::upload_only,
                                    Extension::ut_metadata, Extension::ut_pex}) {
    number(extension_name(extension), handshake.id(extension));
  }
  w.end();
  number("metadata_size", handshake.metadata_size);
  number("p", handshake.port);
  number("reqq", handshake.reqq);
  number("upload_only", handshake.upload_only);
  if (handshake.client) w.entry("v", *handshake.client);
  address("yourip", handshake.your_ip);
  w.end();
  return w.take();
}

ExtensionResult<ExtensionHandshake> decode_extension_handshake(Bytes payload) {
  if (payload.size() > kExtensionHandshakeMax) {
    return std::unexpected(ExtensionError{ExtensionErrc::too_long, kExtensionHandshakeMax});
  }
  // Some clients pad what follows the dictionary.
  WEIR_TRY(document, decode(decode_bencode_prefix(payload, BencodeLimits::message())));
  const BencodeNode root = document.root();
  ExtensionHandshake out;
  read_ids(root.find("m"), out);
  out.client = client_field(root);
  if (const auto port = integer_field(root, "p", 1, 65535)) {
    out.port = static_cast<std::uint16_t>(*port);
  }
  if (const auto reqq = root.find("reqq").as_integer()) {
    out.reqq = static_cast<std::uint32_t>(std::clamp<std::int64_t>(*reqq, 1, kExtensionReqqMax));
  }
  out.your_ip = address_field(root, "yourip", 4, 16);
  out.ipv4 = address_field(root, "ipv4", 4, 4);
  out.ipv6 = address_field(root, "ipv6", 16, 16);
  if (const auto size = integer_field(root, "metadata_size", 1, INT64_MAX)) {
    out.metadata_size = static_cast<std::uint64_t>(*size);
  }
  out.upload_only = flag_field(root, "upload_only");
  if (const auto ago = integer_field(root, "complete_ago", 0, UINT32_MAX)) {
    out.complete_ago_seconds = static_cast<std::uint32_t>(*ago);
  }
  out.prefers_encryption = flag_field(root, "e");
  return out;
}

void PeerExtensions::update(const ExtensionHandshake& handshake) {
  for (std::size_t i = 0; i < kExtensionCount; ++i) {
    if (!handshake.ids[i]) continue;
    ids_[i] = *handshake.ids[i];
    if (ids_[i] == 0) continue;
    for (std::size_t other = 0; other < kExtensionCount; ++other) {
      if (other != i && !handshake.ids[other] && ids_[other] == ids_[i]) ids_[other] = 0;
    }
  }
}

Buffer encode_dont_have(PieceIndex piece) {
  Buffer out;
  append_be(out, to_int(piece));
  return out;
}

ExtensionResult<PieceIndex> decode_dont_have(Bytes payload) {
  if (payload.size() != 4) return std::unexpected(ExtensionError{ExtensionErrc::bad_size, 0});
  return static_cast<PieceIndex>(load_be32(payload.first<4>()));
}

Buffer encode_upload_only(bool on) { return {std::byte{on}}; }

ExtensionResult<bool> decode_upload_only(Bytes payload) {
  if (payload.size() != 1) return std::unexpected(ExtensionError{ExtensionErrc::bad_size, 0});
  return payload[0] != std::byte{0};
}

bool operator==(const MetadataMessage& a, const MetadataMessage& b) {
  return a.type == b.type && a.piece == b.piece && a.total_size == b.total_size &&
         std::ranges::equal(a.data, b.data);
}

Buffer encode_metadata_message(const MetadataMessage& message) {
  BencodeWriter w;
  w.begin_dict();
  w.entry("msg_type", static_cast<std::int64_t>(message.type));
  w.entry("piece", std::int64_t{message.piece});
  if (message.total_size) w.entry("total_size", static_cast<std::int64_t>(*message.total_size));
  w.end();
  Buffer out = w.take();
  append(out, message.data);
  return out;
}

ExtensionResult<MetadataMessage> decode_metadata_message(Bytes payload) {
  const auto fail = [](ExtensionErrc code, std::size_t offset = 0) {
    return std::unexpected(ExtensionError{code, offset});
  };
  if (payload.size() > kMetadataMessageMax) {
    return fail(ExtensionErrc::too_long, kMetadataMessageMax);
  }
  WEIR_TRY(document, decode(decode_bencode_prefix(payload, BencodeLimits::message())));
  const BencodeNode root = document.root();
  const auto type = root.find("msg_type").as_integer();
  if (!type) return fail(ExtensionErrc::missing_field);
  if (*type < 0 || *type > 2) return fail(ExtensionErrc::unknown_type);
  const BencodeNode piece = root.find("piece");
  if (!piece) return fail(ExtensionErrc::missing_field);
  // No metadata within the ceiling has an index that needs more than 31 bits.
  const auto index = integer_field(root, "piece", 0, INT32_MAX);
  if (!index) return fail(ExtensionErrc::bad_field, piece.offset());
  MetadataMessage out{.type = static_cast<MetadataMessageType>(*type),
                      .piece = static_cast<std::uint32_t>(*index),
                      .total_size = {},
                      .data = {}};
  if (out.type != MetadataMessageType::data) return out;
  if (const BencodeNode total = root.find("total_size")) {
    const auto size = integer_field(root, "total_size", 1, INT64_MAX);
    if (!size) return fail(ExtensionErrc::bad_field, total.offset());
    out.total_size = static_cast<std::uint64_t>(*size);
  }
  out.data = payload.subspan(document.size());
  if (out.data.empty() || out.data.size() > kMetadataPieceSize) {
    return fail(ExtensionErrc::bad_size, document.size());
  }
  return out;
}

}  // namespace weir
