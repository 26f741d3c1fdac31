// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/piece_check.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

namespace weir {
namespace {

static_assert(kCheckStripBytes % StripVerifier::kStripUnit == 0);

// The pieces of a group lie apart, so a disk is told of this much of each before the strips are
// read: it then moves its head once a megabyte or more, not once a strip.
constexpr std::uint32_t kAheadBytes = 4 * 1024 * 1024;
static_assert(kAheadBytes % kCheckStripBytes == 0);

class PieceChecker {
 public:
  PieceChecker(Disk& disk, const TorrentStorage& storage, const PieceLayers& layers)
      : disk_(disk), storage_(storage), layers_(layers), layout_(storage.info().layout) {}

  // Both REQUIRE that the outcomes name their pieces.
  void check_side_by_side(std::span<PieceOutcome* const> group);
  void check_whole(std::span<PieceOutcome* const> batch);

 private:
  // Whether the bytes were there.
  bool read(PieceOutcome& outcome, std::uint32_t offset, MutableBytes out) {
    auto done = storage_.read(disk_, outcome.piece, offset, out);
    if (done) return true;
    const DiskErrc code = done.error().code;
    if (code != DiskErrc::not_found && code != DiskErrc::short_read) {
      outcome.error = std::move(done).error();
    }
    return false;
  }
  MutableBytes scratch(std::size_t size) {
    if (size > capacity_) {
      scratch_ = std::make_unique_for_overwrite<std::byte[]>(size);
      capacity_ = size;
    }
    return {scratch_.get(), size};
  }

  Disk& disk_;
  const TorrentStorage& storage_;
  const PieceLayers& layers_;
  const Layout& layout_;
  std::unique_ptr<std::byte[]> scratch_;
  std::size_t capacity_ = 0;
};

void PieceChecker::check_side_by_side(std::span<PieceOutcome* const> group) {
  std::vector<PieceIndex> pieces;
  for (const PieceOutcome* outcome : group) pieces.push_back(outcome->piece);
  const std::uint32_t size = layout_.piece_size(pieces[0]);
  StripVerifier verifier(storage_.info(), layers_, std::move(pieces));
  const MutableBytes room = scratch(group.size() * kCheckStripBytes);
  std::vector<bool> missing(group.size());
  std::vector<Bytes> strips(group.size());
  for (std::uint32_t at = 0; at < size; at += kCheckStripBytes) {
    if (at % kAheadBytes == 0) {
      for (const PieceOutcome* outcome : group) {
        storage_.will_read(disk_, outcome->piece, at, std::min(kAheadBytes, size - at));
      }
    }
    const std::size_t length = std::min<std::size_t>(kCheckStripBytes, size - at);
    for (std::size_t i = 0; i < group.size(); ++i) {
      const MutableBytes strip = room.subspan(i * kCheckStripBytes, length);
      if (!missing[i] && !read(*group[i], at, strip)) {
        missing[i] = true;
        std::ranges::fill(strip, std::byte{0});  // hashed on with the others, for nothing
      }
      strips[i] = strip;
    }
    if (std::ranges::all_of(missing, std::identity())) return;
    verifier.update(strips);
  }
  std::vector<PieceVerdict> verdicts(group.size());
  verifier.finish(verdicts);
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (!missing[i]) group[i]->verdict = verdicts[i];
  }
}

void PieceChecker::check_whole(std::span<PieceOutcome* const> batch) {
  std::size_t total = 0;
  for (const PieceOutcome* outcome : batch) total += layout_.piece_size(outcome->piece);
  MutableBytes room = scratch(total);
  std::vector<PieceData> data;
  std::vector<PieceOutcome*> found;
  for (PieceOutcome* outcome : batch) {
    const MutableBytes bytes = room.first(layout_.piece_size(outcome->piece));
    room = room.subspan(bytes.size());
    if (!read(*outcome, 0, bytes)) continue;
    found.push_back(outcome);
    data.push_back({outcome->piece, bytes});
  }
  std::vector<PieceVerdict> verdicts(data.size());
  verify_pieces(storage_.info(), layers_, data, verdicts);
  for (std::size_t i = 0; i < data.size(); ++i) found[i]->verdict = verdicts[i];
}

}  // namespace

std::vector<PieceOutcome> check_pieces(Disk& disk, const TorrentStorage& storage,
                                       const PieceLayers& layers,
                                       std::span<const PieceIndex> pieces) {
  const Layout& layout = storage.info().layout;
  std::vector<PieceOutcome> outcomes(pieces.size());
  std::vector<PieceOutcome*> full, others;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    outcomes[i].piece = pieces[i];
    const bool is_full = layout.piece_size(pieces[i]) == layout.piece_length();
    (is_full ? full : others).push_back(&outcomes[i]);
  }
  PieceChecker checker(disk, storage, layers);
  for (std::span<PieceOutcome* const> left = full; !left.empty();) {
    const std::size_t count = std::min(left.size(), kCheckSideBySide);
    checker.check_side_by_side(left.first(count));
    left = left.subspan(count);
  }
  for (std::span<PieceOutcome* const> left = others; !left.empty();) {
    std::size_t count = 1;
    std::size_t bytes = layout.piece_size(left[0]->piece);
    while (count < left.size() &&
           bytes + layout.piece_size(left[count]->piece) <= kCheckBatchBytes) {
      bytes += layout.piece_size(left[count++]->piece);
    }
    checker.check_whole(left.first(count));
    left = left.subspan(count);
  }
  return outcomes;
}

}  // namespace weir
