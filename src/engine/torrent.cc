// SPDX-License-Identifier: MIT OR Apache-2.0
// A torrent's life: adding, metadata, commands, stopping, status.
#include "engine/torrent.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace weir {
namespace {

// How long to wait when the session dials as many as it may.
constexpr Duration kDialPause = std::chrono::seconds(1);

// Azureus-style id (BEP 20): our prefix, the version, twelve random characters.
PeerId make_peer_id(Random& random) {
  PeerId id;
  random.fill(id.bytes);
  const Bytes prefix = as_bytes("-WR0100-");
  std::copy(prefix.begin(), prefix.end(), id.bytes.begin());
  return id;
}

InfoHashes hashes_of(const AddTorrent& request) {
  return request.metadata ? request.metadata->info->hashes : request.magnet->hashes;
}

SwarmConfig swarm_config(const SessionConfig& config, const AddTorrent& request,
                         std::uint16_t listen_port) {
  SwarmConfig swarm;
  swarm.client_version = config.client_version;
  swarm.listen_port = listen_port;
  swarm.reqq = config.reqq;
  swarm.upload_slots = config.upload_slots;
  swarm.sequential = request.sequential;
  return swarm;
}

AnnouncerConfig announcer_config(const SessionConfig& config, const PeerId& peer_id,
                                 std::uint16_t port) {
  AnnouncerConfig announcer;
  announcer.peer_id = peer_id;
  announcer.port = port;
  announcer.ipv4 = config.ipv4;
  announcer.ipv6 = config.ipv6;
  return announcer;
}

std::vector<AnnouncerTier> tiers_of(const AddTorrent& request) {
  std::vector<AnnouncerTier> tiers;
  if (!request.trackers.empty()) tiers.push_back({request.trackers, true});
  if (request.metadata) {
    for (const auto& urls : request.metadata->tracker_tiers) tiers.push_back({urls, false});
  }
  // A magnet's trackers are independent of each other (BEP 9 has no tiers).
  if (request.magnet) {
    for (const std::string& url : request.magnet->trackers) tiers.push_back({{url}, false});
  }
  return tiers;
}

FlowConfig flow_config(const SessionConfig& config) {
  FlowConfig flow;
  flow.journal_interval = config.journal_interval;
  flow.journal_bytes = config.journal_bytes;
  flow.boot_id = config.boot_id;
  return flow;
}

}  // namespace

std::vector<Sha1Digest> announced_hashes(const InfoHashes& hashes) {
  std::vector<Sha1Digest> out;
  if (hashes.v1) out.push_back(*hashes.v1);
  if (const auto v2 = hashes.v2_truncated()) out.push_back(*v2);
  return out;
}

Torrent::Torrent(TimePoint now, TorrentKey key, TorrentHost& host, AddTorrent request)
    : key_(key),
      host_(host),
      hashes_(hashes_of(request)),
      peer_id_(make_peer_id(host.random())),
      request_(std::move(request)),
      id_(request_.saved_id.empty() ? hashes_.wire_hash().hex() : request_.saved_id),
      swarm_(std::make_unique<Swarm>(swarm_config(host.config(), request_, host.listen_port()),
                                     hashes_, host.pool(), host.random())),
      flow_(key, id_, flow_config(host.config()), [&host] { return host.next_job(); }),
      announcer_(announcer_config(host.config(), peer_id_, host.listen_port()), tiers_of(request_),
                 hashes_.wire_hashes(), host.random()),
      paused_(request_.paused) {
  for (const Endpoint& peer : request_.peers) peers_.add(now, peer, PeerSource::user);
  if (request_.magnet) {
    for (const TorrentMetadata::Node& peer : request_.magnet->peers) {
      // Names are left to discovery: resolving what a link says is not ours to do unasked.
      const auto address = IpAddress::parse(peer.host);
      if (address) peers_.add(now, Endpoint{*address, peer.port}, PeerSource::user);
    }
  }
  if (request_.metadata) info_ = request_.metadata->info;
  if (info_ && request_.select_files && request_.file_priorities.empty()) {
    request_.file_priorities = request_.select_files(*info_);
  }
  save_record();
  if (info_) start_storage(now);
  // Trackers hear of us when we can take part: at once for a magnet, after the check otherwise.
  if (!info_) start_announcing(now);
}

void Torrent::event(EventBody body) { host_.act(Event{key_, std::move(body)}); }

Bitfield Torrent::wanted_files() const {
  const auto& files = info_->layout.files();
  Bitfield wanted(files.size(), true);
  for (std::size_t i = 0; i < files.size() && i < request_.file_priorities.size(); ++i) {
    if (request_.file_priorities[i] == kPriorityNone) wanted.set(i, false);
  }
  return wanted;
}

void Torrent::start_storage(TimePoint now) {
  if (storage_started_) return;
  storage_started_ = true;
  const PathUse use = request_.seed_only ? PathUse::reads : PathUse::writes;
  if (!host_.claim_paths(key_, *info_, request_.storage, use)) {
    return give_up(now, "path_conflict", request_.storage.root + "/" + info_->name);
  }
  FlowStart start;
  start.info = info_;
  start.layers = request_.metadata ? PieceLayers(info_->layout, request_.metadata->piece_layers)
                                   : PieceLayers(info_->layout, {});
  start.storage = request_.storage;
  start.wanted = wanted_files();
  start.check = request_.check;
  start.seed_only = request_.seed_only;
  start.saved_progress = std::exchange(request_.saved_progress, {});
  flow_.start(now, std::move(start));
}

void Torrent::apply_priorities(TimePoint now) {
  const Layout& layout = info_->layout;
  std::vector<PiecePriority> priorities(layout.piece_count(), kPriorityNone);
  for (std::size_t f = 0; f < layout.files().size(); ++f) {
    if (layout.files()[f].attributes.pad) continue;
    const PiecePriority own =
        f < request_.file_priorities.size() ? request_.file_priorities[f] : kPriorityNormal;
    const auto range = layout.file_pieces(static_cast<FileIndex>(f));
    for (PieceIndex p = range.begin; p < range.end; p = next(p)) {
      priorities[to_int(p)] = std::max(priorities[to_int(p)], own);
    }
  }
  swarm_->set_piece_priorities(now, priorities);
}

SessionResult<void> Torrent::set_file_priorities(TimePoint now,
                                                 std::vector<std::uint8_t> priorities) {
  if (!info_) return std::unexpected(SessionError{SessionErrc::no_metadata, {}});
  if (priorities.size() != info_->layout.files().size()) {
    return std::unexpected(SessionError{SessionErrc::bad_request, "one priority for each file"});
  }
  request_.file_priorities = std::move(priorities);
  if (flow_.ready()) {
    flow_.add_wanted(now, wanted_files());
    apply_priorities(now);
    const bool complete = swarm_->complete();
    flow_.expect_more(!complete);
    if (complete) {
      flow_.save(now);  // done, when that is
    } else {
      done_said_ = false;
      was_incomplete_ = true;
    }
  }
  save_record();
  return {};
}

SessionResult<void> Torrent::want_files(TimePoint now, std::span<const FileIndex> files) {
  if (!info_) return std::unexpected(SessionError{SessionErrc::no_metadata, {}});
  auto priorities = request_.file_priorities;
  bool more = false;
  for (const FileIndex file : files) {
    // Those beyond the list are wanted.
    if (to_int(file) >= priorities.size() || priorities[to_int(file)] != kPriorityNone) continue;
    priorities[to_int(file)] = kPriorityNormal;
    more = true;
  }
  if (!more) return {};
  priorities.resize(info_->layout.files().size(), kPriorityNormal);
  return set_file_priorities(now, std::move(priorities));
}

SessionResult<void> Torrent::want_all(TimePoint now) {
  if (!info_) {
    request_.select_files = nullptr;
    request_.file_priorities.clear();
    return {};
  }
  std::vector<FileIndex> all(info_->layout.files().size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<FileIndex>(i);
  return want_files(now, all);
}

void Torrent::set_order(PickOrder order) {
  request_.sequential = order == PickOrder::sequential;
  swarm_->set_order(order);
  save_record();
}

bool Torrent::accepts_peers() const {
  if (paused_ || stopping_ || (error_ && !error_->recovers)) return false;
  return !info_ || flow_.ready();
}

bool Torrent::can_accept() const {
  return accepts_peers() && swarm_->peer_count() < host_.config().per_torrent_max;
}

void Torrent::peer_connected(TimePoint now, PeerInit init) {
  if (init.direction == PeerDirection::outgoing) {
    end_dial();
    peers_.connected(now, init.remote);
  }
  swarm_->add_peer(now, std::move(init));
  if (totals_due_ == kNever) save_totals(now);
}

void Torrent::peer_gone(TimePoint now, ConnId conn, CloseReason reason) {
  // Nothing when the swarm itself asked for it.
  swarm_->remove_peer(now, conn, reason);
}

void Torrent::dial_ended(TimePoint now, const Endpoint& remote, CloseReason reason,
                         DialPhase phase) {
  if (phase == DialPhase::connecting) end_dial();
  peers_.closed(now, remote, reason);
}

void Torrent::dial_failed(TimePoint now, const Endpoint& remote) {
  end_dial();
  peers_.failed(now, remote);
}

void Torrent::end_dial() {
  WEIR_ASSERT(connecting_ > 0);
  --connecting_;
  dial_again_ = {};
}

void Torrent::add_peer_address(TimePoint now, const Endpoint& peer, PeerSource source) {
  if (!host_.banned(now, peer.address)) peers_.add(now, peer, source);
}

void Torrent::readmit(TimePoint now, const IpAddress& address) {
  swarm_->unban(address);
  peers_.readmit(now, address);
}

Sha1Digest Torrent::hash_for(const Endpoint& peer) const {
  const auto v2 = hashes_.v2_truncated();
  return hashes_.v1 && v2 && peers_.v2(peer) ? *v2 : hashes_.wire_hash();
}

void Torrent::dial_more(TimePoint now) {
  if (!accepts_peers() || now < dial_again_) return;
  while (swarm_->peer_count() + connecting_ < host_.config().dial_below) {
    if (peers_.next_try() > now) return;
    if (!host_.may_dial()) {
      dial_again_ = now + kDialPause;
      return;
    }
    const auto peer = peers_.pick(now, host_.random());
    if (!peer) return;
    if (host_.banned(now, peer->address)) {
      // Not for ever: a ban ends.
      peers_.closed(now, *peer, CloseReason::banned);
      continue;
    }
    if (!host_.dial(now, key_, *peer)) {
      peers_.release(now, *peer);
      dial_again_ = now + kDialPause;
      return;
    }
    ++connecting_;
  }
}

void Torrent::fail(std::string code, std::string detail, bool recovers) {
  error_ = TorrentFailed{std::move(code), std::move(detail), recovers};
  event(*error_);
}

void Torrent::give_up(TimePoint now, std::string code, std::string detail) {
  fail(std::move(code), std::move(detail), false);
  close_peers(now);
  announcer_.stop(now);
  fail_readers(SessionErrc::bad_request, error_->code);
}

void Torrent::close_peers(TimePoint now) {
  for (const PeerStatus& peer : swarm_->peers(now)) {
    host_.close(now, peer.conn, CloseReason::torrent_stopped);
  }
}

void Torrent::pause(TimePoint now) {
  if (std::exchange(paused_, true)) return;
  close_peers(now);
  save_totals(now);
  announcer_.stop(now);
  save_record();
}

void Torrent::resume(TimePoint now) {
  if (!std::exchange(paused_, false)) return;
  peers_.retry_all(now);
  if (accepts_peers()) start_announcing(now);
  save_record();
}

void Torrent::recheck(TimePoint now) {
  if (!flow_.ready()) return;
  checking_ = true;
  flow_.recheck(now);
}

void Torrent::stop(TimePoint now) {
  if (std::exchange(stopping_, true)) return;
  close_peers(now);
  fail_readers(SessionErrc::stopping, {});
  announcer_.stop(now);
  scraper_.stop();
  host_.cancel_scrapes(key_);
  flow_.stop(now);
}

bool Torrent::stopped() const {
  const bool record_saved = !record_running_ && (!record_dirty_ || record_failed_);
  return stopping_ && record_saved && flow_.idle() && announcer_.stopping_done();
}

void Torrent::start_announcing(TimePoint now) {
  if (paused_ || stopping_) return;
  announcer_.set_port(host_.listen_port());
  announcer_.start(now);
}

AnnounceStats Torrent::announce_stats(TimePoint now) const {
  // A magnet's size is not known; trackers that see 0 would take us for a seed.
  constexpr std::uint64_t kLeftUnknown = 16 * 1024;
  const SwarmStats stats = swarm_->stats(now);
  AnnounceStats announce{stats.uploaded_bytes, stats.downloaded_bytes, kLeftUnknown,
                         stats.failed_bytes};
  if (info_ && flow_.ready()) {
    const Layout& layout = info_->layout;
    announce.left = 0;
    const Bitfield& here = flow_.here();
    for (std::size_t i = here.find_clear(0); i < here.size(); i = here.find_clear(i + 1)) {
      announce.left += layout.piece_size(static_cast<PieceIndex>(i));
    }
    announce.partial_seed = announce.left > 0 && swarm_->complete();
  } else if (info_) {
    announce.left = info_->layout.total_size();
  }
  return announce;
}

void Torrent::maybe_done(TimePoint now) {
  if (done_said_ || !flow_.ready() || !swarm_->complete()) return;
  done_said_ = true;
  // Trackers count the whole torrent: a part of it is told by BEP 21 instead.
  if (was_incomplete_ && flow_.here().all()) announcer_.completed(now, true);
  event(TorrentDone{});
}

void Torrent::handle_timer(TimePoint now) {
  swarm_->handle_timer(now);
  if (storage_started_) flow_.handle_timer(now);
  announcer_.handle_timer(now);
  release(windows_.expire(now));
  if (totals_due_ <= now) save_totals(now);
  if (record_retry_at_ <= now) {
    record_retry_at_ = kNever;
    issue_record();
  }
  dial_more(now);
}

TimePoint Torrent::next_deadline() const {
  TimePoint at = std::min({swarm_->next_deadline(), announcer_.next_deadline(), record_retry_at_,
                           totals_due_, windows_.next_deadline()});
  if (storage_started_) at = std::min(at, flow_.next_deadline());
  if (accepts_peers() && swarm_->peer_count() + connecting_ < host_.config().dial_below) {
    at = std::min(at, std::max(peers_.next_try(), dial_again_));
  }
  return at;
}

TorrentStatus Torrent::status(TimePoint now) const {
  TorrentStatus status;
  status.key = key_;
  status.hashes = hashes_;
  status.name = info_ ? info_->name : request_.magnet ? request_.magnet->name : std::string();
  status.has_metadata = info_ != nullptr;
  status.error = error_;
  status.swarm = swarm_->stats(now);
  status.known_peers = static_cast<std::uint32_t>(peers_.size());
  status.connecting = connecting_;
  status.sources = peers_.sources();
  status.external_ip = announcer_.external_ip();
  status.check_done = flow_.check_done();
  status.check_total = flow_.check_total();
  if (stopping_) {
    status.state = TorrentState::stopping;
  } else if (error_) {
    status.state = TorrentState::failed;
  } else if (paused_) {
    status.state = TorrentState::paused;
  } else if (!info_) {
    status.state = TorrentState::fetching_metadata;
  } else if (!flow_.ready()) {
    status.state = flow_.check_total() > 0 ? TorrentState::checking : TorrentState::preparing;
  } else if (checking_ && flow_.check_done() < flow_.check_total()) {
    status.state = TorrentState::checking;
  } else {
    status.state = swarm_->complete() ? TorrentState::seeding : TorrentState::downloading;
  }
  if (info_) {
    const Layout& layout = info_->layout;
    status.pieces_total = layout.piece_count();
    for (std::uint32_t i = 0; i < layout.piece_count(); ++i) {
      const auto piece = static_cast<PieceIndex>(i);
      const bool here = flow_.ready() && flow_.here().test(piece);
      if (here) ++status.pieces_done;
      if (!here && swarm_->picker() != nullptr && !swarm_->picker()->wanted(piece)) continue;
      const std::uint32_t content = layout.piece_content(piece);
      status.total_bytes += content;
      if (here) status.done_bytes += content;
    }
  }
  return status;
}

}  // namespace weir
