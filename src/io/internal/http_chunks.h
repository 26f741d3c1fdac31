// SPDX-License-Identifier: MIT OR Apache-2.0
// The chunked transfer coding (RFC 9112 section 7.1), read strictly: every line ends in CRLF, sizes
// are digits alone, extensions are read past, trailers too. It does no I/O.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

namespace weir {

class HttpChunks {
 public:
  // Of one size line with its extensions, and of all trailers.
  static constexpr std::size_t kFramingBytesMax = 16 * 1024;

  enum class Event : std::uint8_t { more, data, end, malformed };
  struct Step {
    Event event = Event::more;  // `more`: ask again with more input behind what was not used
    std::size_t used = 0;
    Bytes data = {};  // inside the input
  };
  // `input` continues where the used part of the one before ended. `end` and `malformed` are final.
  [[nodiscard]] Step next(Bytes input);

 private:
  enum class Place : std::uint8_t { size, data, data_end, trailers, end, malformed };
  [[nodiscard]] std::optional<std::string_view> take_line(std::string_view& rest,
                                                          std::size_t bytes_max);
  void read_size(std::string_view line);
  void read_trailer(std::string_view line);

  Place place_ = Place::size;
  std::uint64_t left_ = 0;  // of this chunk
  std::size_t trailer_bytes_ = 0;
};

}  // namespace weir
