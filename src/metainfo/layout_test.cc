// SPDX-License-Identifier: MIT OR Apache-2.0
#include "metainfo/layout.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr std::uint32_t kPiece = 32 * 1024;

TorrentFile file(std::uint64_t length, std::uint64_t offset, bool pad = false) {
  TorrentFile out;
  out.length = length;
  out.offset = offset;
  out.attributes.pad = pad;
  return out;
}

TEST(Layout, V1PiecesRunAcrossFiles) {
  const Layout layout(TorrentKind::v1, kPiece,
                      {file(10, 0), file(0, 10), file(40'000, 10), file(5, 40'010)});
  EXPECT_EQ(layout.total_size(), 40'015U);
  EXPECT_EQ(layout.content_size(), 40'015U);
  EXPECT_EQ(layout.piece_count(), 2U);
  EXPECT_EQ(layout.piece_size(PieceIndex{0}), kPiece);
  EXPECT_EQ(layout.piece_size(PieceIndex{1}), 40'015U - kPiece);
  EXPECT_EQ(layout.piece_content(PieceIndex{1}), 40'015U - kPiece);
  EXPECT_EQ(layout.block_count(PieceIndex{0}), 2U);
  EXPECT_EQ(layout.block_count(PieceIndex{1}), 1U);
  EXPECT_EQ(layout.block_size({PieceIndex{1}, BlockIndex{0}}), 40'015U - kPiece);
  EXPECT_EQ(layout.slices(PieceIndex{0}, 5, 10),
            (std::vector<FileSlice>{{FileIndex{0}, 5, 5, false}, {FileIndex{2}, 0, 5, false}}));
  EXPECT_TRUE(layout.slices(PieceIndex{0}, 5, 0).empty());
  EXPECT_EQ(layout.files_of(PieceIndex{1}), (std::vector<FileIndex>{FileIndex{2}, FileIndex{3}}));
  EXPECT_EQ(layout.file_pieces(FileIndex{2}), (Layout::PieceRange{PieceIndex{0}, PieceIndex{2}}));
  EXPECT_EQ(layout.file_pieces(FileIndex{1}), (Layout::PieceRange{PieceIndex{0}, PieceIndex{0}}));
}

TEST(Layout, V2PiecesEndWithTheirFile) {
  const Layout layout(TorrentKind::v2, kPiece, {file(10, 0), file(40'000, kPiece)});
  EXPECT_EQ(layout.piece_count(), 3U);
  EXPECT_EQ(layout.content_size(), 40'010U);
  EXPECT_EQ(layout.piece_size(PieceIndex{0}), 10U);
  EXPECT_EQ(layout.piece_size(PieceIndex{2}), 40'000U - kPiece);
  EXPECT_EQ(layout.piece_content(PieceIndex{0}), 10U);
  EXPECT_EQ(layout.piece_content(PieceIndex{2}), 40'000U - kPiece);
  EXPECT_EQ(layout.piece_file(PieceIndex{2}), FileIndex{1});
  EXPECT_EQ(layout.piece_in_file(PieceIndex{2}), 1U);
  EXPECT_EQ(layout.file_pieces(FileIndex{1}), (Layout::PieceRange{PieceIndex{1}, PieceIndex{3}}));
}

TEST(Layout, HybridPiecesCarryPaddingThatV2DoesNotHash) {
  const Layout layout(TorrentKind::hybrid, kPiece,
                      {file(10, 0), file(kPiece - 10, 10, true), file(7, kPiece)});
  EXPECT_EQ(layout.content_size(), 17U);
  EXPECT_EQ(layout.piece_size(PieceIndex{0}), kPiece);
  EXPECT_EQ(layout.piece_payload(PieceIndex{0}), 10U);
  EXPECT_EQ(layout.piece_content(PieceIndex{0}), 10U);
  EXPECT_EQ(layout.files_of(PieceIndex{0}), (std::vector<FileIndex>{FileIndex{0}}));
  EXPECT_EQ(
      layout.slices(PieceIndex{0}, 0, kPiece),
      (std::vector<FileSlice>{{FileIndex{0}, 0, 10, false}, {FileIndex{1}, 0, kPiece - 10, true}}));
  EXPECT_EQ(layout.piece_file(PieceIndex{1}), FileIndex{2});
}

TEST(Layout, PadFilesOfV1AreNotContent) {
  const Layout layout(
      TorrentKind::v1, kPiece,
      {file(10, 0), file(20, 10, true), file(kPiece, 30), file(5, kPiece + 30, true)});
  EXPECT_EQ(layout.content_size(), kPiece + 10U);
  EXPECT_EQ(layout.piece_content(PieceIndex{0}), kPiece - 20U);
  EXPECT_EQ(layout.piece_content(PieceIndex{1}), 30U);
}

}  // namespace
}  // namespace weir
