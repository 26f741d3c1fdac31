// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/test_torrent.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "base/random.h"
#include "hash/merkle.h"
#include "hash/sha.h"

namespace weir {
namespace {

void add_v2_hashes(const TestTorrent& torrent, std::vector<TorrentFile>& files,
                   std::vector<PieceLayer>& layers, std::uint32_t piece_length) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].length == 0 || files[i].attributes.pad) continue;
    const Bytes content = torrent.contents[i];
    std::vector<Sha256Digest> leaves;
    merkle_leaves(content, leaves);
    files[i].pieces_root = merkle_root(leaves, merkle_width(leaves.size()), 0);
    if (files[i].length <= piece_length) continue;
    PieceLayer layer{files[i].pieces_root, {}};
    for (std::size_t at = 0; at < content.size(); at += piece_length) {
      const auto length = std::min<std::size_t>(piece_length, content.size() - at);
      layer.hashes.push_back(merkle_piece_root(content.subspan(at, length), piece_length));
    }
    layers.push_back(std::move(layer));
  }
}

}  // namespace

Layout make_test_layout(TorrentKind kind, std::uint32_t piece_length,
                        const std::vector<TestFile>& files) {
  std::vector<TorrentFile> laid_out;
  std::uint64_t offset = 0;
  for (const TestFile& file : files) {
    const std::uint64_t gap = (piece_length - offset % piece_length) % piece_length;
    if (has_v2(kind) && file.length > 0 && gap > 0) {
      if (kind == TorrentKind::hybrid) {
        TorrentFile pad;
        pad.path = "t/.pad/" + std::to_string(laid_out.size());
        pad.length = gap;
        pad.offset = offset;
        pad.attributes.pad = true;
        laid_out.push_back(std::move(pad));
      }
      offset += gap;
    }
    TorrentFile entry;
    entry.path = file.path;
    entry.length = file.length;
    entry.offset = offset;
    entry.attributes = file.attributes;
    entry.symlink_target = file.symlink_target;
    laid_out.push_back(std::move(entry));
    offset += file.length;
  }
  return {kind, piece_length, std::move(laid_out)};
}

TestTorrent make_test_torrent(TorrentKind kind, std::uint32_t piece_length,
                              const std::vector<TestFile>& files, std::uint64_t seed) {
  TestTorrent torrent;
  Random random(seed);
  auto info = std::make_shared<TorrentInfo>();
  info->name = "t";
  info->layout = make_test_layout(kind, piece_length, files);
  for (const TorrentFile& file : info->layout.files()) {
    torrent.contents.emplace_back(file.length);
    if (!file.attributes.pad) random.fill(torrent.contents.back());
  }
  if (has_v2(kind)) {
    std::vector<TorrentFile> hashed = info->layout.files();
    add_v2_hashes(torrent, hashed, torrent.piece_layers, piece_length);
    info->layout = Layout(kind, piece_length, std::move(hashed));
    info->hashes.v2 = sha256(as_bytes("t" + std::to_string(seed)));
  }
  torrent.info = info;
  if (has_v1(kind)) {
    info->hashes.v1 = sha1(as_bytes("t" + std::to_string(seed)));
    for (std::uint32_t i = 0; i < info->layout.piece_count(); ++i) {
      info->piece_hashes.push_back(sha1(torrent.piece(PieceIndex{i})));
    }
  }
  return torrent;
}

Buffer TestTorrent::piece(PieceIndex piece) const {
  Buffer data;
  for (const FileSlice& slice : layout().slices(piece, 0, layout().piece_size(piece))) {
    if (slice.pad) {
      data.resize(data.size() + slice.length);
    } else {
      append(data, Bytes(contents[to_int(slice.file)]).subspan(slice.file_offset, slice.length));
    }
  }
  return data;
}

FileIndex TestTorrent::file(const std::string& path) const {
  const auto& files = layout().files();
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const auto& f) { return f.path == path; });
  return static_cast<FileIndex>(found - files.begin());
}

Bitfield TestTorrent::all_but(const std::vector<std::string>& paths) const {
  Bitfield wanted(layout().files().size(), true);
  for (const std::string& path : paths) wanted.set(to_int(file(path)), false);
  return wanted;
}

TorrentStorage TestTorrent::storage(const std::vector<std::string>& unwanted,
                                    bool part_suffix) const {
  const StorageOptions options{
      .root = kTestRoot, .side_root = kTestSideRoot, .part_suffix = part_suffix};
  return {info, options, all_but(unwanted), Bitfield(layout().files().size())};
}

TEST(TestTorrent, PiecesMakeUpTheContent) {
  const auto v1 = make_test_torrent(TorrentKind::v1, 16384, {{"t/a", 20000}, {"t/b", 30000}});
  Buffer all;
  for (std::uint32_t i = 0; i < v1.layout().piece_count(); ++i)
    append(all, v1.piece(PieceIndex{i}));
  Buffer expected = v1.contents[0];
  append(expected, v1.contents[1]);
  EXPECT_EQ(all, expected);
  const auto hybrid =
      make_test_torrent(TorrentKind::hybrid, 32768, {{"t/a", 20000}, {"t/b", 70000}});
  EXPECT_EQ(hybrid.layout().files().size(), 3u);
  EXPECT_EQ(hybrid.piece(PieceIndex{0}).size(), 32768u);
  EXPECT_EQ(hybrid.piece_layers.size(), 1u);
}

}  // namespace weir
