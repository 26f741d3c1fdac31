// SPDX-License-Identifier: MIT OR Apache-2.0
#include "metainfo/create.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "hash/merkle.h"
#include "metainfo/parse.h"

namespace weir {
namespace {

// Byte i of the file number `seed`; the expected hashes below were made from the same formula.
std::byte content_byte(std::size_t seed, std::uint64_t i) {
  return static_cast<std::byte>((i * 31 + (i >> 8) * 7 + seed * 17) & 0xff);
}

CreateFile file(const std::string& path, std::uint64_t length) {
  CreateFile out;
  out.length = length;
  for (std::size_t at = 0; at <= path.size() && !path.empty();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    out.path.push_back(path.substr(at, slash - at));
    at = slash + 1;
  }
  out.attributes.executable = path == "a.txt";
  return out;
}

CreateOptions options_for(TorrentKind kind, std::uint32_t piece_length) {
  CreateOptions options;
  options.kind = kind;
  options.piece_length = piece_length;
  options.name = "root";
  return options;
}

// Feeds the builder from the last piece to the first, a few at a time.
CreateResult<CreatedTorrent> build(const CreateOptions& options, std::vector<CreateFile> files) {
  auto builder = TorrentBuilder::make(options, std::move(files));
  if (!builder) return std::unexpected(builder.error());
  const Layout& layout = builder->layout();
  std::vector<Buffer> buffers;
  std::vector<CreatedPieceInput> inputs;
  for (std::uint32_t p = layout.piece_count(); p-- > 0;) {
    const PieceIndex piece{p};
    Buffer data;
    for (const FileSlice& slice : layout.slices(piece, 0, layout.piece_size(piece))) {
      const auto source = builder->source_of(slice.file);
      for (std::uint32_t i = 0; i < slice.length; ++i) {
        data.push_back(source ? content_byte(*source, slice.file_offset + i) : std::byte{0});
      }
    }
    buffers.push_back(std::move(data));
    inputs.push_back({piece, buffers.back()});
    if (inputs.size() < 3 && p > 0) continue;
    builder->add(hash_created_pieces(layout, inputs));
    inputs.clear();
    buffers.clear();
  }
  EXPECT_EQ(builder->missing_pieces(), 0U);
  return builder->finish();
}

std::string hashes_of(const CreateOptions& options, std::vector<CreateFile> files) {
  const auto created = build(options, std::move(files));
  if (!created) return error_name(created.error().code);
  const InfoHashes& hashes = created->metadata.info->hashes;
  return (hashes.v1 ? hashes.v1->hex() : "-") + " " + (hashes.v2 ? hashes.v2->hex() : "-");
}

struct Vector {
  const char* label;
  std::vector<CreateFile> files;
  std::uint32_t piece_length;
  bool is_private;
  const char* v1;
  const char* v2;
  const char* hybrid;
};

std::vector<CreateFile> many() {
  return {file("B.txt", 20'000),  file("Z", 70'000),          file("a-b", 2),
          file("a.txt", 5),       file("empty", 0),           file("file2", 40'000),
          file("file10", 16'384), file("sub/deep/y", 33'000), file("sub/x", 1),
          file("sub-2", 4),       file("sub.txt", 3)};
}

// Made with libtorrent 2.0.8: create_torrent with v1_only, v2_only and no flags.
std::vector<Vector> vectors() {
  return {
      {"many", many(), 32768, false, "9338bb398c1cf8c484262c30f98a8d4fc96376d6 -",
       "- cdba40d3dfb47621e7bed9e9aa79a134905766b92839de76f2b7f554938ac76c",
       "165e2193778634e2389663d50efacbf465ba30bd "
       "2daa48a438a7f42982375e6ebae6febea0c58988401c2b7494186ae131b49122"},
      {"many16", many(), 16384, false, "4abc90286208959be190f90907211f7a4d1a2088 -",
       "- 3eebda6a21a17799066cfe08e8bde709bd90c4255abdd6ede29c8d982fedf3a9",
       "9fa44d9e8784929e87774f68dbdcbf802b256b25 "
       "63bb667d7263384a7cdd33ae072bd72e23df5e3eb85e82158a09bd7b686010b0"},
      {"single",
       {file("", 100'000)},
       32768,
       true,
       "43199848e188a97de80f138c7b0152dc3013c996 -",
       "- d09dd3560a2b018440fa24987d87624ab07e89bf0679e2bb67d1e85deb0060bf",
       "96f8c0940449fb39d94800d83c85379f42f4d2ea "
       "4b40e1166adea0f2bdf7a5ecb58c0a4705207b77417c6b0f06e57fb237375603"},
      {"small",
       {file("", 5)},
       16384,
       false,
       "6f37022336c58fcdda6a308f66c17316ec233f97 -",
       "- 021c09655ec2b98a662ace586c0af4b92ae1e705c719e1cee59d535b08793dd3",
       "a64001809888580e5561330e9fe94767146ba50a "
       "a74de5cf9ac4b44315d06adbc8f5706755f2a195829e13fb6cdf6eba8d7a57bf"},
      {"one_in_dir",
       {file("only", 20'000)},
       16384,
       false,
       "2852cd30dd8f2fec507db6649e0e5ddae377261b -",
       "- cae1188515a6a9cdd524373e8c21cb17d6523c5c3a81519ea642a43eaf691548",
       "3dfceb8bdcd11155b9ebbc8eb47051b5e145ab33 "
       "044b997cea4a99f014264b664693bfeea9c8b4e47d162d43163d361658fe32c9"},
      {"with_empty",
       {file("a", 0), file("only", 20'000)},
       16384,
       false,
       "4c75d8dc81902387d31f7d8ba1e581d8af62a816 -",
       "- 7dbfcea3e28c1524b672f586e3d0bcc1543d9b16e19aa63e5117a1aefe63652a",
       "c789d34779d891d0aa1c4ba0664a252451d52bec "
       "82ef120c317473570466c9f2b0bd603dd98e89000606dc1eb459fc2c0ff19f1a"},
      {"exact",
       {file("a", 32'768), file("b", 65'536)},
       32768,
       false,
       "a22d52195f6c24bbbf33322c433c48abe409e829 -",
       "- 978a3dad01c6c136434077d731b754502010fc6ef6906246b7686d8714ee7571",
       "91cded99870a4ff5c933aaadfe83ac8a67cac7ee "
       "66bd4df2302dea863960adcab24a0bb71d79484d6ae90ed354a35a7c242bc528"},

  };
}

TEST(TorrentBuilder, InfoHashesAreThoseOfLibtorrent) {
  for (const Vector& v : vectors()) {
    const auto with = [&v](TorrentKind kind) {
      CreateOptions options = options_for(kind, v.piece_length);
      options.is_private = v.is_private;
      return hashes_of(options, v.files);
    };
    EXPECT_EQ(with(TorrentKind::v1), v.v1) << v.label;
    EXPECT_EQ(with(TorrentKind::v2), v.v2) << v.label;
    EXPECT_EQ(with(TorrentKind::hybrid), v.hybrid) << v.label;
  }
}

TEST(TorrentBuilder, TheOrderOfTheInputDoesNotMatter) {
  std::vector<CreateFile> files = {file("b", 3), file("a", 3)};
  const auto created = build(options_for(TorrentKind::hybrid, 16'384), files);
  ASSERT_TRUE(created);
  EXPECT_EQ(created->metadata.info->layout.files()[0].path, "root/a");
  CreateOptions as_given = options_for(TorrentKind::v1, 16'384);
  as_given.v1_order = CreateV1Order::as_given;
  EXPECT_EQ(build(as_given, files)->metadata.info->layout.files()[0].path, "root/b");
}

TEST(TorrentBuilder, EverythingGivenIsInTheFile) {
  CreateOptions options = options_for(TorrentKind::hybrid, 16'384);
  options.tracker_tiers = {{"http://a/x", "udp://b:1"}, {"https://c/"}};
  options.web_seeds = {"http://w/"};
  options.nodes = {{"dht.example", 6881}};
  options.source = "S";
  options.comment = "C";
  options.created_by = "weir";
  options.creation_date = 7;
  CreateFile link = file("link", 0);
  link.attributes.symlink = true;
  link.symlink_target = {"big"};
  const auto created = build(options, {file("big", 100'000), link});
  ASSERT_TRUE(created);
  const auto parsed = parse_torrent(created->bytes);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->tracker_tiers, options.tracker_tiers);
  EXPECT_EQ(parsed->web_seeds, options.web_seeds);
  EXPECT_EQ(parsed->nodes, options.nodes);
  EXPECT_EQ(parsed->info->source, "S");
  EXPECT_EQ(parsed->comment, "C");
  EXPECT_EQ(parsed->created_by, "weir");
  EXPECT_EQ(parsed->creation_date, 7);
  EXPECT_EQ(parsed->piece_layers.size(), 1U);
  EXPECT_EQ(parsed->info->layout.files().back().symlink_target, "root/big");
}

TEST(TorrentBuilder, WhatCannotBeATorrentIsRefused) {
  const CreateOptions hybrid = options_for(TorrentKind::hybrid, 16'384);
  EXPECT_EQ(hashes_of(hybrid, {}), "no_files");
  EXPECT_EQ(hashes_of(hybrid, {file("a", 0)}), "no_content");
  EXPECT_EQ(hashes_of(hybrid, {file("a", 1), file("a", 1)}), "duplicate_path");
  EXPECT_EQ(hashes_of(hybrid, {file("a", 1), file("a/b", 1)}), "duplicate_path");
  EXPECT_EQ(hashes_of(hybrid, {file("../b", 1)}), "bad_name");
  EXPECT_EQ(hashes_of(hybrid, {file("\xff", 1)}), "bad_name");
  EXPECT_EQ(hashes_of(hybrid, {file("", 1), file("b", 1)}), "bad_name");
  EXPECT_EQ(hashes_of(hybrid, {file("a", std::uint64_t{1} << 60)}), "too_large");
  EXPECT_EQ(hashes_of(hybrid, {file("a", std::uint64_t{2'097'153} * 16'384)}), "too_many_pieces");
  EXPECT_EQ(hashes_of(options_for(TorrentKind::v1, 20'000), {file("a", 1)}), "bad_piece_length");
  EXPECT_EQ(hashes_of(options_for(TorrentKind::v1, 8'192), {file("a", 1)}), "bad_piece_length");
  CreateOptions nameless = hybrid;
  nameless.name = "a/b";
  EXPECT_EQ(hashes_of(nameless, {file("a", 1)}), "bad_name");
}

TEST(TorrentBuilder, AutomaticPieceLengthAimsAtTwoThousandPieces) {
  constexpr std::uint64_t kMiB = 1024 * 1024;
  EXPECT_EQ(choose_piece_length(1), 16U * 1024);
  EXPECT_EQ(choose_piece_length(30 * kMiB), 16U * 1024);
  EXPECT_EQ(choose_piece_length(1024 * kMiB), kMiB);
  EXPECT_EQ(choose_piece_length(1024 * 1024 * kMiB), 16 * kMiB);
  for (std::uint64_t size = 64 * kMiB; size < 16 * 1024 * kMiB; size = size * 3 / 2) {
    const std::uint64_t pieces = size / choose_piece_length(size);
    EXPECT_GE(pieces, 1000U);
    EXPECT_LT(pieces, 2000U);
  }
}

TEST(NaturalOrder, DigitsCountAsNumbers) {
  std::vector<std::string> names = {"a10", "a2", "B", "a02", "a", "a2b", "a1x10", "a1x9"};
  std::sort(names.begin(), names.end(), natural_less);
  EXPECT_EQ(names,
            (std::vector<std::string>{"B", "a", "a1x9", "a1x10", "a02", "a2", "a2b", "a10"}));
}

// One file of the given length, all of it in one buffer.
struct Whole {
  TorrentBuilder builder;
  Buffer content;
  std::vector<CreatedPieceInput> inputs;
};

Whole whole(std::uint64_t length, std::uint32_t piece_length) {
  Whole out{
      *TorrentBuilder::make(options_for(TorrentKind::hybrid, piece_length), {file("", length)}),
      {},
      {}};
  for (std::uint64_t i = 0; i < length; ++i) out.content.push_back(content_byte(0, i));
  const Layout& layout = out.builder.layout();
  for (std::uint32_t p = 0; p < layout.piece_count(); ++p) {
    const std::size_t begin = std::size_t{p} * piece_length;
    out.inputs.push_back(
        {PieceIndex{p}, Bytes(out.content).subspan(begin, layout.piece_size(PieceIndex{p}))});
  }
  return out;
}

TEST(Create, LeavesThatAreKeptAreTheFilesInOrder) {
  for (const std::uint64_t length : {5ULL, 40000ULL, 65536ULL, 150000ULL}) {
    const Whole w = whole(length, 65536);
    std::vector<Sha256Digest> leaves, expected;
    for (const auto& piece :
         hash_created_pieces(w.builder.layout(), w.inputs, CreatedLeaves::keep)) {
      leaves.insert(leaves.end(), piece.leaves.begin(), piece.leaves.end());
    }
    merkle_leaves(w.content, expected);
    EXPECT_EQ(leaves, expected) << length;
    for (const auto& piece : hash_created_pieces(w.builder.layout(), w.inputs)) {
      EXPECT_TRUE(piece.leaves.empty());
    }
  }
}

}  // namespace
}  // namespace weir
