// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/verifier.h"

#include <gtest/gtest.h>

#include "store/test_torrent.h"

namespace weir {
namespace {

constexpr std::uint32_t kPiece = 64 * 1024;

std::vector<PieceVerdict> verdicts_of(const TestTorrent& torrent, const PieceLayers& layers,
                                      const std::vector<Buffer>& data) {
  std::vector<PieceData> pieces;
  for (std::uint32_t i = 0; i < data.size(); ++i) pieces.push_back({PieceIndex{i}, data[i]});
  std::vector<PieceVerdict> out(pieces.size());
  verify_pieces(*torrent.info, layers, pieces, out);
  return out;
}

std::vector<Buffer> all_pieces(const TestTorrent& torrent) {
  std::vector<Buffer> data;
  for (std::uint32_t i = 0; i < torrent.layout().piece_count(); ++i) {
    data.push_back(torrent.piece(PieceIndex{i}));
  }
  return data;
}

// Sizes around every edge of leaf, piece and tree.
TestTorrent edge_torrent(TorrentKind kind) {
  return make_test_torrent(kind, kPiece,
                           {{"t/one", 1},
                            {"t/leaf", 16384},
                            {"t/leaf+", 16385},
                            {"t/three", 3 * 16384 - 5},
                            {"t/piece", kPiece},
                            {"t/empty", 0},
                            {"t/piece+", kPiece + 1},
                            {"t/two", 2 * kPiece},
                            {"t/long", 5 * kPiece + 16384 + 7}});
}

class VerifierKinds : public testing::TestWithParam<TorrentKind> {};
INSTANTIATE_TEST_SUITE_P(All, VerifierKinds,
                         testing::Values(TorrentKind::v1, TorrentKind::v2, TorrentKind::hybrid));

TEST_P(VerifierKinds, EveryPieceOfTheContentIsGood) {
  const auto torrent = edge_torrent(GetParam());
  const auto verdicts = verdicts_of(torrent, torrent.layers(), all_pieces(torrent));
  for (std::size_t i = 0; i < verdicts.size(); ++i) EXPECT_EQ(verdicts[i], PieceVerdict::good) << i;
  EXPECT_TRUE(verdicts_of(torrent, torrent.layers(), {}).empty());
}

TEST_P(VerifierKinds, ABitWrongInOnePieceMakesOnlyThatOneBad) {
  const auto torrent = edge_torrent(GetParam());
  const auto data = all_pieces(torrent);
  for (std::size_t wrong = 0; wrong < data.size(); ++wrong) {
    auto altered = data;
    const std::uint32_t content =
        has_v2(GetParam())
            ? torrent.layout().piece_payload(PieceIndex{static_cast<std::uint32_t>(wrong)})
            : static_cast<std::uint32_t>(data[wrong].size());
    altered[wrong][content - 1] ^= std::byte{1};
    const auto verdicts = verdicts_of(torrent, torrent.layers(), altered);
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      EXPECT_EQ(verdicts[i], i == wrong ? PieceVerdict::bad : PieceVerdict::good) << i;
    }
  }
}

TEST_P(VerifierKinds, DataOfTheWrongSizeIsBad) {
  const auto torrent = edge_torrent(GetParam());
  auto data = all_pieces(torrent);
  data[0].pop_back();
  data[1].push_back(std::byte{0});
  data[2].clear();
  const auto verdicts = verdicts_of(torrent, torrent.layers(), data);
  EXPECT_EQ(verdicts[0], PieceVerdict::bad);
  EXPECT_EQ(verdicts[1], PieceVerdict::bad);
  EXPECT_EQ(verdicts[2], PieceVerdict::bad);
  EXPECT_EQ(verdicts[3], PieceVerdict::good);
}

// What StripVerifier says of all pieces of full length, read in strips.
std::vector<std::pair<PieceIndex, PieceVerdict>> strip_verdicts(const TestTorrent& torrent,
                                                                const PieceLayers& layers,
                                                                const std::vector<Buffer>& data,
                                                                std::size_t strip) {
  std::vector<PieceIndex> full;
  for (std::uint32_t i = 0; i < data.size(); ++i) {
    if (torrent.layout().piece_size(PieceIndex{i}) == kPiece) full.push_back(PieceIndex{i});
  }
  StripVerifier verifier(*torrent.info, layers, full);
  for (std::size_t at = 0; at < kPiece; at += strip) {
    std::vector<Bytes> strips;
    for (const PieceIndex piece : full) {
      strips.push_back(Bytes(data[to_int(piece)]).subspan(at, std::min(strip, kPiece - at)));
    }
    verifier.update(strips);
  }
  std::vector<PieceVerdict> verdicts(full.size());
  verifier.finish(verdicts);
  std::vector<std::pair<PieceIndex, PieceVerdict>> out;
  for (std::size_t i = 0; i < full.size(); ++i) out.emplace_back(full[i], verdicts[i]);
  return out;
}

TEST_P(VerifierKinds, StripsGiveTheVerdictsOfWholePieces) {
  const auto torrent = edge_torrent(GetParam());
  auto data = all_pieces(torrent);
  for (std::size_t i = 0; i < data.size(); i += 3) data[i][data[i].size() / 2] ^= std::byte{1};
  for (const PieceLayers& layers : {torrent.layers(), PieceLayers(torrent.layout(), {})}) {
    const auto whole = verdicts_of(torrent, layers, data);
    for (const std::size_t strip : {16384u, 49152u, 65536u}) {
      const auto got = strip_verdicts(torrent, layers, data, strip);
      ASSERT_GE(got.size(), 3u);
      for (const auto& [piece, verdict] : got) {
        EXPECT_EQ(verdict, whole[to_int(piece)]) << to_int(piece) << " strip " << strip;
      }
    }
  }
}

TEST(Verifier, AV2PieceWithoutItsLayerIsUnverifiable) {
  const auto torrent = edge_torrent(TorrentKind::v2);
  const auto verdicts =
      verdicts_of(torrent, PieceLayers(torrent.layout(), {}), all_pieces(torrent));
  const Layout& layout = torrent.layout();
  for (std::uint32_t i = 0; i < verdicts.size(); ++i) {
    const bool is_long = layout.file(layout.piece_file(PieceIndex{i})).length > kPiece;
    EXPECT_EQ(verdicts[i], is_long ? PieceVerdict::unverifiable : PieceVerdict::good) << i;
  }
}

TEST(Verifier, AHybridWithoutItsLayerIsJudgedByV1) {
  const auto torrent = edge_torrent(TorrentKind::hybrid);
  auto data = all_pieces(torrent);
  data.back()[0] ^= std::byte{1};
  const auto verdicts = verdicts_of(torrent, PieceLayers(), data);
  for (std::size_t i = 0; i + 1 < verdicts.size(); ++i) {
    EXPECT_EQ(verdicts[i], PieceVerdict::good) << i;
  }
  EXPECT_EQ(verdicts.back(), PieceVerdict::bad);
}

TEST(Verifier, AHybridWhoseHashesDisagreeIsInconsistent) {
  const auto torrent = edge_torrent(TorrentKind::hybrid);
  const auto data = all_pieces(torrent);
  auto wrong_layers = torrent.piece_layers;
  for (auto& layer : wrong_layers) layer.hashes.back().bytes[0] ^= std::byte{1};
  const auto by_v2 = verdicts_of(torrent, PieceLayers(torrent.layout(), wrong_layers), data);
  EXPECT_EQ(by_v2.back(), PieceVerdict::inconsistent);
  EXPECT_EQ(by_v2.front(), PieceVerdict::good);

  auto wrong_v1 = torrent;
  auto info = std::make_shared<TorrentInfo>(*torrent.info);
  info->piece_hashes.back().bytes[0] ^= std::byte{1};
  wrong_v1.info = info;
  EXPECT_EQ(verdicts_of(wrong_v1, torrent.layers(), data).back(), PieceVerdict::inconsistent);
}

TEST(PieceLayers, ALayerNeedsAKnownRootAndTheRightLength) {
  const auto torrent = edge_torrent(TorrentKind::v2);
  const Layout& layout = torrent.layout();
  PieceLayers layers;
  EXPECT_FALSE(layers.complete(layout));
  PieceLayer stranger = torrent.piece_layers[0];
  stranger.pieces_root.bytes[0] ^= std::byte{1};
  EXPECT_FALSE(layers.add(layout, stranger));
  PieceLayer cut = torrent.piece_layers[0];
  cut.hashes.pop_back();
  EXPECT_FALSE(layers.add(layout, cut));
  const FileIndex short_file = torrent.file("t/piece");
  EXPECT_FALSE(layers.add(layout, {layout.file(short_file).pieces_root, {Sha256Digest{}}}));
  for (const PieceLayer& layer : torrent.piece_layers) {
    EXPECT_FALSE(layers.complete(layout));
    EXPECT_TRUE(layers.add(layout, layer));
  }
  EXPECT_TRUE(layers.complete(layout));
  EXPECT_EQ(layers.layer(torrent.file("t/long")).size(), 6u);
  EXPECT_TRUE(layers.layer(short_file).empty());
}

TEST(PieceLayers, FilesOfTheSameContentShareALayer) {
  const auto one = make_test_torrent(TorrentKind::v2, kPiece, {{"t/a", 3 * kPiece}});
  auto files = one.layout().files();
  files.push_back(files[0]);
  files[1].path = "t/b";
  files[1].offset = 3 * kPiece;
  const Layout twice(TorrentKind::v2, kPiece, files);
  PieceLayers layers;
  EXPECT_TRUE(layers.add(twice, one.piece_layers[0]));
  EXPECT_TRUE(layers.complete(twice));
  EXPECT_EQ(layers.piece_root(twice, PieceIndex{1}), layers.piece_root(twice, PieceIndex{4}));
}

TEST(PieceLayers, V1NeedsNone) {
  const auto torrent = edge_torrent(TorrentKind::v1);
  PieceLayers layers;
  EXPECT_TRUE(layers.complete(torrent.layout()));
  EXPECT_FALSE(layers.add(torrent.layout(), {}));
}

}  // namespace
}  // namespace weir
