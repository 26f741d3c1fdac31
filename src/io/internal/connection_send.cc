// SPDX-License-Identifier: MIT OR Apache-2.0
// The sending half of a connection.
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "io/internal/connection.h"
#include "io/internal/turn.h"

namespace weir {
namespace {

constexpr std::size_t kPartsMax = 64;
alignas(4096) constexpr std::array<std::byte, 64u << 10> kZeros{};  // content of pad files

bool is_file(const SendRange& range) {
  const auto* stored = std::get_if<StoredRange>(&range);
  return stored != nullptr && !stored->zeros();
}

}  // namespace

void Connection::write_turn() {
  if (phase_ != Phase::open) return;
  const Turn turn(host_);
  std::size_t moved = 0;
  // Of the turn, not of the connection: idle connections hold no memory and no open file.
  std::vector<SendRange> ranges;
  writing_ = Flow::due;  // wakes are for sleepers
  while (phase_ == Phase::open) {
    if (moved >= kTurnBytes) {
      post_write();
      break;
    }
    ranges.clear();
    host_.collect(id_, kCollectBytes, ranges);
    if (ranges.empty()) {
      writing_ = Flow::asleep;
      break;
    }
    const SendProgress progress = send_ranges(ranges);
    if (progress.outcome == SendOutcome::failed) break;
    moved += progress.bytes;
    // First, because the machine may close this connection when it hears what was sent.
    if (progress.outcome == SendOutcome::blocked) wait_writable();
    if (progress.bytes > 0) host_.sent(id_, progress.bytes);
    if (progress.outcome == SendOutcome::blocked) break;
  }
  file_ = {};
}

Connection::SendProgress Connection::send_ranges(std::span<const SendRange> ranges) {
  SendProgress all;
  while (!ranges.empty()) {
    std::size_t taken = 1;
    const SendProgress step = is_file(ranges.front())
                                  ? send_file(std::get<StoredRange>(ranges.front()))
                                  : send_memory(ranges, taken);
    all.outcome = step.outcome;
    all.bytes += step.bytes;
    if (step.outcome != SendOutcome::complete) break;
    ranges = ranges.subspan(taken);
  }
  return all;
}

Connection::SendProgress Connection::socket_blocked_or_lost(std::size_t sent) {
  if (errno == EAGAIN) return {SendOutcome::blocked, sent};
  lose(errno);
  return {SendOutcome::failed, sent};
}

Connection::SendProgress Connection::send_memory(std::span<const SendRange> ranges,
                                                 std::size_t& taken) {
  std::array<iovec, kPartsMax> parts;
  std::size_t count = 0, total = 0;
  bool cut = false;  // a range longer than one call's worth
  for (taken = 0; taken < ranges.size() && !is_file(ranges[taken]); ++taken) {
    if (const auto* bytes = std::get_if<Bytes>(&ranges[taken])) {
      if (count == kPartsMax) break;
      parts[count++] = {const_cast<std::byte*>(bytes->data()), bytes->size()};
      total += bytes->size();
      continue;
    }
    std::size_t zeros = std::get<StoredRange>(ranges[taken]).length;
    if (count + zeros / kZeros.size() + 1 > kPartsMax && count > 0) break;
    for (; zeros > 0 && count < kPartsMax; ++count) {
      const std::size_t part = std::min(zeros, kZeros.size());
      parts[count] = {const_cast<std::byte*>(kZeros.data()), part};
      total += part;
      zeros -= part;
    }
    if (zeros > 0) {
      cut = true;
      break;
    }
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  // A header and the content behind it share packets.
  const bool more = cut || taken < ranges.size();
  const ssize_t sent =
      ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
  if (sent < 0 && errno == EINTR) return {SendOutcome::again, 0};
  if (sent < 0) return socket_blocked_or_lost(0);
  const auto bytes = static_cast<std::size_t>(sent);
  if (bytes < total) return {SendOutcome::blocked, bytes};
  return {cut ? SendOutcome::again : SendOutcome::complete, bytes};
}

Connection::SendProgress Connection::send_file(const StoredRange& range) {
  if (file_.fd < 0 || file_path_ != range.path) {
    auto opened = host_.open_read(id_, range.path);
    if (!opened) {
      host_.send_failed(id_, opened.error());
      return {SendOutcome::failed, 0};
    }
    file_ = std::move(*opened);
    file_path_ = range.path;
  }
  if (range.seen && file_.stat != *range.seen) {
    host_.content_changed(id_, range, file_.stat);
    return {SendOutcome::failed, 0};
  }
  auto offset = static_cast<off_t>(range.offset);
  std::size_t left = range.length;
  while (left > 0) {
    const ssize_t sent = ::sendfile(socket_.native_handle(), file_.fd, &offset, left);
    if (sent > 0) {
      left -= static_cast<std::size_t>(sent);
      continue;
    }
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return {SendOutcome::blocked, range.length - left};
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET || errno == ETIMEDOUT)) {
      return socket_blocked_or_lost(range.length - left);
    }
    // Nothing at all: the file ends before the range does. Everything else is the file's fault.
    const DiskErrc code = sent == 0 ? DiskErrc::short_read : DiskErrc::io_error;
    host_.send_failed(id_, {code, range.path.root + "/" + range.path.relative});
    return {SendOutcome::failed, range.length - left};
  }
  return {SendOutcome::complete, range.length};
}

}  // namespace weir
