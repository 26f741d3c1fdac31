// SPDX-License-Identifier: MIT OR Apache-2.0
#include "codex/manifest.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"
#include "codex/rest_json.h"
#include "codex/testing/reference_vectors.h"
#include "codex/tree.h"
#include "hash/sha.h"

namespace weir::codex {
namespace {

Cid cid_of(Multicodec codec, std::string_view text = "x") {
  return Cid::v1(codec, Multihash::of(sha256(as_bytes(text))));
}

// A valid one of 10 blocks.
Manifest plain() {
  Manifest out;
  out.tree_cid = cid_of(Multicodec::codex_root);
  out.dataset_size = 10 * kDefaultBlockSize - 5;
  out.filename = "a.bin";
  out.mimetype = "text/plain";
  return out;
}

// Four original blocks in two groups of two and three.
Manifest erasure_coded() {
  Manifest out = plain();
  Erasure erasure;
  erasure.data_blocks = 2;
  erasure.parity_blocks = 3;
  erasure.original_tree_cid = cid_of(Multicodec::codex_root, "original");
  erasure.original_dataset_size = 4 * kDefaultBlockSize - 7;
  out.erasure = erasure;
  return out;
}

Manifest verifiable() {
  Manifest out = erasure_coded();
  Verification verification;
  verification.verify_root = cid_of(Multicodec::codex_proving_root);
  verification.slot_roots.assign(5, cid_of(Multicodec::codex_slot_root));
  out.erasure->verification = verification;
  return out;
}

CodexErrc error_of(const Manifest& manifest) { return check_manifest(manifest).error().code; }

// A header of the given fields behind the tree's CID, in hexadecimal.
CodexResult<Manifest> decode_header(const std::string& fields) {
  Buffer header = *from_hex("0a26");
  append(header, plain().tree_cid.bytes());
  append(header, *from_hex(fields));
  Buffer out = {std::byte{0x0a}, static_cast<std::byte>(header.size())};
  append(out, header);
  return decode_manifest(out);
}

TEST(CodexManifest, TV_3_AnOrdinaryUploadHasTheReferencesBytes) {
  Manifest manifest;
  manifest.tree_cid = *Cid::parse("zDzSvJTezk7bJNQqFq8k1iHXY84psNuUfZVusA5bBQQUSuyzDSVL");
  manifest.dataset_size = 18;
  const Buffer bytes = encode_manifest(manifest);
  EXPECT_EQ(to_hex(bytes),
            "0a360a2601839a031220050b50fa8145c235e1b817326d34f733420298a9aa511f13622dd81264e8d4df"
            "10808004181220829a0328123002");
  EXPECT_EQ(manifest_cid(bytes).text(), "zDvZRwzm1ePSzKSXt57D5YxHwcSDmsCyYN65wW4HT7fuX9HrzFXy");
  EXPECT_EQ(decode_manifest(bytes), manifest);
}

TEST(CodexManifest, TheRecordedDataManifestDecodesToWhatTheNodeSaid) {
  const Buffer bytes = *from_hex(testing::kDataManifest);
  const auto manifest = decode_manifest(bytes);
  ASSERT_TRUE(manifest);
  EXPECT_EQ(encode_manifest(*manifest), bytes);
  EXPECT_EQ(manifest_cid(bytes).text(), testing::kDataManifestCid);
  EXPECT_EQ(data_item_json(manifest_cid(bytes), *manifest), testing::kDataItemJson);
}

TEST(CodexManifest, AllKindsRoundTrip) {
  for (const Manifest& manifest : {plain(), erasure_coded(), verifiable()}) {
    ASSERT_TRUE(check_manifest(manifest));
    EXPECT_EQ(decode_manifest(encode_manifest(manifest)), manifest);
  }
}

TEST(CodexManifest, NoPrefixDecodesAndUnknownFieldsArePassedOver) {
  Buffer bytes = encode_manifest(verifiable());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto cut = decode_manifest(Bytes(bytes).first(size));
    ASSERT_FALSE(cut);
    ASSERT_LE(cut.error().offset, size);
  }
  // Fields 15 and 16 with a number and bytes, and field 1 as a number, which is another type.
  append(bytes, *from_hex("7801820101610805"));
  EXPECT_EQ(decode_manifest(bytes), verifiable());
}

TEST(CodexManifest, OfSeveralHeadersAndNumbersTheLastCounts) {
  Manifest first = verifiable();
  first.filename = "first";
  Buffer bytes = encode_manifest(first);
  append(bytes, encode_manifest(plain()));
  EXPECT_EQ(decode_manifest(bytes), plain());
  const auto twice = decode_header(
      "100110808004"
      "180120829a0328123002");
  ASSERT_TRUE(twice);
  EXPECT_EQ(twice->block_size, kDefaultBlockSize);
}

TEST(CodexManifest, BLX_12_NumbersThatNoDatasetHasAreRefused) {
  Manifest manifest = plain();
  manifest.block_size = 0;
  EXPECT_EQ(error_of(manifest), CodexErrc::bad_block_size);
  manifest.block_size = kBlockSizeMax;
  EXPECT_TRUE(check_manifest(manifest));
  manifest.block_size = kBlockSizeMax + 1;
  EXPECT_EQ(error_of(manifest), CodexErrc::bad_block_size);
  manifest = plain();
  manifest.dataset_size = 0;
  EXPECT_EQ(error_of(manifest), CodexErrc::empty_dataset);
  manifest.dataset_size = ~std::uint64_t{0};
  EXPECT_EQ(error_of(manifest), CodexErrc::too_many_blocks);
  manifest.dataset_size = kDatasetBlocksMax * kDefaultBlockSize;
  EXPECT_TRUE(check_manifest(manifest));
  ++manifest.dataset_size;
  EXPECT_EQ(error_of(manifest), CodexErrc::too_many_blocks);
  manifest.block_size = 1;
  manifest.dataset_size = std::uint64_t{1} << 63;
  EXPECT_EQ(error_of(manifest), CodexErrc::too_many_blocks);
}

TEST(CodexManifest, BLX_12_TheTreeMustBeATree) {
  Manifest manifest = plain();
  manifest.tree_cid = cid_of(Multicodec::codex_block);
  EXPECT_EQ(error_of(manifest), CodexErrc::wrong_codec);
  manifest.tree_cid = Cid::v1(Multicodec::codex_root, Multihash::of(Sha1Digest()));
  EXPECT_EQ(error_of(manifest), CodexErrc::wrong_hash);
  manifest.tree_cid = Cid::v0(Sha256Digest());
  EXPECT_EQ(error_of(manifest), CodexErrc::bad_cid_version);
}

TEST(CodexManifest, BLX_12_ErasureNumbersMustFitTheDataset) {
  const auto with = [](auto change) {
    Manifest manifest = verifiable();
    change(*manifest.erasure);
    return error_of(manifest);
  };
  EXPECT_EQ(with([](Erasure& e) { e.data_blocks = 0; }), CodexErrc::bad_erasure);
  EXPECT_EQ(with([](Erasure& e) { e.parity_blocks = 0; }), CodexErrc::bad_erasure);
  EXPECT_EQ(with([](Erasure& e) { e.data_blocks = 3; }), CodexErrc::bad_erasure);
  EXPECT_EQ(with([](Erasure& e) { e.data_blocks = e.parity_blocks = UINT32_MAX; }),
            CodexErrc::bad_erasure);
  EXPECT_EQ(with([](Erasure& e) { e.strategy = 2; }), CodexErrc::bad_erasure);
  EXPECT_EQ(with([](Erasure& e) { e.original_dataset_size = 0; }), CodexErrc::empty_dataset);
  EXPECT_EQ(with([](Erasure& e) { e.original_dataset_size = ~std::uint64_t{0}; }),
            CodexErrc::too_many_blocks);
  EXPECT_EQ(with([](Erasure& e) { e.original_tree_cid = Cid(); }), CodexErrc::wrong_codec);
  EXPECT_EQ(with([](Erasure& e) { e.verification->slot_roots.pop_back(); }),
            CodexErrc::bad_verification);
  EXPECT_EQ(with([](Erasure& e) { e.verification->slot_roots[2] = Cid(); }),
            CodexErrc::wrong_codec);
  EXPECT_EQ(with([](Erasure& e) { e.verification->verify_root = Cid(); }), CodexErrc::wrong_codec);
  EXPECT_EQ(with([](Erasure& e) { e.verification->cell_size = 0; }), CodexErrc::bad_verification);
}

TEST(CodexManifest, FixedNumbersOfTheHeaderAreChecked) {
  const auto error = [](const std::string& fields) { return decode_header(fields).error().code; };
  EXPECT_TRUE(decode_header("1001180120829a0328123002"));
  EXPECT_EQ(error("100118012081820328123002"), CodexErrc::wrong_codec);
  EXPECT_EQ(error("1001180120829a0328113002"), CodexErrc::wrong_hash);
  EXPECT_EQ(error("1001180120829a0328123001"), CodexErrc::bad_cid_version);
  EXPECT_EQ(error("10011801"), CodexErrc::wrong_codec);
  EXPECT_EQ(error("1080808080101801"), CodexErrc::number_too_large);
  EXPECT_EQ(error("18808080808080808080800218012000"), CodexErrc::bad_protobuf);
}

TEST(CodexManifest, VarintsThatAreLongerThanNeededAreRefused) {
  const auto error = [](const std::string& hex) { return decode_manifest(*from_hex(hex)).error(); };
  EXPECT_EQ(decode_header("108100180120829a0328123002").error(), CodexErrc::bad_protobuf);
  EXPECT_EQ(error("8a0000"), CodexErrc::bad_protobuf);
  EXPECT_EQ(error("0a8000"), CodexErrc::bad_protobuf);
  EXPECT_EQ(error("0a80808080808080808080"), CodexErrc::bad_protobuf);
  // A length of 2^32 + 1, which is not the length 1.
  EXPECT_EQ(error("0a818080801000"), CodexErrc::bad_protobuf);
  // Groups, and the tag 0.
  EXPECT_EQ(error("0b0c"), CodexErrc::bad_protobuf);
  EXPECT_EQ(error("0000"), CodexErrc::bad_protobuf);
  EXPECT_EQ(error("7801"), CodexErrc::missing_field);
  const auto inner = decode_header("7880808080808080808002");
  EXPECT_EQ(inner.error(), CodexErrc::bad_protobuf);
  EXPECT_EQ(inner.error().offset, 2U + 40U);
}

TEST(CodexManifest, TextsAndTheWholeHaveLimits) {
  Manifest manifest = plain();
  manifest.filename.assign(kManifestTextMax, 'n');
  manifest.mimetype.assign(kManifestTextMax, 't');
  EXPECT_EQ(decode_manifest(encode_manifest(manifest)), manifest);
  manifest.filename += 'n';
  EXPECT_EQ(error_of(manifest), CodexErrc::text_too_long);
  manifest = plain();
  manifest.mimetype.assign(kManifestTextMax + 1, 't');
  EXPECT_EQ(error_of(manifest), CodexErrc::text_too_long);
  const auto padded = [](std::size_t size) {
    Buffer bytes = encode_manifest(plain());
    bytes.resize(size, std::byte{0x78});  // field 15, again and again
    return decode_manifest(bytes);
  };
  EXPECT_TRUE(padded(kManifestBytesMax - 1) || padded(kManifestBytesMax));
  EXPECT_EQ(padded(kManifestBytesMax + 1).error(), CodexErrc::input_too_large);
}

TEST(CodexManifest, BlocksAreGivenWithoutTheirPadding) {
  Manifest manifest = plain();
  manifest.dataset_size = kDefaultBlockSize + 5;
  EXPECT_EQ(manifest.blocks_count(), 2U);
  EXPECT_EQ(manifest.extent(1), (BlockExtent{kDefaultBlockSize, 5}));
  const Buffer content = testing::make_content({kDefaultBlockSize + 5});
  const Bytes tail = Bytes(content).subspan(kDefaultBlockSize);
  Buffer padded = to_buffer(tail);
  padded.resize(kDefaultBlockSize);
  for (const Buffer& stored : {padded, to_buffer(tail)}) {
    const auto bytes = dataset_bytes(manifest, 1, stored, sha256(stored));
    ASSERT_TRUE(bytes);
    EXPECT_EQ(to_buffer(*bytes), to_buffer(tail));
  }
  const auto error = [&](std::uint64_t index, const Buffer& stored) {
    return dataset_bytes(manifest, index, stored, sha256(stored)).error().code;
  };
  EXPECT_EQ(error(2, padded), CodexErrc::wrong_index);
  EXPECT_EQ(error(1, Buffer(6)), CodexErrc::wrong_block_length);
  EXPECT_EQ(error(0, Buffer(5)), CodexErrc::wrong_block_length);
  EXPECT_EQ(dataset_bytes(manifest, 1, padded, sha256(tail)).error(), CodexErrc::block_mismatch);
}

TEST(CodexDirectory, RoundTripsAndIsNoFileManifest) {
  Directory directory{"photos", {cid_of(Multicodec::codex_manifest, "a")}};
  directory.entries.push_back(cid_of(Multicodec::codex_manifest, "b"));
  const Buffer bytes = encode_directory(directory);
  EXPECT_EQ(decode_directory(bytes), directory);
  EXPECT_FALSE(decode_manifest(bytes));
  EXPECT_EQ(
      directory_item_json(manifest_cid(bytes), {"p", {}}),
      "{\"cid\":\"" + manifest_cid(bytes).text() + "\",\"manifest\":{\"name\":\"p\",\"cids\":[]}}");
  const Directory block{"x", {cid_of(Multicodec::codex_block)}};
  EXPECT_EQ(decode_directory(encode_directory(block)).error(), CodexErrc::wrong_codec);
  EXPECT_EQ(decode_directory({}).error(), CodexErrc::missing_field);
  EXPECT_EQ(decode_directory(*from_hex("0a01611200")).error(), CodexErrc::missing_field);
}

TEST(CodexDirectory, LimitsHoldAtAndPastThem) {
  Directory directory{std::string(kManifestTextMax, 'n'), {}};
  EXPECT_TRUE(decode_directory(encode_directory(directory)));
  directory.name += 'n';
  EXPECT_EQ(decode_directory(encode_directory(directory)).error(), CodexErrc::text_too_long);
  directory.name = "d";
  directory.entries.assign(kDirectoryEntriesMax, cid_of(Multicodec::codex_manifest));
  EXPECT_EQ(decode_directory(encode_directory(directory)), directory);
  directory.entries.push_back(cid_of(Multicodec::codex_manifest));
  EXPECT_EQ(decode_directory(encode_directory(directory)).error(), CodexErrc::too_many_entries);
  EXPECT_EQ(decode_directory(Buffer(kDirectoryBytesMax + 1)).error(), CodexErrc::input_too_large);
}

TEST(RestJson, NamesThatJsonCantSayAreEscapedOrRepaired) {
  Manifest manifest = erasure_coded();
  manifest.filename = "a\"\\\n\xff";
  manifest.mimetype.clear();
  const std::string json = data_item_json(cid_of(Multicodec::codex_manifest), manifest);
  EXPECT_NE(json.find("\"filename\":\"a\\\"\\\\\\u000a\xef\xbf\xbd\",\"mimetype\":null,"
                      "\"protected\":true,\"verifiable\":false}}"),
            std::string::npos)
      << json;
}

}  // namespace
}  // namespace weir::codex
