// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/tar_reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/assert.h"
#include "base/utf8.h"
#include "http/field.h"
#include "metainfo/path.h"

namespace weir::http {
namespace {

namespace fields = tar_fields;

constexpr auto kInt64Max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

Bytes field_of(Bytes block, const TarField& field) {
  return block.subspan(field.offset, field.size);
}

// Up to the first NUL, or the whole field.
std::string_view text_of(Bytes field) {
  const std::string_view text = as_text(field);
  return text.substr(0, text.find('\0'));
}

// GNU tar's binary numbers: the first bit marks them, the rest is a big-endian integer.
std::optional<std::uint64_t> parse_binary(Bytes field) {
  std::uint64_t value = std::to_integer<std::uint64_t>(field[0]) & 0x7f;
  for (const std::byte b : field.subspan(1)) {
    if (value > kInt64Max >> 8) return std::nullopt;
    value = value << 8 | std::to_integer<std::uint64_t>(b);
  }
  return value;
}

// Octal digits between spaces, ended by a space or NUL; an empty field is 0.
std::optional<std::uint64_t> parse_octal(std::string_view text) {
  text = text.substr(0, text.find('\0'));
  text = text.substr(std::min(text.find_first_not_of(' '), text.size()));
  text = text.substr(0, text.find(' '));
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '7' || value > kInt64Max >> 3) return std::nullopt;
    value = value << 3 | static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

std::optional<std::uint64_t> parse_tar_number(Bytes field) {
  const auto first = std::to_integer<unsigned>(field[0]);
  // 0xff begins a negative number, which neither a size nor a time we keep can be.
  if (first == 0xff) return std::nullopt;
  if ((first & 0x80) != 0) return parse_binary(field);
  return parse_octal(as_text(field));
}

// Old writers summed signed characters.
bool has_good_checksum(Bytes block) {
  const auto stated = parse_octal(as_text(field_of(block, fields::kChecksum)));
  if (!stated) return false;
  if (*stated == tar_checksum(block.first<kTarBlock>())) return true;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < kTarBlock; ++i) {
    const bool in_field = i >= fields::kChecksum.offset && i < fields::kChecksum.offset + 8;
    sum += in_field ? 0x20 : std::to_integer<std::int8_t>(block[i]);
  }
  return sum >= 0 && static_cast<std::uint64_t>(sum) == *stated;
}

bool is_zero(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

enum class Flavour : std::uint8_t { none, posix, gnu };

Flavour flavour_of(Bytes block) {
  const std::string_view magic = as_text(field_of(block, fields::kMagic));
  if (magic.starts_with(std::string_view("ustar\0", 6))) return Flavour::posix;
  if (magic == std::string_view("ustar  \0", 8)) return Flavour::gnu;
  return Flavour::none;
}

std::string header_path(Bytes block, Flavour flavour) {
  std::string out;
  // GNU keeps times where POSIX has the prefix.
  if (flavour == Flavour::posix) out = text_of(field_of(block, fields::kPrefix));
  if (!out.empty()) out += '/';
  return out += text_of(field_of(block, fields::kName));
}

std::optional<TarErrc> refusal_of(char type) {
  switch (type) {
    case '0':
    case '\0':
    case '5':
    case '7':  // a contiguous file, which is a file
      return std::nullopt;
    case '1':
    case '2':
    case 'K':  // GNU: the long target of a link
      return TarErrc::link;
    case '3':
    case '4':
    case '6':
      return TarErrc::special;
    case 'S':
      return TarErrc::sparse;
    default:
      return TarErrc::unsupported;
  }
}

// "1700000000" or "1700000000.25"; the fraction is dropped.
std::optional<std::int64_t> parse_pax_time(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t dot = std::min(text.find('.'), text.size());
  const std::string_view fraction = text.substr(std::min(dot + 1, text.size()));
  if (!fraction.empty() && !parse_number(fraction)) return std::nullopt;
  const auto whole = parse_number(text.substr(0, dot));
  if (!whole || *whole > kInt64Max) return std::nullopt;
  const auto value = static_cast<std::int64_t>(*whole);
  return negative ? -value : value;
}

// Whether ".." is between backslashes, which separate components on another system.
bool climbs_elsewhere(std::string_view part) {
  while (true) {
    const std::size_t end = part.find('\\');
    if (part.substr(0, end) == "..") return true;
    if (end == std::string_view::npos) return false;
    part.remove_prefix(end + 1);
  }
}

}  // namespace

TarReader::Step TarReader::fail(TarErrc code) {
  error_ = TarError{code, offset_};
  pending_.clear();
  known_.clear();
  return std::unexpected(*error_);
}

void TarReader::feed(Bytes bytes) {
  WEIR_ASSERT(error_ || input_.empty());
  input_ = bytes;
}

TarReader::Step TarReader::next() {
  while (!error_) {
    const bool had_input = !input_.empty();
    const State before = state_;
    Step result = step();
    if (!result || *result) return result;
    if (!had_input && before == state_) return std::nullopt;
  }
  return std::unexpected(*error_);
}

TarResult<void> TarReader::finish() const {
  if (error_) return std::unexpected(*error_);
  if (state_ == State::ended && input_.empty()) return {};
  return std::unexpected(TarError{TarErrc::truncated, offset_});
}

TarReader::Step TarReader::step() {
  switch (state_) {
    case State::header:
    case State::end_mark:
      return read_header();
    case State::extended:
      return read_extended();
    case State::content:
      return read_content();
    case State::padding:
      remaining_ -= take(static_cast<std::size_t>(std::min<std::uint64_t>(
                             remaining_, std::numeric_limits<std::size_t>::max())))
                        .size();
      if (remaining_ == 0) state_ = State::header;
      return std::nullopt;
    case State::ended:
      return read_end();
  }
  std::unreachable();
}

Bytes TarReader::take(std::size_t size_max) {
  const Bytes out = input_.first(std::min(size_max, input_.size()));
  input_ = input_.subspan(out.size());
  offset_ += out.size();
  return out;
}

// Whether `pending_` has `size` bytes by now.
bool TarReader::collect(std::size_t size) {
  append(pending_, take(size - pending_.size()));
  return pending_.size() == size;
}

TarReader::Step TarReader::read_header() {
  if (!collect(kTarBlock)) return std::nullopt;
  const Buffer block = std::move(pending_);
  pending_.clear();
  if (is_zero(block)) {
    if (extended_.seen_pax || extended_.seen_long_name) return fail(TarErrc::misplaced);
    if (state_ == State::header) {
      state_ = State::end_mark;
      return std::nullopt;
    }
    state_ = State::ended;
    return TarEvent(TarEnd{});
  }
  if (state_ == State::end_mark) return fail(TarErrc::bad_end);
  if (flavour_of(block) == Flavour::none) return fail(TarErrc::not_tar);
  if (!has_good_checksum(block)) return fail(TarErrc::bad_checksum);
  const char type = as_text(field_of(block, fields::kType))[0];
  if (type == 'x' || type == 'g' || type == 'L') return begin_extended(block, type);
  if (const auto refusal = refusal_of(type)) return fail(*refusal);
  return begin_entry(block);
}

TarReader::Step TarReader::begin_extended(Bytes block, char type) {
  const auto size = parse_tar_number(field_of(block, fields::kSize));
  if (!size) return fail(TarErrc::bad_number);
  if (*size > limits_.header_bytes_max) return fail(TarErrc::header_too_long);
  if (*size == 0) return fail(TarErrc::bad_pax);
  // One of each kind before an entry; a global header stands alone and counts as an entry, so that
  // an archive of nothing but headers ends too.
  bool& seen = type == 'L' ? extended_.seen_long_name : extended_.seen_pax;
  if (type == 'g') {
    if (extended_.seen_pax || extended_.seen_long_name) return fail(TarErrc::misplaced);
    if (++entries_ > limits_.entries_max) return fail(TarErrc::too_many);
  } else {
    if (seen) return fail(TarErrc::misplaced);
    seen = true;
  }
  extended_type_ = type;
  extended_size_ = static_cast<std::size_t>(*size);
  state_ = State::extended;
  return std::nullopt;
}

TarReader::Step TarReader::read_extended() {
  if (!collect(extended_size_)) return std::nullopt;
  if (const auto error = apply_extended()) return fail(*error);
  skip_to_block(pending_.size());
  pending_.clear();
  return std::nullopt;
}

void TarReader::skip_to_block(std::uint64_t content_size) {
  remaining_ = tar_padding(content_size);
  state_ = remaining_ > 0 ? State::padding : State::header;
}

std::optional<TarErrc> TarReader::apply_extended() {
  const std::string_view data = as_text(pending_);
  if (extended_type_ != 'L') return apply_pax(data);
  // A pax path outranks it, whichever comes first.
  if (!extended_.path) extended_.path = text_of(pending_);
  return std::nullopt;
}

// Records of "LENGTH KEY=VALUE\n".
std::optional<TarErrc> TarReader::apply_pax(std::string_view data) {
  while (!data.empty()) {
    const std::size_t space = data.find(' ');
    if (space == std::string_view::npos) return TarErrc::bad_pax;
    const auto length = parse_number(data.substr(0, space));
    if (!length || *length > data.size() || *length < space + 3) return TarErrc::bad_pax;
    const std::string_view record = data.substr(0, static_cast<std::size_t>(*length));
    if (record.back() != '\n') return TarErrc::bad_pax;
    const std::string_view pair = record.substr(space + 1, record.size() - space - 2);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0) return TarErrc::bad_pax;
    const auto error = apply_record(pair.substr(0, equals), pair.substr(equals + 1));
    if (error) return error;
    data.remove_prefix(record.size());
  }
  return std::nullopt;
}

std::optional<TarErrc> TarReader::apply_record(std::string_view key, std::string_view value) {
  if (key.starts_with("GNU.sparse.")) return TarErrc::sparse;
  if (key == "linkpath") return TarErrc::link;
  const bool global = extended_type_ == 'g';
  if (key == "path") {
    if (global || value.empty()) return TarErrc::bad_pax;
    extended_.path = value;
  } else if (key == "size") {
    const auto size = parse_number(value);
    if (global || !size) return TarErrc::bad_pax;
    if (*size > kInt64Max) return TarErrc::bad_number;
    extended_.size = *size;
  } else if (key == "mtime") {
    const auto time = parse_pax_time(value);
    if (!time) return TarErrc::bad_pax;
    if (!global) extended_.mtime_s = *time;
  }
  return std::nullopt;
}

TarReader::Step TarReader::begin_entry(Bytes block) {
  TarEntry entry;
  const Extended extended = std::exchange(extended_, {});
  entry.path = extended.path ? *extended.path : header_path(block, flavour_of(block));
  const auto size = parse_tar_number(field_of(block, fields::kSize));
  const auto mtime = parse_tar_number(field_of(block, fields::kMtime));
  const auto mode = parse_tar_number(field_of(block, fields::kMode));
  if (!mode || (!size && !extended.size)) return fail(TarErrc::bad_number);
  entry.size = extended.size ? *extended.size : *size;
  // A time before 1970 in binary form is not worth a refusal.
  entry.mtime_s = extended.mtime_s.value_or(static_cast<std::int64_t>(mtime.value_or(0)));
  const char type = as_text(field_of(block, fields::kType))[0];
  // Before directories had a type, a final '/' made one.
  if (type == '5' || entry.path.ends_with('/')) entry.kind = TarKind::directory;
  entry.executable = entry.kind == TarKind::file && (*mode & 0111) != 0;
  if (++entries_ > limits_.entries_max) return fail(TarErrc::too_many);
  if (entry.kind == TarKind::directory && entry.size > 0) return fail(TarErrc::bad_number);
  if (entry.size > limits_.file_bytes_max) return fail(TarErrc::file_too_large);
  if (entry.size > limits_.total_bytes_max - total_) return fail(TarErrc::total_too_large);
  if (const auto error = admit(entry)) return fail(*error);
  total_ += entry.size;
  remaining_ = entry.size;
  padding_ = tar_padding(entry.size);
  state_ = entry.size > 0 ? State::content : State::header;
  // "./" is the folder itself, which is there.
  if (entry.path.empty()) return std::nullopt;
  return TarEvent(std::move(entry));
}

// Makes the path safe, or says why it can't be.
std::optional<TarErrc> TarReader::admit(TarEntry& entry) {
  const std::string raw = std::move(entry.path);
  entry.path.clear();
  if (raw.size() > kPathBytesMax) return TarErrc::path_too_long;
  if (raw.empty() || raw.starts_with('/') || !is_utf8(raw)) return TarErrc::bad_path;
  if (raw.find('\0') != std::string::npos) return TarErrc::bad_path;
  std::size_t depth = 0;
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t slash = std::min(raw.find('/', at), raw.size());
    const std::string_view part = std::string_view(raw).substr(at, slash - at);
    at = slash + 1;
    if (part.empty() || part == ".") continue;
    if (part == ".." || ++depth > kPathDepthMax) return TarErrc::bad_path;
    const std::string safe = safe_component(part);
    if (safe.empty() || climbs_elsewhere(part)) return TarErrc::bad_path;
    entry.renamed = entry.renamed || safe != part;
    if (!entry.path.empty()) entry.path += '/';
    entry.path += safe;
  }
  // Making a name safe may lengthen it.
  if (entry.path.size() > kPathBytesMax) return TarErrc::path_too_long;
  if (entry.path.empty() && entry.kind == TarKind::file) return TarErrc::bad_path;
  return entry.path.empty() ? std::nullopt : remember(entry);
}

bool TarReader::has_room_for(std::string_view path) {
  known_bytes_ += path.size() + kTarKnownOverhead;
  return known_bytes_ <= limits_.known_bytes_max;
}

// Refuses what would replace something, and a folder where a file is.
std::optional<TarErrc> TarReader::remember(const TarEntry& entry) {
  const std::string_view path = entry.path;
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    const std::string_view folder = path.substr(0, slash);
    const auto found = known_.find(folder);
    if (found != known_.end() && found->second.kind == TarKind::file) return TarErrc::duplicate;
    if (found != known_.end()) continue;
    if (!has_room_for(folder)) return TarErrc::path_too_long;
    known_.emplace(folder, Known{TarKind::directory, false});
  }
  const auto found = known_.find(path);
  if (found == known_.end()) {
    if (!has_room_for(path)) return TarErrc::path_too_long;
    known_.emplace(path, Known{entry.kind, true});
    return std::nullopt;
  }
  Known& known = found->second;
  if (known.listed || known.kind != entry.kind) return TarErrc::duplicate;
  known.listed = true;
  return std::nullopt;
}

TarReader::Step TarReader::read_content() {
  const Bytes bytes = take(static_cast<std::size_t>(
      std::min<std::uint64_t>(remaining_, std::numeric_limits<std::size_t>::max())));
  if (bytes.empty()) return std::nullopt;
  remaining_ -= bytes.size();
  const bool last = remaining_ == 0;
  if (last) {
    remaining_ = padding_;
    state_ = padding_ > 0 ? State::padding : State::header;
  }
  return TarEvent(TarContent{bytes, last});
}

// Writers fill the last record of twenty blocks; anything but zeroes is another archive.
TarReader::Step TarReader::read_end() {
  const Bytes bytes = take(input_.size());
  trailing_ += bytes.size();
  if (!is_zero(bytes) || trailing_ > limits_.trailing_bytes_max) return fail(TarErrc::bad_end);
  return std::nullopt;
}

}  // namespace weir::http
