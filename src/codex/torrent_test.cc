// SPDX-License-Identifier: MIT OR Apache-2.0
#include "codex/torrent.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"
#include "codex/content_hasher.h"
#include "codex/info_hash_text.h"
#include "codex/rest_json.h"
#include "codex/testing/reference_vectors.h"
#include "hash/sha.h"

namespace weir::codex {
namespace {

Sha1Digest digest(std::string_view hex) { return *Sha1Digest::from_hex_text(hex); }

// Three pieces of two blocks each, the last one of a block and a bit.
struct Sample {
  Buffer content = testing::make_content({5 * 16384 + 100, 3, 1});
  PublishedTorrent torrent;
  std::vector<Bytes> blocks;
};

Sample sample() {
  Sample out;
  ContentHasher hasher({kTorrentBlockSize, LastBlock::as_is, 2 * kTorrentBlockSize, {}});
  hasher.feed(out.content);
  out.torrent = *publish_torrent(hasher.finish(), {"s.bin", ""});
  for (Bytes rest = out.content; !rest.empty(); rest = rest.subspan(out.blocks.back().size())) {
    out.blocks.push_back(rest.first(std::min<std::size_t>(kTorrentBlockSize, rest.size())));
  }
  return out;
}

CodexErrc error_of(const BitTorrentInfo& info) { return check_info(info).error().code; }

TEST(CodexTorrent, TV_4_TheInfoDictionaryAndItsHash) {
  BitTorrentInfo info;
  info.length = 40960;
  info.piece_length = 65536;
  info.name = "data40k.bin";
  info.pieces = {digest("1cc46da027e7ff6f1970a2e58880dbc6a08992a0")};
  EXPECT_EQ(
      to_hex(bencode_info(info)),
      "64363a6c656e67746869343039363065343a6e616d6531313a6461746134306b2e62696e31323a7069656365"
      "206c656e67746869363535333665363a70696563657332303a1cc46da027e7ff6f1970a2e58880dbc6a08992"
      "a065");
  EXPECT_EQ(info_hash(info).hex(), "1902d602db8c350f4f6d809ed01eff32f030da95");
}

TEST(CodexTorrent, TV_8_FourPiecesGiveTheReferencesInfoHash) {
  BitTorrentInfo info;
  info.length = 1048576;
  info.name = "data1M.bin";
  info.pieces = {digest("21FEBA308CD51E9ACF88417193A9EA60F0F84646"),
                 digest("3D4A8279853DA2DA355A574740217D446506E8EB"),
                 digest("1AD686B48B9560B15B8843FD00E7EC1B59624B09"),
                 digest("5015E7DA0C40350624C6B5A1FED1DB39720B726C")};
  EXPECT_EQ(info_hash(info).hex(), "f335440998515770adf47e8a4626889e59d91dde");
}

TEST(CodexTorrent, TV_4_InfoHashTextsOfTheReference) {
  const std::string v1 = "1902d602db8c350f4f6d809ed01eff32f030da95";
  const std::string v2 = "499B3A24C2C653C9600D0C22B33EC504ECCA1999AAF56E559505F342A2062497";
  const auto text = [](const std::string& input) {
    const auto hash = parse_info_hash_text(input);
    return hash ? hash->text() : std::string();
  };
  const std::string tagged_v1 = "11141902D602DB8C350F4F6D809ED01EFF32F030DA95";
  for (const std::string& input : {v1, tagged_v1, "0x" + v1, "0X" + tagged_v1}) {
    EXPECT_EQ(text(input), tagged_v1);
  }
  EXPECT_EQ(text(v2), "1220" + v2);
  EXPECT_EQ(text("1220" + v2), "1220" + v2);
  EXPECT_EQ(text(to_base32(digest(v1).view())), tagged_v1);
  // A bare hash that reads as an identity multihash is a bare hash all the same.
  const std::string odd = "0012" + std::string(36, '7');
  EXPECT_EQ(text(odd), "1114" + odd);
  for (const std::string& input :
       {std::string(), v1.substr(1), v1 + "0", v1.substr(2), "1115" + v1 + "00", "1214" + v1,
        std::string("zz"), "0x0x" + v1, std::string(200, '0'), std::string(32, '1'),
        "0005" + std::string(10, '0')}) {
    EXPECT_EQ(parse_info_hash_text(input).error(), CodexErrc::bad_info_hash_text) << input;
  }
}

TEST(CodexTorrent, TheRecordedBlockDecodesToWhatTheNodeSaid) {
  const auto vector = testing::torrent_vectors().back();
  const Buffer block = *from_hex(vector.torrent_block);
  const auto torrent = check_torrent_block(digest(vector.info_hash), block);
  ASSERT_TRUE(torrent);
  EXPECT_EQ(encode_torrent_block(*torrent), block);
  EXPECT_EQ(torrent_item_json(digest(vector.info_hash), *torrent), testing::kTorrentItemJson);
}

TEST(CodexTorrent, PhaseOneRefusesEveryOtherInfoDictionary) {
  const Sample s = sample();
  const Sha1Digest wanted = s.torrent.info_hash;
  EXPECT_EQ(check_torrent_block(wanted, s.torrent.block), s.torrent.manifest);
  BitTorrentManifest other = s.torrent.manifest;
  other.info.name = "t.bin";
  EXPECT_EQ(check_torrent_block(wanted, encode_torrent_block(other)).error(),
            CodexErrc::info_hash_mismatch);
  other = s.torrent.manifest;
  other.info.pieces[1].bytes[0] ^= std::byte{1};
  EXPECT_EQ(check_torrent_block(wanted, encode_torrent_block(other)).error(),
            CodexErrc::info_hash_mismatch);
  // What phase one says nothing about.
  other = s.torrent.manifest;
  other.codex_manifest = manifest_cid(as_bytes("another"));
  EXPECT_TRUE(check_torrent_block(wanted, encode_torrent_block(other)));
}

TEST(CodexTorrent, PhaseTwoAcceptsTheContentAndNothingElse) {
  const Sample s = sample();
  const auto& info = s.torrent.manifest.info;
  const auto map = PieceMap::make(info, s.torrent.data.manifest);
  ASSERT_TRUE(map);
  for (std::uint32_t piece = 0; piece < map->piece_count(); ++piece) {
    const BlockRange range = map->blocks_of(PieceIndex{piece});
    const auto blocks =
        std::span<const Bytes>(s.blocks).subspan(range.begin, range.end - range.begin);
    EXPECT_TRUE(check_piece(*map, info, PieceIndex{piece}, blocks));
    EXPECT_EQ(check_piece(*map, info, PieceIndex{piece}, blocks.first(1)).error(),
              CodexErrc::wrong_block_length);
    Buffer bad = to_buffer(blocks.back());
    bad.back() ^= std::byte{1};
    EXPECT_EQ(check_piece(*map, info, PieceIndex{piece}, {{blocks[0], Bytes(bad)}}).error(),
              CodexErrc::piece_mismatch);
  }
}

TEST(PieceMap, EveryBlockLiesInExactlyOnePiece) {
  const Sample s = sample();
  const auto map = PieceMap::make(s.torrent.manifest.info, s.torrent.data.manifest);
  ASSERT_TRUE(map);
  EXPECT_EQ(map->piece_count(), 3U);
  EXPECT_EQ(map->block_count(), 6U);
  EXPECT_EQ(map->blocks_of(PieceIndex{2}), (BlockRange{4, 6}));
  EXPECT_EQ(map->piece_size(PieceIndex{2}), 16384U + 100U);
  std::uint64_t next = 0;
  for (std::uint32_t piece = 0; piece < map->piece_count(); ++piece) {
    const BlockRange range = map->blocks_of(PieceIndex{piece});
    EXPECT_EQ(range.begin, next);
    for (; next < range.end; ++next) EXPECT_EQ(map->piece_of(next), PieceIndex{piece});
  }
  EXPECT_EQ(next, map->block_count());
}

TEST(PieceMap, ManifestsThatCantBelongTogetherAreRefused) {
  const Sample s = sample();
  const auto error = [&](auto change) {
    BitTorrentInfo info = s.torrent.manifest.info;
    Manifest manifest = s.torrent.data.manifest;
    change(info, manifest);
    return PieceMap::make(info, manifest).error().code;
  };
  EXPECT_EQ(error([](auto&, Manifest& m) { m.dataset_size -= 1; }), CodexErrc::length_mismatch);
  EXPECT_EQ(error([](auto&, Manifest& m) { m.block_size = 0; }), CodexErrc::bad_block_size);
  EXPECT_EQ(error([](auto&, Manifest& m) { m.block_size = 65536; }), CodexErrc::bad_piece_length);
  EXPECT_EQ(error([](auto&, Manifest& m) { m.block_size = 12288; }), CodexErrc::bad_piece_length);
  EXPECT_EQ(error([](BitTorrentInfo& i, auto&) { i.pieces.pop_back(); }),
            CodexErrc::wrong_piece_count);
  EXPECT_EQ(error([](auto&, Manifest& m) {
              Erasure erasure;
              erasure.data_blocks = 3;
              erasure.parity_blocks = 3;
              erasure.original_tree_cid = m.tree_cid;
              erasure.original_dataset_size = 3 * std::uint64_t{m.block_size};
              m.erasure = erasure;
            }),
            CodexErrc::is_protected);
}

TEST(CodexTorrent, InfoDictionariesOfImpossibleShapeAreRefused) {
  const BitTorrentInfo good = sample().torrent.manifest.info;
  EXPECT_TRUE(check_info(good));
  BitTorrentInfo info = good;
  info.length = 0;
  EXPECT_EQ(error_of(info), CodexErrc::bad_length);
  info.length = std::uint64_t{1} << 63;
  EXPECT_EQ(error_of(info), CodexErrc::bad_length);
  info.length = (std::uint64_t{1} << 63) - 1;
  EXPECT_EQ(error_of(info), CodexErrc::wrong_piece_count);
  info = good;
  info.piece_length = 0;
  EXPECT_EQ(error_of(info), CodexErrc::bad_piece_length);
  info = good;
  info.pieces.emplace_back();
  EXPECT_EQ(error_of(info), CodexErrc::wrong_piece_count);
  info = good;
  info.name.assign(kManifestTextMax, 'n');
  EXPECT_TRUE(check_info(info));
  info.name += 'n';
  EXPECT_EQ(error_of(info), CodexErrc::text_too_long);
  info = {kTorrentPiecesMax, 1, {}, ""};
  info.pieces.resize(kTorrentPiecesMax);
  EXPECT_TRUE(check_info(info));
  ++info.length;
  info.pieces.emplace_back();
  EXPECT_EQ(error_of(info), CodexErrc::too_many_pieces);
}

TEST(CodexTorrent, MalformedBlocksAreRefused) {
  const Buffer block = sample().torrent.block;
  for (std::size_t size = 0; size < block.size(); ++size) {
    ASSERT_FALSE(decode_torrent_block(Bytes(block).first(size))) << size;
  }
  const auto error = [](const std::string& hex) {
    return decode_torrent_block(*from_hex(hex)).error().code;
  };
  const std::string cid = "122601819a031220" + std::string(64, '0');
  const std::string piece = "1a180a161114" + std::string(40, '0');
  EXPECT_TRUE(decode_torrent_block(*from_hex("0a1e08011001" + piece + cid)));
  EXPECT_EQ(error("0a1e08011001" + piece), CodexErrc::missing_field);
  EXPECT_EQ(error(cid), CodexErrc::missing_field);
  EXPECT_EQ(error("0a0408011001" + cid), CodexErrc::wrong_piece_count);
  EXPECT_EQ(error("0a0b080110011a050a03000101" + cid), CodexErrc::bad_piece_hash);
  EXPECT_EQ(error("0a06080110011a00" + cid), CodexErrc::bad_piece_hash);
  EXPECT_EQ(error("0a1e08011001" + piece + "122601829a031220" + std::string(64, '0')),
            CodexErrc::wrong_codec);
  EXPECT_EQ(error("0a1e08011001" + piece + "1201ff"), CodexErrc::bad_cid);
  EXPECT_EQ(decode_torrent_block(Buffer(kTorrentBlockBytesMax + 1)).error(),
            CodexErrc::input_too_large);
}

TEST(CodexBlock, BytesMayBeStoredUnderTheirOwnNamesOnly) {
  const Sample s = sample();
  const Bytes block = s.blocks[0];
  EXPECT_TRUE(check_block(block_cid(sha256(block)), block));
  EXPECT_EQ(check_block(block_cid(sha256(block)), s.blocks[1]).error(), CodexErrc::block_mismatch);
  EXPECT_TRUE(check_block(s.torrent.data.cid, s.torrent.data.block));
  EXPECT_EQ(check_block(s.torrent.data.cid, block).error(), CodexErrc::block_mismatch);
  EXPECT_TRUE(check_block(s.torrent.cid, s.torrent.block));
  EXPECT_FALSE(check_block(s.torrent.cid, block));
  EXPECT_EQ(check_block(info_hash_cid(Sha1Digest()), s.torrent.block).error(),
            CodexErrc::info_hash_mismatch);
  EXPECT_EQ(check_block(tree_cid(Sha256Digest()), block).error(), CodexErrc::wrong_codec);
}

TEST(CodexBlock, BLX_10_OtherHashesNameNoBlock) {
  const Buffer data(32);
  const auto error = [&](Multicodec codec, const Multihash& hash) {
    return check_block(Cid::v1(codec, hash), data).error().code;
  };
  EXPECT_EQ(error(Multicodec::codex_block, Multihash::of(sha1(data))), CodexErrc::wrong_hash);
  EXPECT_EQ(error(Multicodec::codex_block, *Multihash::make(HashCode::identity, data)),
            CodexErrc::wrong_hash);
  EXPECT_EQ(error(Multicodec::torrent_info, Multihash::of(sha256(data))), CodexErrc::wrong_hash);
  EXPECT_EQ(error(Multicodec::raw, Multihash::of(sha256(data))), CodexErrc::wrong_codec);
  EXPECT_EQ(check_block(Cid::v0(sha256(data)), data).error(), CodexErrc::bad_cid_version);
}

TEST(CodexBlock, TV_1_TheEmptyBlockIsKnownByBothItsNames) {
  const Cid sha512 = *Cid::parse(
      "z4rF6XyekLAqDNNCUnAQDksoAwatSjutN9C9JT9x8NjdshgKg1Ku9CjVgrsdjz8y38xRnaL9Lu9omDA3xHSnrhAXGVrf"
      "d4Mj");
  EXPECT_TRUE(is_empty_block(sha512));
  EXPECT_TRUE(is_empty_block(block_cid(sha256({}))));
  EXPECT_FALSE(is_empty_block(block_cid(sha256(Buffer(1)))));
  EXPECT_FALSE(is_empty_block(manifest_cid({})));
  EXPECT_TRUE(check_block(sha512, {}));
  EXPECT_EQ(check_block(sha512, Buffer(1)).error(), CodexErrc::wrong_hash);
}

TEST(CodexError, EveryCodeHasItsOwnName) {
  std::string last;
  for (int code = 0; code <= static_cast<int>(CodexErrc::bad_info_hash_text); ++code) {
    const std::string name = error_name(static_cast<CodexErrc>(code));
    EXPECT_FALSE(name.empty() || name == last);
    last = name;
  }
}

}  // namespace
}  // namespace weir::codex
