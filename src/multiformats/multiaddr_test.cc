// SPDX-License-Identifier: MIT OR Apache-2.0
#include "multiformats/multiaddr.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"
#include "hash/sha.h"

namespace weir {
namespace {

constexpr const char* kKeyA = "0375dea2b0552bb77de18f4ba8360997d1afa51c4fbe1a792a44002f93725b3e53";
constexpr const char* kPeerA = "16Uiu2HAmLb6x8CmU6v6Mopiftir16SeBnhcat5dWwKCxbs3P8oRt";
constexpr const char* kKeyB = "030e136defca2d4942233f6330aba769bab0d4da478505fd719998d31962913369";
constexpr const char* kPeerB = "16Uiu2HAmDbwEyyhkVxFa92bkqqWwV9Px8ZV98E9J8WzrvuEixVtc";

Libp2pPeerId peer_of(const char* key_hex) {
  const Buffer key = *from_hex(key_hex);
  return Libp2pPeerId::of_secp256k1(Libp2pPeerId::Secp256k1Key(Bytes(key).first<33>()));
}

MultiformatErrc text_error(const std::string& text) { return Multiaddr::parse(text).error().code; }
MultiformatErrc bytes_error(const std::string& hex) {
  return Multiaddr::decode(*from_hex(hex)).error().code;
}

TEST(Libp2pPeerId, TV_1_PeerIdsOfTheReferenceKeys) {
  EXPECT_EQ(peer_of(kKeyA).text(), kPeerA);
  EXPECT_EQ(peer_of(kKeyB).text(), kPeerB);
  EXPECT_EQ(to_hex(peer_of(kKeyA).bytes()), "002508021221" + std::string(kKeyA));
  EXPECT_EQ(Libp2pPeerId::parse(kPeerA), peer_of(kKeyA));
  EXPECT_EQ(to_hex(*peer_of(kKeyB).secp256k1_key()), kKeyB);
}

TEST(Libp2pPeerId, KeysAreInlinedUpTo42BytesAndHashedBeyond) {
  const Buffer most(Libp2pPeerId::kInlineKeyMax);
  EXPECT_EQ(Libp2pPeerId::of_public_key(most).hash().code(), HashCode::identity);
  const Buffer more(Libp2pPeerId::kInlineKeyMax + 1);
  const auto hashed = Libp2pPeerId::of_public_key(more);
  EXPECT_EQ(hashed.hash(), Multihash::of(sha256(more)));
  EXPECT_EQ(Libp2pPeerId::parse(hashed.text()), hashed);
  EXPECT_FALSE(hashed.secp256k1_key());
}

TEST(Libp2pPeerId, OtherMultihashesAndTextsAreRefused) {
  EXPECT_EQ(Libp2pPeerId::decode(*from_hex("0000")).error().code, MultiformatErrc::bad_peer_id);
  EXPECT_EQ(Libp2pPeerId::decode(Multihash::of(Sha1Digest()).bytes()).error().code,
            MultiformatErrc::bad_peer_id);
  const auto long_key = Multihash::make(HashCode::identity, Buffer(43));
  EXPECT_EQ(Libp2pPeerId::decode(long_key->bytes()).error().code, MultiformatErrc::bad_peer_id);
  EXPECT_EQ(Libp2pPeerId::parse("").error().code, MultiformatErrc::empty_input);
  EXPECT_EQ(Libp2pPeerId::parse("0").error().code, MultiformatErrc::bad_character);
  EXPECT_EQ(Libp2pPeerId::parse(std::string(Libp2pPeerId::kTextMax + 1, '1')).error().code,
            MultiformatErrc::input_too_large);
}

TEST(Multiaddr, TV_1_AddressesOfTheReference) {
  const auto tcp = Multiaddr::parse("/ip4/192.0.2.10/tcp/8070");
  ASSERT_TRUE(tcp);
  EXPECT_EQ(to_hex(tcp->bytes()), "04c000020a061f86");
  const auto udp = Multiaddr::parse("/ip4/192.0.2.10/udp/8090");
  EXPECT_EQ(to_hex(udp->bytes()), "04c000020a91021f9a");
  EXPECT_EQ(udp->text(), "/ip4/192.0.2.10/udp/8090");
  EXPECT_EQ(Multiaddr::of(*Endpoint::parse("192.0.2.10:8070"), Transport::tcp), *tcp);
  EXPECT_EQ(tcp->endpoint(), std::pair(*Endpoint::parse("192.0.2.10:8070"), Transport::tcp));
  EXPECT_FALSE(tcp->peer());
}

TEST(Multiaddr, NamesTheEndpointAndThePeer) {
  const std::string text = "/ip6/2001:db8::7/tcp/8070/p2p/" + std::string(kPeerA);
  const auto address = Multiaddr::parse(text);
  ASSERT_TRUE(address);
  EXPECT_EQ(address->text(), text);
  EXPECT_EQ(address->peer(), peer_of(kKeyA));
  EXPECT_EQ(address->endpoint(), std::pair(*Endpoint::parse("[2001:db8::7]:8070"), Transport::tcp));
  EXPECT_EQ(Multiaddr::decode(address->bytes()), address);
  const auto named = Multiaddr::parse("/dns4/node.example/udp/1");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->text(), "/dns4/node.example/udp/1");
  EXPECT_FALSE(named->endpoint());
}

TEST(Multiaddr, RandomOnesRoundTripInBytesAndText) {
  Random random(17);
  for (int i = 0; i < 1000; ++i) {
    std::array<std::byte, 16> raw;
    random.fill(raw);
    const auto port = static_cast<std::uint16_t>(random.next());
    const auto address =
        random.chance(0.5) ? IpAddress::v6(raw) : *IpAddress::from_bytes(Bytes(raw).first(4));
    const auto transport = random.chance(0.5) ? Transport::tcp : Transport::udp;
    const auto made = Multiaddr::of({address, port}, transport);
    ASSERT_EQ(Multiaddr::decode(made.bytes()), made);
    ASSERT_EQ(Multiaddr::parse(made.text()), made) << made.text();
    for (std::size_t size = 0; size < made.bytes().size(); ++size) {
      const auto cut = Multiaddr::decode(made.bytes().first(size));
      // A cut between two protocols leaves a shorter address.
      ASSERT_TRUE(!cut || !cut->endpoint());
    }
  }
}

TEST(Multiaddr, MalformedTextIsRefusedWhereItStands) {
  EXPECT_EQ(text_error(""), MultiformatErrc::empty_input);
  EXPECT_EQ(text_error("ip4/1.2.3.4"), MultiformatErrc::bad_multiaddr);
  EXPECT_EQ(text_error("//1.2.3.4"), MultiformatErrc::bad_multiaddr);
  EXPECT_EQ(text_error("/"), MultiformatErrc::bad_multiaddr);
  EXPECT_EQ(text_error("/ip4/1.2.3.4/"), MultiformatErrc::bad_multiaddr);
  EXPECT_EQ(text_error("/ip4"), MultiformatErrc::bad_protocol_value);
  EXPECT_EQ(text_error("/ip4/"), MultiformatErrc::bad_protocol_value);
  EXPECT_EQ(text_error("/ip4//tcp/1"), MultiformatErrc::bad_protocol_value);
  EXPECT_EQ(text_error("/ip4/1.2.3.4/quic/1"), MultiformatErrc::unknown_protocol);
  EXPECT_EQ(Multiaddr::parse("/ip4/1.2.3.4/tcp/65536").error(),
            (MultiformatError{MultiformatErrc::bad_protocol_value, 17}));
  EXPECT_EQ(text_error("/tcp/080"), MultiformatErrc::bad_protocol_value);
  EXPECT_EQ(text_error("/ip4/::1"), MultiformatErrc::bad_protocol_value);
  EXPECT_EQ(text_error("/ip6/1.2.3.4"), MultiformatErrc::bad_protocol_value);
  EXPECT_EQ(text_error("/ip6/::ffff:1.2.3.4"), MultiformatErrc::bad_protocol_value);
  EXPECT_EQ(text_error("/dns/a b"), MultiformatErrc::bad_protocol_value);
}

TEST(Multiaddr, MalformedBytesAreRefused) {
  EXPECT_EQ(bytes_error(""), MultiformatErrc::empty_input);
  EXPECT_EQ(bytes_error("04c00002"), MultiformatErrc::unexpected_end);
  EXPECT_EQ(bytes_error("8400c000020a"), MultiformatErrc::varint_not_minimal);
  EXPECT_EQ(bytes_error("0f"), MultiformatErrc::unknown_protocol);
  EXPECT_EQ(bytes_error("2900000000000000000000ffff01020304"), MultiformatErrc::bad_protocol_value);
  EXPECT_EQ(bytes_error("350161610101"), MultiformatErrc::unknown_protocol);
  EXPECT_EQ(bytes_error("3502612f"), MultiformatErrc::bad_protocol_value);
  EXPECT_EQ(bytes_error("a503020000"), MultiformatErrc::bad_protocol_value);
  EXPECT_EQ(bytes_error("35ffffffffffffffff7f61"), MultiformatErrc::unexpected_end);
}

TEST(Multiaddr, CDX_13_LimitsHoldAtAndPastThem) {
  std::string text;
  for (std::size_t i = 0; i < Multiaddr::kProtocolsMax; ++i) text += "/tcp/1";
  EXPECT_TRUE(Multiaddr::parse(text));
  EXPECT_EQ(text_error(text + "/tcp/1"), MultiformatErrc::too_many_protocols);
  Buffer bytes;
  for (std::size_t i = 0; i < Multiaddr::kProtocolsMax; ++i) append(bytes, *from_hex("060001"));
  EXPECT_TRUE(Multiaddr::decode(bytes));
  append(bytes, *from_hex("060001"));
  EXPECT_EQ(Multiaddr::decode(bytes).error().code, MultiformatErrc::too_many_protocols);

  const std::string name(Multiaddr::kDnsNameMax, 'n');
  EXPECT_TRUE(Multiaddr::parse("/dns/" + name));
  EXPECT_EQ(text_error("/dns/" + name + "n"), MultiformatErrc::bad_protocol_value);
  EXPECT_EQ(text_error("/dns/" + name + "/dns/" + name + "/dns/" + name),
            MultiformatErrc::input_too_large);
  EXPECT_EQ(Multiaddr::decode(Buffer(10'000)).error().code, MultiformatErrc::input_too_large);
  EXPECT_EQ(text_error(std::string(Multiaddr::kTextMax + 1, '/')),
            MultiformatErrc::input_too_large);
}

}  // namespace
}  // namespace weir
