// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/internal/http_chunks.h"

#include <algorithm>

#include "http/field.h"

namespace weir {
namespace {

constexpr std::size_t kSizeDigitsMax = 16;

bool is_clean(std::string_view line) {
  return std::ranges::none_of(line, [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

}  // namespace

// Nothing: the line is not complete, or malformed.
std::optional<std::string_view> HttpChunks::take_line(std::string_view& rest,
                                                      std::size_t bytes_max) {
  const std::size_t end = rest.substr(0, bytes_max).find('\n');
  if (end == std::string_view::npos) {
    if (rest.size() >= bytes_max) place_ = Place::malformed;
    return std::nullopt;
  }
  if (end == 0 || rest[end - 1] != '\r' || !is_clean(rest.substr(0, end - 1))) {
    place_ = Place::malformed;
    return std::nullopt;
  }
  const std::string_view line = rest.substr(0, end - 1);
  rest.remove_prefix(end + 1);
  return line;
}

void HttpChunks::read_size(std::string_view line) {
  std::uint64_t size = 0;
  std::size_t digits = 0;
  for (; digits < line.size(); ++digits) {
    const auto digit = http::hex_digit(line[digits]);
    if (!digit) break;
    size = size << 4 | *digit;
  }
  const std::string_view extensions = http::trimmed(line.substr(digits));
  const bool only_space = extensions.empty() && digits < line.size();
  if (digits == 0 || digits > kSizeDigitsMax || only_space ||
      (!extensions.empty() && extensions.front() != ';')) {
    place_ = Place::malformed;
    return;
  }
  left_ = size;
  place_ = size > 0 ? Place::data : Place::trailers;
}

void HttpChunks::read_trailer(std::string_view line) {
  if (line.empty()) {
    place_ = Place::end;
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !http::is_token(line.substr(0, colon))) {
    place_ = Place::malformed;
  }
}

HttpChunks::Step HttpChunks::next(Bytes input) {
  std::string_view rest = as_text(input);
  const auto used = [&] { return input.size() - rest.size(); };
  for (;;) {
    switch (place_) {
      case Place::size: {
        const auto line = take_line(rest, kFramingBytesMax);
        if (!line && place_ == Place::size) return {.used = used()};
        if (line) read_size(*line);
        break;
      }
      case Place::data: {
        if (rest.empty()) return {.used = used()};
        const std::size_t size = std::min<std::uint64_t>(left_, rest.size());
        const Bytes data = as_bytes(rest.substr(0, size));
        rest.remove_prefix(size);
        left_ -= size;
        if (left_ == 0) place_ = Place::data_end;
        return {Event::data, used(), data};
      }
      case Place::data_end:
        if (rest.size() < 2) return {.used = used()};
        place_ = rest.starts_with("\r\n") ? Place::size : Place::malformed;
        rest.remove_prefix(2);
        break;
      case Place::trailers: {
        const std::size_t before = rest.size();
        const auto line = take_line(rest, kFramingBytesMax - trailer_bytes_);
        if (!line && place_ == Place::trailers) return {.used = used()};
        trailer_bytes_ += before - rest.size();
        if (line) read_trailer(*line);
        break;
      }
      case Place::end:
        return {Event::end, used()};
      case Place::malformed:
        return {Event::malformed};
    }
  }
}

}  // namespace weir
