// SPDX-License-Identifier: MIT OR Apache-2.0
// Reading content, with a callback or by waiting.
#include <algorithm>
#include <utility>

#include "client/internal/client_impl.h"

namespace weir {

std::vector<StoredFile> Client::stored_files(TorrentKey torrent) {
  return impl_->call([=](Session& s, TimePoint) { return s.stored_files(torrent); })
      .value_or(std::vector<StoredFile>{});
}

void Client::content_replaced(TorrentKey torrent, FileIndex file, const FileStat& now_is) {
  impl_->command(
      [=](Session& s, TimePoint now) { s.content_replaced(now, torrent, file, now_is); });
}

PosixDisk& Client::disk() { return impl_->disk; }

ReadHandle Client::read_async(TorrentKey torrent, FileIndex file, std::uint64_t offset,
                              std::uint32_t length, ReadDoneFunction done) {
  Impl& i = *impl_;
  std::unique_lock lock(i.mutex);
  const auto handle = static_cast<ReadHandle>(i.next_read++);
  i.reads.emplace(handle, Impl::Read{std::move(done), std::nullopt});
  lock.unlock();
  const bool posted = i.shard->post([=, &i](Session& session, TimePoint now) {
    std::unique_lock begun(i.mutex);
    const auto it = i.reads.find(handle);
    if (it == i.reads.end()) return;  // cancelled already
    const auto id = session.read(now, torrent, file, offset, length);
    if (id) {
      it->second.id = *id;
      i.read_of.emplace(*id, handle);
      return;
    }
    const ReadDoneFunction refused = std::move(it->second.done);
    i.reads.erase(it);
    begun.unlock();
    refused(std::unexpected(client_error(id.error())));
  });
  if (posted) return handle;
  lock.lock();
  const auto it = i.reads.find(handle);
  if (it == i.reads.end()) return handle;
  const ReadDoneFunction refused = std::move(it->second.done);
  i.reads.erase(it);
  lock.unlock();
  refused(std::unexpected(stopped_error()));
  return handle;
}

std::optional<StoredContent> Client::stored(TorrentKey torrent, FileIndex file,
                                            std::uint64_t offset, std::uint32_t length) {
  const auto asked =
      impl_->call([=](Session& s, TimePoint) { return s.stored(torrent, file, offset, length); });
  if (!asked || !*asked) return std::nullopt;
  const StoredRange& range = **asked;
  auto opened = impl_->pooled->open_read(range.path);
  // What is not what it was is read instead, and checked again by that.
  if (!opened || !range.seen || opened->stat != *range.seen) return std::nullopt;
  return StoredContent{opened->fd, std::move(opened->keep), opened->stat, range.offset,
                       range.length};
}

void Client::cancel_read(ReadHandle handle) {
  // On the engine's thread, so that no callback runs any more when this returns.
  const auto cancelled = impl_->call([handle, &i = *impl_](Session& session, TimePoint) {
    const std::lock_guard lock(i.mutex);
    const auto it = i.reads.find(handle);
    if (it == i.reads.end()) return true;
    if (it->second.id) {
      session.cancel_read(*it->second.id);
      i.read_of.erase(*it->second.id);
    }
    i.reads.erase(it);
    return true;
  });
  if (cancelled) return;
  const std::lock_guard lock(impl_->mutex);
  impl_->reads.erase(handle);
}

void Client::Impl::on_read(const ReadDone& done) {
  ReadDoneFunction tell;
  {
    const std::lock_guard lock(mutex);
    const auto handle = read_of.find(done.id);
    if (handle == read_of.end()) return;
    const auto it = reads.find(handle->second);
    tell = std::move(it->second.done);
    reads.erase(it);
    read_of.erase(handle);
  }
  if (done.error) return tell(std::unexpected(client_error(*done.error)));
  tell(done.data);
}

void Client::Impl::fail_reads() {
  std::map<ReadHandle, Read> left;
  {
    const std::lock_guard lock(mutex);
    left.swap(reads);
    read_of.clear();
  }
  for (const auto& [handle, read] : left) read.done(std::unexpected(stopped_error()));
}

ClientResult<Buffer> Client::read(TorrentKey torrent, FileIndex file, std::uint64_t offset,
                                  std::uint64_t length, std::chrono::milliseconds timeout) {
  using Part = ClientResult<std::shared_ptr<const Buffer>>;
  constexpr std::uint64_t kStep = 16u << 20;  // a read gives at most a piece anyway
  const auto until = std::chrono::steady_clock::now() + timeout;
  Buffer out;
  while (out.size() < length) {
    const auto step = static_cast<std::uint32_t>(std::min(kStep, length - out.size()));
    const auto promise = std::make_shared<std::promise<Part>>();
    auto answer = promise->get_future();
    const ReadHandle handle =
        read_async(torrent, file, offset + out.size(), step,
                   [promise](Part part) { promise->set_value(std::move(part)); });
    if (answer.wait_until(until) != std::future_status::ready) {
      cancel_read(handle);
      // It may have come between the two.
      if (answer.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
        return std::unexpected(ClientError{"timed_out", "the range is not here yet"});
      }
    }
    const Part part = answer.get();
    if (!part) return std::unexpected(part.error());
    append(out, **part);
  }
  return out;
}

}  // namespace weir
