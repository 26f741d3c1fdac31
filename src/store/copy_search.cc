// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/copy_search.h"

#include <algorithm>
#include <array>
#include <utility>

namespace weir {

CopySearch::CopySearch(std::shared_ptr<const TorrentStorage> storage,
                       std::shared_ptr<const PieceLayers> layers,
                       std::shared_ptr<ContentCopies> copies)
    : storage_(std::move(storage)), layers_(std::move(layers)), copies_(std::move(copies)) {}

bool CopySearch::missing(Disk& disk, FileIndex file) const {
  const TorrentFile& entry = storage_->info().layout.file(file);
  if (entry.length == 0 || entry.attributes.executable || !storage_->on_disk(file)) return false;
  const auto absent = [&disk](const DiskPath& path) {
    const auto found = disk.stat(path);
    return !found && found.error().code == DiskErrc::not_found;
  };
  if (!absent(storage_->file_path(file))) return false;
  const auto other = storage_->other_path(file);
  return !other || absent(*other);
}

void CopySearch::begin(Disk& disk) {
  begun_ = true;
  const TorrentInfo& info = storage_->info();
  const Layout& layout = info.layout;
  for (std::uint32_t i = 0; i < layout.files().size(); ++i) {
    const FileIndex file{i};
    const TorrentFile& entry = layout.file(file);
    if (has_v2(layout.kind())) {
      // Without its layer nothing in a pure v2 file could be found good, and all of it would come
      // from peers though it is here.
      const bool judged = has_v1(layout.kind()) || entry.length <= layout.piece_length() ||
                          !layers_->layer(file).empty();
      if (entry.length == 0 || !judged) continue;
      const Places places = copies_->by_content({entry.pieces_root, entry.length});
      if (!places.empty() && missing(disk, file)) link(disk, file, places);
      continue;
    }
    if (entry.length == 0 || entry.attributes.pad || layout.piece_length() > kPieceMax) continue;
    Places places = copies_->by_length(entry.length);
    if (places.empty() || !missing(disk, file)) continue;
    if (places.size() > kPlacesMax) places.resize(kPlacesMax);
    candidates_.emplace(file, Candidate{std::move(places), false});
  }
  for (const auto& [file, candidate] : candidates_) {
    const auto range = layout.file_pieces(file);
    for (const PieceIndex piece : {range.begin, PieceIndex{to_int(range.end) - 1}}) {
      if (layout.files_of(piece).size() > 1) borders_.push_back(piece);
    }
  }
  std::sort(borders_.begin(), borders_.end());
  borders_.erase(std::unique(borders_.begin(), borders_.end()), borders_.end());
}

bool CopySearch::step(Disk& disk) {
  if (!begun_) begin(disk);
  std::uint64_t budget = kStepBytes;
  if (try_inside(disk, budget) || try_borders(disk, budget)) return true;
  // What is left has been found good from its first piece to its last.
  for (const auto& [file, candidate] : candidates_) {
    link(disk, file, {candidate.places.front()});
  }
  candidates_.clear();
  return false;
}

// The piece as the candidates have it, hashed. What can't be read is not good.
bool CopySearch::good(Disk& disk, PieceIndex piece, Buffer& buffer) {
  const TorrentInfo& info = storage_->info();
  const std::uint32_t size = info.layout.piece_size(piece);
  buffer.resize(size);
  MutableBytes rest = buffer;
  for (const FileSlice& slice : info.layout.slices(piece, 0, size)) {
    const MutableBytes part = rest.first(slice.length);
    rest = rest.subspan(slice.length);
    if (slice.pad) {
      std::fill(part.begin(), part.end(), std::byte{0});
      continue;
    }
    const auto it = candidates_.find(slice.file);
    if (it == candidates_.end()) return false;
    const DiskPath& path = it->second.places.front().path;
    if (!disk.read(path, slice.file_offset, part)) return false;
  }
  const PieceData data{piece, buffer};
  PieceVerdict verdict{};
  verify_pieces(info, *layers_, {&data, 1}, {&verdict, 1});
  return verdict == PieceVerdict::good;
}

// Judges each candidate by the pieces that lie in its file alone; the first that fails ends it, so
// a file that has nothing but its length in common costs one piece. True: the budget is used up.
bool CopySearch::try_inside(Disk& disk, std::uint64_t& budget) {
  const Layout& layout = storage_->info().layout;
  Buffer buffer;
  for (auto it = candidates_.begin(); it != candidates_.end();) {
    Candidate& candidate = it->second;
    if (candidate.judged) {
      ++it;
      continue;
    }
    const auto range = layout.file_pieces(it->first);
    bool failed = false;
    for (PieceIndex piece = at_.value_or(range.begin); piece < range.end; piece = next(piece)) {
      at_ = piece;
      if (layout.files_of(piece).size() > 1) continue;
      if (budget == 0) return true;
      budget -= std::min<std::uint64_t>(budget, layout.piece_size(piece));
      if (!good(disk, piece, buffer)) {
        failed = true;
        break;
      }
    }
    at_.reset();
    candidate.judged = !failed;
    if (failed) candidate.places.erase(candidate.places.begin());
    if (candidate.places.empty()) {
      it = candidates_.erase(it);
    } else if (!failed) {
      ++it;
    }
  }
  return false;
}

// Then by the pieces it shares with its neighbours, which must be candidates too: a file of which
// one piece can't be judged is not linked.
bool CopySearch::try_borders(Disk& disk, std::uint64_t& budget) {
  const Layout& layout = storage_->info().layout;
  Buffer buffer;
  while (!borders_.empty()) {
    const PieceIndex piece = borders_.back();
    const auto files = layout.files_of(piece);
    const bool matters = std::any_of(files.begin(), files.end(),
                                     [this](FileIndex f) { return candidates_.contains(f); });
    if (matters) {
      if (budget == 0) return true;
      budget -= std::min<std::uint64_t>(budget, layout.piece_size(piece));
      if (!good(disk, piece, buffer)) {
        for (const FileIndex file : files) candidates_.erase(file);
      }
    }
    borders_.pop_back();
  }
  return false;
}

// The first place that is still what it was. It is looked at before, and through its new name
// after: somebody may have put another file there in between.
void CopySearch::link(Disk& disk, FileIndex file, const Places& places) {
  const std::uint64_t length = storage_->info().layout.file(file).length;
  const DiskPath to = storage_->file_path(file);
  for (const ContentCopies::Place& place : places) {
    const auto before = disk.stat(place.path);
    if (!before || before->size != length || !unchanged(place.seen, *before)) continue;
    if (!disk.link(place.path, to)) continue;
    const auto after = disk.stat(to);
    if (after && unchanged(place.seen, *after)) {
      ++linked_;
      return;
    }
    (void)disk.remove(to);
  }
}

}  // namespace weir
