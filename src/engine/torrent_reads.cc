// SPDX-License-Identifier: MIT OR Apache-2.0
// Readers: content handed out as soon as its piece is verified, whether it is here or still to
// come.
#include <algorithm>
#include <utility>

#include "engine/torrent.h"

namespace weir {
namespace {
// How far ahead of a reader pieces are asked for, so that it does not wait for each in turn.
constexpr std::uint64_t kReadAheadBytes = 8u << 20;
// A reader waits now; what follows is due a little later, piece by piece.
constexpr Duration kReadAheadStep = std::chrono::milliseconds(50);
}  // namespace

SessionResult<void> Torrent::read(TimePoint now, ReadId id, FileIndex file, std::uint64_t offset,
                                  std::uint32_t length) {
  if (!info_ || !flow_.ready()) return std::unexpected(SessionError{SessionErrc::no_metadata, {}});
  const Layout& layout = info_->layout;
  if (to_int(file) >= layout.files().size() || layout.file(file).attributes.pad) {
    return std::unexpected(SessionError{SessionErrc::no_such_file, {}});
  }
  const TorrentFile& entry = layout.file(file);
  if (length == 0 || offset >= entry.length || length > entry.length - offset) {
    return std::unexpected(SessionError{SessionErrc::bad_request, "range outside the file"});
  }
  const std::uint64_t at = entry.offset + offset;
  const auto piece = static_cast<PieceIndex>(at / layout.piece_length());
  const auto within = static_cast<std::uint32_t>(at % layout.piece_length());
  if (request_.seed_only && !flow_.here().test(piece)) {
    return std::unexpected(
        SessionError{SessionErrc::bad_request, "never downloaded: only seeding"});
  }
  if (error_ && !error_->recovers) {
    return std::unexpected(SessionError{SessionErrc::bad_request, error_->code});
  }
  Reader reader;
  reader.id = id;
  reader.piece = piece;
  reader.offset = within;
  reader.length = std::min(length, layout.piece_size(piece) - within);
  const auto last = layout.file_pieces(file).end;
  const auto ahead = static_cast<std::uint32_t>(std::min<std::uint64_t>(
      1 + kReadAheadBytes / layout.piece_length(), to_int(last) - to_int(piece)));
  for (std::uint32_t i = 0; i < ahead; ++i) {
    const auto wanted = static_cast<PieceIndex>(to_int(piece) + i);
    if (!flow_.here().test(wanted)) swarm_->set_deadline(now, wanted, now + i * kReadAheadStep);
  }
  windows_.open(id, {piece, static_cast<PieceIndex>(to_int(piece) + ahead)});
  readers_.push_back(reader);
  serve_readers(now);
  return {};
}

std::optional<StoredRange> Torrent::stored(FileIndex file, std::uint64_t offset,
                                           std::uint32_t length) const {
  if (!info_ || !flow_.ready() || (error_ && !error_->recovers)) return std::nullopt;
  const Layout& layout = info_->layout;
  if (to_int(file) >= layout.files().size() || layout.file(file).attributes.pad) {
    return std::nullopt;
  }
  const TorrentFile& entry = layout.file(file);
  const FileStat* known = flow_.seen(file);
  if (known == nullptr || length == 0 || offset >= entry.length) return std::nullopt;
  const std::uint64_t begin = entry.offset + offset;
  const std::uint64_t end = begin + std::min<std::uint64_t>(length, entry.length - offset);
  const auto first = static_cast<PieceIndex>(begin / layout.piece_length());
  std::uint64_t checked_to = begin;
  for (PieceIndex piece = first; checked_to < end; piece = next(piece)) {
    if (!flow_.here().test(piece) || !flow_.checked().test(piece)) break;
    checked_to = (std::uint64_t{to_int(piece)} + 1) * layout.piece_length();
  }
  if (checked_to == begin) return std::nullopt;
  const auto within = static_cast<std::uint32_t>(begin % layout.piece_length());
  const std::vector<StoredRange> at = flow_.storage().locate(first, within, 1);
  if (at.size() != 1 || at[0].zeros() || at[0].file != file) return std::nullopt;
  StoredRange out = at[0];
  // The file is one stretch on the disk, however many pieces it has.
  out.length = static_cast<std::uint32_t>(std::min(checked_to, end) - begin);
  out.seen = *known;
  return out;
}

bool Torrent::cancel_read(ReadId id) {
  const auto it =
      std::find_if(readers_.begin(), readers_.end(), [id](const Reader& r) { return r.id == id; });
  if (it == readers_.end()) return false;
  readers_.erase(it);
  release(windows_.cancel(id));
  return true;
}

void Torrent::release(const ReadWindows::Released& pieces) {
  for (const PieceIndex piece : pieces) swarm_->clear_deadline(piece);
}

void Torrent::serve_readers(TimePoint now) {
  for (Reader& reader : readers_) {
    if (!reader.reading) advance_reader(now, reader);
  }
}

void Torrent::advance_reader(TimePoint now, Reader& reader) {
  if (!flow_.here().test(reader.piece)) return;  // its deadline is set; wait
  if (!flow_.checked().test(reader.piece)) {
    flow_.check_for_serving(now, reader.piece);
    return;
  }
  reader.reading = true;
  flow_.read(now, static_cast<std::uint64_t>(reader.id), reader.piece, reader.offset,
             host_.pool().take(reader.length));
}

void Torrent::on_read(TimePoint now, FlowRead read) {
  const auto id = static_cast<ReadId>(read.token);
  const auto it =
      std::find_if(readers_.begin(), readers_.end(), [id](const Reader& r) { return r.id == id; });
  if (read.stale && it != readers_.end()) {
    host_.pool().give_back(std::move(read.buffer));
    it->reading = false;
    return advance_reader(now, *it);  // has the piece checked first
  }
  ReadDone done;
  done.id = id;
  if (read.error) {
    done.error = SessionError{SessionErrc::bad_request, error_name(read.error->code)};
  } else {
    done.data = std::make_shared<const Buffer>(to_buffer(std::as_const(read.buffer).bytes()));
  }
  host_.pool().give_back(std::move(read.buffer));
  if (it == readers_.end()) return;  // cancelled meanwhile
  readers_.erase(it);
  release(done.error ? windows_.cancel(id) : windows_.finish(now, id));
  event(std::move(done));
}

void Torrent::fail_readers(SessionErrc code, const std::string& detail) {
  for (const Reader& reader : std::exchange(readers_, {})) {
    release(windows_.cancel(reader.id));
    event(ReadDone{reader.id, nullptr, SessionError{code, detail}});
  }
}

void Torrent::fail_readers_of(PieceIndex piece, const DiskError& error) {
  std::erase_if(readers_, [&](const Reader& reader) {
    if (reader.piece != piece || reader.reading) return false;
    release(windows_.cancel(reader.id));
    event(ReadDone{reader.id, nullptr,
                   SessionError{SessionErrc::bad_request, error_name(error.code)}});
    return true;
  });
}

// It was thought to be here, so nobody has asked for it yet.
void Torrent::hurry_for_readers(TimePoint now, PieceIndex piece) {
  const bool waited_for = std::any_of(readers_.begin(), readers_.end(),
                                      [piece](const Reader& r) { return r.piece == piece; });
  if (!waited_for) return;
  if (!request_.seed_only) return swarm_->set_deadline(now, piece, now);
  fail_readers_of(piece, DiskError{DiskErrc::short_read, {}});
}

void Torrent::content_changed(FileIndex file, const FileStat& now_is) {
  flow_.content_changed(file, now_is);
}

void Torrent::piece_unreadable(TimePoint now, PieceIndex piece) {
  if (flow_.ready()) flow_.check_for_serving(now, piece);
}

}  // namespace weir
