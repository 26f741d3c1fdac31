// SPDX-License-Identifier: MIT OR Apache-2.0
// Tar archives from strangers, cut at many places: the events are the same, every path is safe, no
// file gets more or fewer bytes than it was announced with, and what was read can be written.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "fuzz/metainfo_checks.h"
#include "http/tar_reader.h"
#include "http/tar_writer.h"

namespace {

using namespace weir;
using namespace weir::http;

struct Outcome {
  std::vector<TarWriteEntry> entries;
  std::string content;
  bool ended = false;
  std::optional<TarErrc> error;
};

class Session {
 public:
  void feed(Bytes bytes) {
    reader_.feed(bytes);
    while (true) {
      auto event = reader_.next();
      if (!event) outcome_.error = event.error().code;
      if (!event || !*event) return;
      std::visit([this](const auto& what) { take(what); }, **event);
    }
  }
  Outcome finish() {
    const auto finished = reader_.finish();
    if (!finished) outcome_.error = finished.error().code;
    WEIR_ASSERT(!finished || (outcome_.ended && expected_ == 0));
    return std::move(outcome_);
  }

 private:
  void take(const TarEntry& entry) {
    WEIR_ASSERT(expected_ == 0 && !outcome_.ended);
    fuzz::check_safe_path(entry.path);
    WEIR_ASSERT(entry.kind == TarKind::file || entry.size == 0);
    expected_ = entry.size;
    outcome_.entries.push_back(
        {entry.path, entry.kind, entry.size, entry.mtime_s, entry.executable});
  }
  void take(const TarContent& content) {
    WEIR_ASSERT(!content.bytes.empty() && content.bytes.size() <= expected_);
    expected_ -= content.bytes.size();
    WEIR_ASSERT(content.last == (expected_ == 0));
    outcome_.content += as_text(content.bytes);
  }
  void take(const TarEnd&) {
    WEIR_ASSERT(expected_ == 0 && !outcome_.ended);
    outcome_.ended = true;
  }

  TarReader reader_;
  Outcome outcome_;
  std::uint64_t expected_ = 0;
};

Outcome read(Bytes archive, std::size_t step) {
  Session session;
  while (!archive.empty()) {
    const Bytes part = archive.first(std::min(step, archive.size()));
    // A copy of its own, so that a sanitizer sees a read past it and a view kept too long.
    const Buffer exact = to_buffer(part);
    session.feed(exact);
    archive = archive.subspan(part.size());
  }
  return session.finish();
}

// The archive of the same entries, written by us.
std::string written(const Outcome& outcome) {
  const auto plan = TarPlan::make(outcome.entries);
  WEIR_ASSERT(plan);
  std::string out;
  std::size_t taken = 0;
  while (out.size() < plan->length()) {
    const TarSegment segment = plan->segment_at(out.size(), 4096);
    if (const auto* text = std::get_if<std::string>(&segment)) {
      out += *text;
    } else {
      const std::size_t length = static_cast<std::size_t>(std::get<TarFileBytes>(segment).length);
      out += outcome.content.substr(taken, length);
      taken += length;
    }
  }
  return out;
}

bool same(const Outcome& a, const Outcome& b) {
  if (a.entries.size() != b.entries.size()) return false;
  for (std::size_t i = 0; i < a.entries.size(); ++i) {
    const TarWriteEntry &x = a.entries[i], &y = b.entries[i];
    if (x.path != y.path || x.kind != y.kind || x.size != y.size) return false;
    if (x.mtime_s != y.mtime_s || x.executable != y.executable) return false;
  }
  return a.content == b.content && a.ended == b.ended && a.error == b.error;
}

// Gives every block that looks like a header the checksum it should have: almost no change of a
// header would get past it otherwise.
Buffer sealed(Bytes archive) {
  Buffer out = to_buffer(archive);
  for (std::size_t at = 0; at + kTarBlock <= out.size(); at += kTarBlock) {
    const std::span<std::byte, kTarBlock> block(out.data() + at, kTarBlock);
    const Bytes magic = Bytes(block).subspan(tar_fields::kMagic.offset, 5);
    if (as_text(magic) != "ustar") continue;
    std::uint32_t sum = tar_checksum(block);
    for (std::size_t i = 6; i-- > 0; sum /= 8) {
      block[tar_fields::kChecksum.offset + i] = static_cast<std::byte>('0' + sum % 8);
    }
    block[tar_fields::kChecksum.offset + 6] = std::byte{0};
    block[tar_fields::kChecksum.offset + 7] = std::byte{' '};
  }
  return out;
}

void check(Bytes archive) {
  const Outcome whole = read(archive, archive.size() + 1);
  for (const std::size_t step : {std::size_t{1}, std::size_t{509}, std::size_t{512}}) {
    if (step == 1 && archive.size() > 8192) continue;
    WEIR_ASSERT(same(read(archive, step), whole));
  }
  if (whole.error) return;
  const std::string again = written(whole);
  WEIR_ASSERT(same(read(as_bytes(again), again.size()), whole));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes archive(reinterpret_cast<const std::byte*>(data), size);
  check(archive);
  check(sealed(archive));
  return 0;
}
