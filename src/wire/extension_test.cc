// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/extension.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"
#include "wire/decoder.h"

namespace weir {
namespace {

ExtensionHandshake decoded(std::string_view text) {
  const auto result = decode_extension_handshake(as_bytes(text));
  EXPECT_TRUE(result.has_value()) << text;
  return result.value_or(ExtensionHandshake{});
}

ExtensionErrc handshake_error(std::string_view text) {
  return decode_extension_handshake(as_bytes(text)).error().code;
}

ExtensionHandshake full_handshake() {
  ExtensionHandshake h;
  for (const auto extension : {Extension::ut_pex, Extension::ut_metadata, Extension::upload_only,
                               Extension::lt_donthave}) {
    h.offer(extension);
  }
  h.client = "weir 0.1";
  h.port = 6881;
  h.reqq = 500;
  h.your_ip = IpAddress::parse("192.0.2.1");
  h.ipv4 = IpAddress::parse("198.51.100.7");
  h.ipv6 = IpAddress::parse("2001:db8::7");
  h.metadata_size = 31235;
  h.upload_only = true;
  h.complete_ago_seconds = 12;
  h.prefers_encryption = false;
  return h;
}

TEST(ExtensionHandshake, EncodingThenDecodingIsIdentity) {
  const ExtensionHandshake full = full_handshake();
  EXPECT_EQ(decoded(as_text(encode_extension_handshake(full))), full);
  EXPECT_EQ(decoded(as_text(encode_extension_handshake({}))), ExtensionHandshake{});
}

TEST(ExtensionHandshake, ReadsARealClientsMessage) {
  const ExtensionHandshake h = decoded(
      "d1:ei1e1:md11:ut_metadatai3e6:ut_pexi1ee13:metadata_sizei31235e1:pi51413e4:reqqi2000e"
      "11:upload_onlyi0e1:v17:Transmission 4.106:yourip4:\x01\x02\x03\x04"
      "e");
  EXPECT_EQ(h.id(Extension::ut_metadata), 3);
  EXPECT_EQ(h.id(Extension::ut_pex), 1);
  EXPECT_FALSE(h.id(Extension::lt_donthave).has_value());
  EXPECT_EQ(h.client, "Transmission 4.10");
  EXPECT_EQ(h.port, 51413);
  EXPECT_EQ(h.upload_only, false);
  EXPECT_EQ(h.your_ip, IpAddress::parse("1.2.3.4"));
}

TEST(ExtensionHandshake, EXT_01_WhatIsNoDictionaryIsRefused) {
  EXPECT_EQ(handshake_error("le"), ExtensionErrc::not_dictionary);
  EXPECT_EQ(handshake_error("i1e"), ExtensionErrc::not_dictionary);
  EXPECT_EQ(handshake_error(""), ExtensionErrc::bad_bencode);
  EXPECT_EQ(handshake_error("d4294967295"), ExtensionErrc::bad_bencode);
  EXPECT_EQ(decoded("d1:mlee"), ExtensionHandshake{}) << "m is no dictionary";
  EXPECT_EQ(decoded("d1:mi7ee"), ExtensionHandshake{});
}

TEST(ExtensionHandshake, EXT_01_IdsOutOfRangeAreIgnored) {
  const ExtensionHandshake h = decoded("d1:md11:lt_donthavei-1e11:ut_metadatai256e6:ut_pexi255eee");
  EXPECT_FALSE(h.id(Extension::lt_donthave).has_value());
  EXPECT_FALSE(h.id(Extension::ut_metadata).has_value());
  EXPECT_EQ(h.id(Extension::ut_pex), 255);
}

TEST(ExtensionHandshake, EXT_01_TwoExtensionsNeverShareANumber) {
  const ExtensionHandshake h = decoded("d1:md11:ut_metadatai4e6:ut_pexi4eee");
  EXPECT_NE(h.id(Extension::ut_metadata), h.id(Extension::ut_pex));
  PeerExtensions peer;
  peer.update(decoded("d1:md11:ut_metadatai4eee"));
  peer.update(decoded("d1:md6:ut_pexi4eee"));
  EXPECT_EQ(peer.id(Extension::ut_pex), 4);
  EXPECT_FALSE(peer.speaks(Extension::ut_metadata));
}

TEST(ExtensionHandshake, EXT_01_128KiBIsTheLimit) {
  const auto padded = [](std::size_t size) {
    const std::string text(size - 13, 'x');  // the dictionary around it
    return "d1:x" + std::to_string(text.size()) + ":" + text + "e";
  };
  std::string at_limit = padded(kExtensionHandshakeMax + 1);
  while (at_limit.size() > kExtensionHandshakeMax) at_limit = padded(at_limit.size() - 1);
  EXPECT_TRUE(decode_extension_handshake(as_bytes(at_limit)).has_value());
  EXPECT_EQ(handshake_error(std::string(kExtensionHandshakeMax + 1, 'd')), ExtensionErrc::too_long);
}

TEST(ExtensionHandshake, EXT_02_ReqqIsClamped) {
  EXPECT_EQ(decoded("d4:reqqi-1ee").reqq, 1U);
  EXPECT_EQ(decoded("d4:reqqi0ee").reqq, 1U);
  EXPECT_EQ(decoded("d4:reqqi1ee").reqq, 1U);
  EXPECT_EQ(decoded("d4:reqqi2000ee").reqq, 2000U);
  EXPECT_EQ(decoded("d4:reqqi2001ee").reqq, 2000U);
  EXPECT_EQ(decoded("d4:reqqi2147483648ee").reqq, 2000U);
  EXPECT_FALSE(decoded("d4:reqq1:9e").reqq.has_value());
}

TEST(ExtensionHandshake, EXT_02_ImpossiblePortsAndAddressesAreIgnored) {
  for (const char* text : {"d1:pi0ee", "d1:pi-1ee", "d1:pi70000ee", "d1:p2:80e"}) {
    EXPECT_FALSE(decoded(text).port.has_value()) << text;
  }
  EXPECT_EQ(decoded("d1:pi65535ee").port, 65535);
  for (const std::size_t size : {0U, 3U, 5U, 15U, 17U}) {
    const std::string text =
        "d6:yourip" + std::to_string(size) + ":" + std::string(size, 'a') + "e";
    EXPECT_FALSE(decoded(text).your_ip.has_value()) << size;
  }
}

TEST(ExtensionHandshake, UTM_01_OnlyPositiveMetadataSizesAreSaid) {
  EXPECT_FALSE(decoded("d13:metadata_sizei0ee").metadata_size.has_value());
  EXPECT_FALSE(decoded("d13:metadata_sizei-1ee").metadata_size.has_value());
  EXPECT_EQ(decoded("d1:md11:ut_metadatai1ee13:metadata_sizei2038487152ee").metadata_size,
            2038487152U);
}

TEST(ExtensionHandshake, AClientsNameIsShortCleanText) {
  EXPECT_EQ(decoded("d1:v4:a\x07\x7f"
                    "be")
                .client,
            "ab");
  EXPECT_EQ(decoded("d1:v4:a\x1b[1e").client, "a[1");
  const std::string longest = "d1:v100:" + std::string(100, 'n') + "e";
  EXPECT_EQ(decoded(longest).client, std::string(kExtensionClientMax, 'n'));
}

TEST(PeerExtensions, HandshakesAddUpAndZeroSwitchesOff) {
  PeerExtensions peer;
  EXPECT_FALSE(peer.speaks(Extension::ut_metadata));
  peer.update(decoded("d1:md11:ut_metadatai3e6:ut_pexi1eee"));
  peer.update(decoded("d1:md11:lt_donthavei7eee"));
  EXPECT_EQ(peer.id(Extension::ut_metadata), 3);
  EXPECT_EQ(peer.id(Extension::lt_donthave), 7);
  peer.update(decoded("d1:md11:ut_metadatai0eee"));
  EXPECT_FALSE(peer.speaks(Extension::ut_metadata));
  EXPECT_EQ(peer.id(Extension::ut_pex), 1);
}

TEST(LocalExtension, EXT_05_OnlyOurNumbersMeanSomething) {
  for (unsigned id = 0; id < 256; ++id) {
    const auto extension = local_extension(static_cast<std::uint8_t>(id));
    const bool ours = id == 1 || id == 2 || id == 3 || id == 7;
    EXPECT_EQ(extension.has_value(), ours) << id;
    if (extension) {
      EXPECT_EQ(local_extension_id(*extension), id);
    }
  }
}

TEST(LocalExtension, LimitsOfTheDecoderAreThoseOfTheNumbers) {
  const WireLimits limits;
  EXPECT_EQ(limits.max_extended[kExtensionHandshakeId], kExtensionHandshakeMax);
  EXPECT_EQ(limits.max_extended[local_extension_id(Extension::ut_metadata)], kMetadataMessageMax);
  EXPECT_EQ(limits.max_extended[local_extension_id(Extension::ut_pex)], 500U * 1024);
}

TEST(SmallExtensions, EXT_07_WrongSizesAreErrors) {
  const auto piece = static_cast<PieceIndex>(0x01020304);
  EXPECT_EQ(to_hex(encode_dont_have(piece)), "01020304");
  EXPECT_EQ(decode_dont_have(encode_dont_have(piece)), piece);
  EXPECT_EQ(decode_upload_only(encode_upload_only(true)), true);
  EXPECT_EQ(decode_upload_only(encode_upload_only(false)), false);
  for (const std::size_t size : {0U, 3U, 5U}) {
    EXPECT_EQ(decode_dont_have(Buffer(size)).error().code, ExtensionErrc::bad_size);
  }
  for (const std::size_t size : {0U, 2U}) {
    EXPECT_EQ(decode_upload_only(Buffer(size)).error().code, ExtensionErrc::bad_size);
  }
}

TEST(MetadataMessage, EncodingThenDecodingIsIdentity) {
  Random random(3);
  Buffer data(kMetadataPieceSize);
  random.fill(data);
  for (const MetadataMessage& message :
       {MetadataMessage{.type = MetadataMessageType::request, .piece = 7},
        MetadataMessage{.type = MetadataMessageType::reject, .piece = 0},
        MetadataMessage{
            .type = MetadataMessageType::data, .piece = 2, .total_size = 40000, .data = data}}) {
    const Buffer encoded = encode_metadata_message(message);
    const auto back = decode_metadata_message(encoded);
    ASSERT_TRUE(back.has_value());
    EXPECT_TRUE(*back == message);
  }
  EXPECT_EQ(as_text(encode_metadata_message({.type = MetadataMessageType::request, .piece = 0})),
            "d8:msg_typei0e5:piecei0ee");
}

TEST(MetadataMessage, UTM_04_ImpossibleFieldsAreErrors) {
  const auto error = [](const std::string& text) {
    const auto result = decode_metadata_message(as_bytes(text));
    return result ? std::optional<ExtensionErrc>() : result.error().code;
  };
  EXPECT_EQ(error("d8:msg_typei0e5:piecei-1ee"), ExtensionErrc::bad_field);
  EXPECT_EQ(error("d8:msg_typei0e5:piecei9223372036854775808ee"), ExtensionErrc::bad_bencode);
  EXPECT_EQ(error("d8:msg_typei0e5:piecei9223372036854775807ee"), ExtensionErrc::bad_field);
  EXPECT_EQ(error("d8:msg_typei0ee"), ExtensionErrc::missing_field);
  EXPECT_EQ(error("d5:piecei0ee"), ExtensionErrc::missing_field);
  const std::string data = "d8:msg_typei1e5:piecei0e10:total_sizei16384ee";
  EXPECT_EQ(error(data), ExtensionErrc::bad_size) << "no data";
  EXPECT_EQ(error(data + std::string(16384, 'x')), std::nullopt);
  EXPECT_EQ(error(data + std::string(16385, 'x')), ExtensionErrc::bad_size);
  EXPECT_EQ(error(data + std::string(17 * 1024, 'x')), ExtensionErrc::too_long);
  EXPECT_EQ(error("d8:msg_typei1e5:piecei0e10:total_sizei-5eex"), ExtensionErrc::bad_field);
}

TEST(MetadataMessage, TypesFromTheFutureAreNobodysFault) {
  const auto result = decode_metadata_message(as_bytes("d8:msg_typei3e5:piecei0ee"));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ExtensionErrc::unknown_type);
  EXPECT_EQ(blame(result.error().code), ExtensionBlame::nobody);
}

}  // namespace
}  // namespace weir
