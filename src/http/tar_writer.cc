// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/tar_writer.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

#include "base/assert.h"
#include "base/utf8.h"

namespace weir::http {
namespace {

namespace fields = tar_fields;

constexpr std::uint64_t kEndBytes = 2 * kTarBlock;
constexpr std::uint64_t kArchiveMax =
    static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

void put(std::string& block, const TarField& field, std::string_view text) {
  WEIR_ASSERT(text.size() <= field.size);
  block.replace(field.offset, text.size(), text);
}

// Digits and a NUL that fill the field.
void put_octal(std::string& block, const TarField& field, std::uint64_t value) {
  std::string digits(field.size - 1, '0');
  for (std::size_t i = digits.size(); i-- > 0; value /= 8) {
    digits[i] = static_cast<char>('0' + value % 8);
  }
  WEIR_ASSERT(value == 0);
  put(block, field, digits);
}

struct UstarHeader {
  std::string_view name;
  char type = '0';
  std::uint64_t mode = 0644;
  std::uint64_t size = 0;
  std::uint64_t mtime_s = 0;
};

std::string ustar_block(const UstarHeader& header) {
  std::string block(kTarBlock, '\0');
  put(block, fields::kName, header.name);
  put_octal(block, fields::kMode, header.mode);
  put_octal(block, fields::kUid, 0);
  put_octal(block, fields::kGid, 0);
  put_octal(block, fields::kSize, header.size);
  put_octal(block, fields::kMtime, header.mtime_s);
  put(block, fields::kType, std::string_view(&header.type, 1));
  put(block, fields::kMagic, std::string_view("ustar\00000", 8));
  const Bytes bytes = as_bytes(block);
  // Six digits, NUL, space: the one field with another end.
  put_octal(block, {fields::kChecksum.offset, 7}, tar_checksum(bytes.first<kTarBlock>()));
  put(block, {fields::kChecksum.offset + 7, 1}, " ");
  return block;
}

// "LENGTH KEY=VALUE\n", where LENGTH counts itself.
std::string pax_record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;  // ' ', '=', '\n'
  std::size_t length = rest;
  while (rest + std::to_string(length).size() != length) {
    length = rest + std::to_string(length).size();
  }
  std::string out = std::to_string(length);
  out += ' ';
  out += key;
  out += '=';
  out += value;
  return out += '\n';
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

bool is_good_path(std::string_view path) {
  if (path.empty() || path.size() > kTarWritePathMax) return false;
  if (path.find('\0') != std::string_view::npos || !is_utf8(path)) return false;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t slash = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, slash - at);
    if (part.empty() || part == "." || part == "..") return false;
    at = slash + 1;
  }
  return true;
}

std::string stored_path(const TarWriteEntry& entry) {
  return entry.kind == TarKind::directory ? entry.path + '/' : entry.path;
}

bool fits_octal(std::int64_t time) {
  return time >= 0 && static_cast<std::uint64_t>(time) <= kTarOctalMax;
}

// Header and padded content of one entry; nothing when the sum leaves 63 bits.
std::optional<std::uint64_t> entry_bytes(const TarWriteEntry& entry) {
  if (entry.size > kArchiveMax - kTarBlock) return std::nullopt;
  const std::uint64_t content = entry.size + tar_padding(entry.size);
  const std::uint64_t header = tar_header(entry).size();
  if (content > kArchiveMax - header) return std::nullopt;
  return header + content;
}

}  // namespace

std::uint32_t tar_checksum(std::span<const std::byte, kTarBlock> header) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < kTarBlock; ++i) {
    const bool in_field =
        i >= fields::kChecksum.offset && i < fields::kChecksum.offset + fields::kChecksum.size;
    sum += in_field ? 0x20U : std::to_integer<std::uint32_t>(header[i]);
  }
  return sum;
}

std::string tar_header(const TarWriteEntry& entry) {
  const std::string path = stored_path(entry);
  std::string pax;
  if (path.size() > kTarNameMax || !is_ascii(path)) pax += pax_record("path", path);
  if (entry.size > kTarOctalMax) pax += pax_record("size", std::to_string(entry.size));
  if (!fits_octal(entry.mtime_s)) pax += pax_record("mtime", std::to_string(entry.mtime_s));

  UstarHeader header;
  // Readers that know no pax headers see the beginning of the name.
  header.name = utf8_prefix(path, kTarNameMax);
  header.type = entry.kind == TarKind::directory ? '5' : '0';
  header.mode = entry.kind == TarKind::directory || entry.executable ? 0755 : 0644;
  header.size = entry.size > kTarOctalMax ? 0 : entry.size;
  header.mtime_s = fits_octal(entry.mtime_s) ? static_cast<std::uint64_t>(entry.mtime_s) : 0;
  if (pax.empty()) return ustar_block(header);

  std::string out = ustar_block(
      {.name = "PaxHeader", .type = 'x', .mode = 0644, .size = pax.size(), .mtime_s = 0});
  out += pax;
  out.append(tar_padding(pax.size()), '\0');
  return out += ustar_block(header);
}

std::expected<TarPlan, TarWriteErrc> TarPlan::make(std::vector<TarWriteEntry> entries) {
  if (entries.size() > kTarWriteEntriesMax) return std::unexpected(TarWriteErrc::too_many);
  TarPlan plan;
  plan.starts_.reserve(entries.size());
  for (const TarWriteEntry& entry : entries) {
    if (!is_good_path(entry.path)) return std::unexpected(TarWriteErrc::bad_path);
    if (entry.kind == TarKind::directory && entry.size > 0) {
      return std::unexpected(TarWriteErrc::bad_size);
    }
    const auto bytes = entry_bytes(entry);
    if (!bytes || *bytes > kArchiveMax - kEndBytes - plan.length_) {
      return std::unexpected(TarWriteErrc::too_large);
    }
    plan.starts_.push_back(plan.length_);
    plan.length_ += *bytes;
  }
  plan.length_ += kEndBytes;
  plan.entries_ = std::move(entries);
  return plan;
}

TarSegment TarPlan::segment_at(std::uint64_t offset, std::uint64_t length_max) const {
  WEIR_ASSERT(offset < length_ && length_max > 0);
  if (offset >= length_ - kEndBytes) {
    return std::string(static_cast<std::size_t>(std::min(length_ - offset, length_max)), '\0');
  }
  const auto next = std::upper_bound(starts_.begin(), starts_.end(), offset);
  const auto index = static_cast<std::size_t>(next - starts_.begin()) - 1;
  const TarWriteEntry& entry = entries_[index];
  std::uint64_t within = offset - starts_[index];
  std::string header = tar_header(entry);
  if (within < header.size()) {
    return header.substr(
        static_cast<std::size_t>(within),
        static_cast<std::size_t>(std::min<std::uint64_t>(header.size(), length_max)));
  }
  within -= header.size();
  if (within < entry.size) {
    return TarFileBytes{index, within, std::min(entry.size - within, length_max)};
  }
  const std::uint64_t padding = tar_padding(entry.size) - (within - entry.size);
  return std::string(static_cast<std::size_t>(std::min(padding, length_max)), '\0');
}

}  // namespace weir::http
