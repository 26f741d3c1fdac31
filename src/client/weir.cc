// SPDX-License-Identifier: MIT OR Apache-2.0
#include "client/weir.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "client/internal/client_impl.h"
#include "client/source.h"
#include "io/boot_id.h"
#include "io/os_random.h"
#include "metainfo/parse.h"

namespace weir {
ClientError stopped_error() { return {"stopping", "the client has been stopped"}; }

ClientError client_error(const SessionError& error) {
  return {error_name(error.code), error.detail};
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() { stop(); }

ClientResult<std::unique_ptr<Client>> Client::open(ClientConfig config) {
  auto impl = std::make_unique<Impl>(std::move(config));
  Impl& i = *impl;
  auto state = i.config.state_dir.empty() ? SqliteStateStore::in_memory()
                                          : SqliteStateStore::open(i.config.state_dir);
  if (!state) {
    const StateError& error = state.error();
    const bool disk = error.code == StateErrc::disk;
    return std::unexpected(
        ClientError{disk ? error_name(error.disk.code) : error_name(error.code),
                    error.disk.path + (error.detail.empty() ? "" : ": " + error.detail)});
  }
  i.state = std::move(*state);
  const std::filesystem::path side = i.config.state_dir.empty()
                                         ? std::filesystem::temp_directory_path() / "weir-side"
                                         : std::filesystem::path(i.config.state_dir) / "side";
  i.config.session.side_root = std::filesystem::absolute(side).string();
  if (const auto made = create_root(i.config.session.side_root); !made) {
    return std::unexpected(ClientError{error_name(made.error().code), made.error().path});
  }
  if (i.config.session.boot_id.empty()) i.config.session.boot_id = boot_id();
  // A family nobody listens on is not announced: peers that learned of us there could not reach us.
  if (!i.config.listen.empty()) {
    const auto listens = [&i](AddressFamily family) {
      return std::any_of(i.config.listen.begin(), i.config.listen.end(),
                         [family](const Endpoint& e) { return e.address.family() == family; });
    };
    i.config.session.ipv4 = listens(AddressFamily::v4);
    i.config.session.ipv6 = listens(AddressFamily::v6);
  }
  if (!i.config.state_dir.empty()) i.saver = std::make_unique<WorkQueue>(1);
  i.jobs = std::make_unique<JobPool>(i.config.disk_threads, i.disk, *i.state);
  i.pooled = std::make_unique<PooledDisk>(i.disk.files(), *i.jobs);

  for (std::uint16_t attempt = 0;; ++attempt) {
    ShardConfig shard;
    shard.session = i.config.session;
    shard.random_seed = os_random_seed();
    shard.listen = i.config.listen;
    shard.ca_file = i.config.ca_file;
    shard.warn = i.config.warn;
    for (Endpoint& endpoint : shard.listen) {
      if (endpoint.port != 0) endpoint.port = static_cast<std::uint16_t>(endpoint.port + attempt);
    }
    i.shard = std::make_unique<Shard>(std::move(shard), *i.pooled,
                                      [&i](const Event& event) { i.on_event(event); });
    const auto started = i.shard->start();
    if (started) break;
    if (attempt >= i.config.port_attempts) {
      const NetError& error = started.error();
      const std::string why = error.os_error != 0 ? std::generic_category().message(error.os_error)
                                                  : std::string(error_name(error.code));
      return std::unexpected(ClientError{"network", error.detail + ": " + why});
    }
  }
  i.restore_bans();
  return std::unique_ptr<Client>(new Client(std::move(impl)));
}

void Client::Impl::on_event(const Event& event) {
  if (const auto* done = std::get_if<ReadDone>(&event.body)) return on_read(*done);
  if (const auto* banned = std::get_if<PeerBanned>(&event.body)) save_ban(*banned);
  const auto watching = [this] {
    const std::lock_guard lock(mutex);
    return observer;
  }();
  if (watching) (*watching)(event);
  const std::lock_guard lock(mutex);
  if (config.events_max == 0) return;
  const auto is_piece = [](const Event& e) { return std::holds_alternative<PieceDone>(e.body); };
  if (events.size() >= config.events_max) {
    if (is_piece(event)) return;
    // Looked for only where there is one: a queue that nobody empties must not cost its length with
    // every event.
    const auto out =
        piece_events > 0 ? std::find_if(events.begin(), events.end(), is_piece) : events.begin();
    if (is_piece(*out)) --piece_events;
    events.erase(out);
  }
  if (is_piece(event)) ++piece_events;
  events.push_back(event);
  changed.notify_all();
}

ClientResult<TorrentKey> Client::add(AddTorrent request) {
  std::error_code ignored;
  const auto root =
      std::filesystem::absolute(request.storage.root.empty() ? "." : request.storage.root, ignored);
  request.storage.root = root.lexically_normal().string();
  if (!request.seed_only) {
    if (const auto made = create_root(request.storage.root); !made) {
      return std::unexpected(ClientError{error_name(made.error().code), made.error().path});
    }
    request.storage.copies = impl_->config.copies;
    if (request.saved_progress.empty() && request.check == StartCheck::resume) {
      restore(request, *impl_->state);
    }
  }
  // std::function wants copies; the request is large and moves once.
  auto shared = std::make_shared<AddTorrent>(std::move(request));
  auto added = impl_->call(
      [shared](Session& session, TimePoint now) { return session.add(now, std::move(*shared)); });
  if (!added) return std::unexpected(stopped_error());
  if (!*added) return std::unexpected(client_error(added->error()));
  return **added;
}

ClientResult<std::size_t> Client::restore_all() {
  auto entries = impl_->state->load_all();
  if (!entries) {
    return std::unexpected(ClientError{error_name(entries.error().code), entries.error().path});
  }
  std::size_t restored = 0;
  for (StateStore::Entry& entry : *entries) {
    const std::string id = entry.id;
    auto request = from_record(std::move(entry));
    const auto added = request ? add(std::move(*request)) : std::unexpected(request.error());
    if (added) {
      ++restored;
    } else if (impl_->config.warn) {
      impl_->config.warn("torrent " + id + " is not restored: " + added.error().code + " " +
                         added.error().detail);
    }
  }
  return restored;
}

ClientResult<TorrentKey> Client::add_source(const std::string& source, AddTorrent options) {
  auto request = read_source(source, std::move(options));
  if (!request) return std::unexpected(std::move(request).error());
  return add(std::move(*request));
}

void Client::remove(TorrentKey torrent, RemoveContent content) {
  impl_->command([=](Session& s, TimePoint now) { s.remove(now, torrent, content); });
}
void Client::pause(TorrentKey torrent) {
  impl_->command([=](Session& s, TimePoint now) { s.pause(now, torrent); });
}
void Client::resume(TorrentKey torrent) {
  impl_->command([=](Session& s, TimePoint now) { s.resume(now, torrent); });
}
void Client::recheck(TorrentKey torrent) {
  impl_->command([=](Session& s, TimePoint now) { s.recheck(now, torrent); });
}
void Client::add_peer(TorrentKey torrent, const Endpoint& peer) {
  impl_->command(
      [=](Session& s, TimePoint now) { s.add_peer(now, torrent, peer, PeerSource::user); });
}
void Client::set_limits(RateLimits limits) {
  impl_->command([=](Session& s, TimePoint now) { s.set_global_limits(now, limits); });
}
void Client::set_torrent_limits(TorrentKey torrent, RateLimits limits) {
  impl_->command([=](Session& s, TimePoint now) { s.set_torrent_limits(now, torrent, limits); });
}

ClientResult<std::uint32_t> Client::scrape(TorrentKey torrent) {
  const auto asked = impl_->call([=](Session& s, TimePoint now) { return s.scrape(now, torrent); });
  if (!asked) return std::unexpected(stopped_error());
  if (!*asked) return std::unexpected(client_error(asked->error()));
  return **asked;
}

ClientResult<void> Client::set_file_priorities(TorrentKey torrent,
                                               std::vector<std::uint8_t> priorities) {
  const auto set = impl_->call(
      [=](Session& s, TimePoint now) { return s.set_file_priorities(now, torrent, priorities); });
  if (!set) return std::unexpected(stopped_error());
  if (!*set) return std::unexpected(client_error(set->error()));
  return {};
}

ClientResult<void> Client::want_files(TorrentKey torrent, std::vector<FileIndex> files) {
  const auto set =
      impl_->call([=](Session& s, TimePoint now) { return s.want_files(now, torrent, files); });
  if (!set) return std::unexpected(stopped_error());
  if (!*set) return std::unexpected(client_error(set->error()));
  return {};
}

ClientResult<void> Client::want_all(TorrentKey torrent) {
  const auto set = impl_->call([=](Session& s, TimePoint now) { return s.want_all(now, torrent); });
  if (!set) return std::unexpected(stopped_error());
  if (!*set) return std::unexpected(client_error(set->error()));
  return {};
}

ClientResult<void> Client::learn(TorrentKey torrent, TorrentNews news) {
  auto shared = std::make_shared<TorrentNews>(std::move(news));
  const auto learned = impl_->call(
      [=](Session& s, TimePoint now) { return s.learn(now, torrent, std::move(*shared)); });
  if (!learned) return std::unexpected(stopped_error());
  if (!*learned) return std::unexpected(client_error(learned->error()));
  return {};
}

std::optional<Event> Client::wait_event(std::chrono::milliseconds timeout) {
  std::unique_lock lock(impl_->mutex);
  impl_->changed.wait_for(lock, timeout, [&] { return !impl_->events.empty(); });
  if (impl_->events.empty()) return std::nullopt;
  Event event = std::move(impl_->events.front());
  impl_->events.pop_front();
  if (std::holds_alternative<PieceDone>(event.body)) --impl_->piece_events;
  return event;
}

std::vector<TorrentKey> Client::torrents() {
  return impl_->call([](Session& s, TimePoint) { return s.torrents(); })
      .value_or(std::vector<TorrentKey>{});
}

std::optional<TorrentStatus> Client::status(TorrentKey torrent) {
  return impl_->call([=](Session& s, TimePoint now) { return s.status(now, torrent); })
      .value_or(std::nullopt);
}

std::vector<TorrentStatus> Client::statuses(std::vector<TorrentKey> torrents) {
  return impl_
      ->call([keys = std::move(torrents)](Session& s, TimePoint now) {
        std::vector<TorrentStatus> out;
        out.reserve(keys.size());
        for (const TorrentKey key : keys) {
          if (auto status = s.status(now, key)) out.push_back(std::move(*status));
        }
        return out;
      })
      .value_or(std::vector<TorrentStatus>{});
}

std::optional<Bitfield> Client::have(TorrentKey torrent) {
  return impl_
      ->call([=](Session& s, TimePoint) {
        const Bitfield* have = s.have(torrent);
        return have != nullptr && s.info(torrent) ? std::optional(*have) : std::nullopt;
      })
      .value_or(std::nullopt);
}

std::size_t Client::buffer_bytes() {
  return impl_->call([](Session& s, TimePoint) { return s.buffer_bytes(); }).value_or(0);
}

std::vector<PeerStatus> Client::peers(TorrentKey torrent) {
  return impl_->call([=](Session& s, TimePoint now) { return s.peers(now, torrent); })
      .value_or(std::vector<PeerStatus>{});
}

std::vector<TrackerStatus> Client::trackers(TorrentKey torrent) {
  return impl_->call([=](Session& s, TimePoint now) { return s.trackers(now, torrent); })
      .value_or(std::vector<TrackerStatus>{});
}

std::shared_ptr<const TorrentInfo> Client::info(TorrentKey torrent) {
  return impl_->call([=](Session& s, TimePoint) { return s.info(torrent); }).value_or(nullptr);
}

std::optional<TorrentKey> Client::find(const InfoHashes& hashes) {
  return impl_->call([=](Session& s, TimePoint) { return s.find(hashes); }).value_or(std::nullopt);
}

Buffer Client::torrent_file(TorrentKey torrent) {
  return impl_->call([=](Session& s, TimePoint) { return s.torrent_file(torrent); })
      .value_or(Buffer{});
}

std::shared_ptr<const TorrentMetadata> Client::metadata(TorrentKey torrent) {
  auto parsed = parse_torrent(torrent_file(torrent));
  if (!parsed) return nullptr;
  return std::make_shared<const TorrentMetadata>(std::move(*parsed));
}

void Client::set_observer(std::function<void(const Event&)> observer) {
  auto shared = observer
                    ? std::make_shared<const std::function<void(const Event&)>>(std::move(observer))
                    : nullptr;
  const std::lock_guard lock(impl_->mutex);
  impl_->observer = std::move(shared);
}

std::vector<Endpoint> Client::listening() const { return impl_->shard->listening(); }

void Client::stop() {
  impl_->shard->stop();
  impl_->jobs->stop();
  if (impl_->saver) impl_->saver->stop();
  impl_->fail_reads();
}

}  // namespace weir
