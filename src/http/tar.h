// SPDX-License-Identifier: MIT OR Apache-2.0
// What the tar writer and the tar reader share: the ustar header block (POSIX.1-2017 "pax", section
// "ustar Interchange Format") and its limits.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace weir::http {

inline constexpr std::size_t kTarBlock = 512;
// The largest number in eleven octal digits: 8 GiB less one.
inline constexpr std::uint64_t kTarOctalMax = (std::uint64_t{1} << 33) - 1;
inline constexpr std::size_t kTarNameMax = 100;  // bytes, in a ustar header

enum class TarKind : std::uint8_t { file, directory };

// Where the fields of a header block lie.
struct TarField {
  std::size_t offset;
  std::size_t size;
};
namespace tar_fields {
inline constexpr TarField kName{0, 100};
inline constexpr TarField kMode{100, 8};
inline constexpr TarField kUid{108, 8};
inline constexpr TarField kGid{116, 8};
inline constexpr TarField kSize{124, 12};
inline constexpr TarField kMtime{136, 12};
inline constexpr TarField kChecksum{148, 8};
inline constexpr TarField kType{156, 1};
inline constexpr TarField kMagic{257, 8};  // with the version
inline constexpr TarField kPrefix{345, 155};
}  // namespace tar_fields

// Zero bytes after `size` bytes of content, up to the next block.
constexpr std::uint64_t tar_padding(std::uint64_t size) {
  return (kTarBlock - size % kTarBlock) % kTarBlock;
}

// The sum of a header's bytes with its checksum field taken for spaces.
[[nodiscard]] std::uint32_t tar_checksum(std::span<const std::byte, kTarBlock> header);

}  // namespace weir::http
