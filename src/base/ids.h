// SPDX-License-Identifier: MIT OR Apache-2.0
// Indices as distinct types: a piece can't be passed for a block, nor a file for a piece.
//
// `to_int` gives the number back; `next` the following index. Arithmetic beyond that is done on
// the number, where its width is visible.
#pragma once

#include <compare>
#include <cstdint>
#include <type_traits>

namespace weir {

enum class PieceIndex : std::uint32_t {};  // a hash-checked unit of a torrent
enum class BlockIndex : std::uint32_t {};  // 16 KiB request unit within its piece
enum class FileIndex : std::uint32_t {};   // position in the torrent's file list, pads included
enum class TorrentKey : std::uint32_t {};  // a torrent within its session, never reused
enum class ConnId : std::uint64_t {};      // one connection, never reused
enum class JobId : std::uint64_t {};       // one piece of background work, never reused

template <class Index>
  requires std::is_enum_v<Index>
constexpr auto to_int(Index index) {
  return static_cast<std::underlying_type_t<Index>>(index);
}

template <class Index>
  requires std::is_enum_v<Index>
constexpr Index next(Index index) {
  return static_cast<Index>(to_int(index) + 1);
}

inline constexpr std::uint32_t kBlockSize = 16 * 1024;

struct BlockRef {
  PieceIndex piece{};
  BlockIndex block{};
  auto operator<=>(const BlockRef&) const = default;
};

}  // namespace weir
