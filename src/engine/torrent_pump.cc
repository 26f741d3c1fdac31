// SPDX-License-Identifier: MIT OR Apache-2.0
// Draining the torrent's machines into each other.
#include <algorithm>
#include <utility>

#include "engine/torrent.h"

namespace weir {
namespace {

template <class... Fs>
struct Overload : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overload(Fs...) -> Overload<Fs...>;

}  // namespace

void Torrent::pump(TimePoint now) {
  // Each machine's output may be another's input, so go round until all are silent.
  bool any = true;
  while (any) {
    any = pump_swarm(now);
    any = pump_flow(now) || any;
    any = pump_trackers(now) || any;
  }
}

bool Torrent::pump_swarm(TimePoint now) {
  bool any = false;
  while (auto action = swarm_->next()) {
    any = true;
    on_swarm(now, std::move(*action));
  }
  return any;
}

void Torrent::on_swarm(TimePoint now, SwarmAction action) {
  std::visit(Overload{
                 [&](ClosePeer& close) { host_.close(now, close.conn, close.reason); },
                 [&](const BanPeer& ban) {
                   const Duration lasts = host_.ban(now, ban.address);
                   event(PeerBanned{ban.address, lasts});
                 },
                 [&](const WantWrite& want) { host_.act(WakeWrite{want.conn}); },
                 [&](const WantRead& want) { host_.act(WakeRead{want.conn}); },
                 [&](PieceArrived& piece) {
                   ++arrived_;
                   const PiecePicker* picker = swarm_->picker();
                   flow_.expect_more(picker != nullptr && picker->missing_wanted() > arrived_);
                   flow_.piece_arrived(now, piece.piece, std::move(piece.buffer));
                 },
                 [&](const PieceNeeded& piece) { flow_.check_for_serving(now, piece.piece); },
                 [&](MetadataArrived& metadata) { on_metadata(now, std::move(metadata.info)); },
                 [&](const LayersArrived& layers) {
                   flow_.add_layer(layers.layer);
                   save_layers(layers.layer);
                 },
             },
             action);
}

bool Torrent::pump_flow(TimePoint now) {
  if (!storage_started_) return false;
  bool any = false;
  while (auto output = flow_.next()) {
    any = true;
    on_flow(now, std::move(*output));
  }
  if (any) serve_readers(now);
  return any;
}

void Torrent::on_flow_ready(TimePoint now) {
  swarm_->set_metadata(now, info_, flow_.layers(), flow_.here(), flow_.checked());
  if (request_.seed_only) swarm_->set_downloading(now, false);
  flow_.add_wanted(now, wanted_files());  // files chosen during the check
  apply_priorities(now);
  event(CheckDone{});
  was_incomplete_ = !swarm_->complete();
  flow_.expect_more(was_incomplete_);
  start_announcing(now);
  if (request_.seed_only) maybe_done(now);
}

void Torrent::on_flow(TimePoint now, FlowOutput output) {
  std::visit(Overload{
                 [&](Job& job) {
                   auto* journal = std::get_if<JournalJob>(&job.work);
                   if (journal != nullptr) add_totals(now, journal->progress);
                   host_.act(StartJob{std::move(job)});
                 },
                 [&](const FlowReady&) { on_flow_ready(now); },
                 [&](FlowStored& stored) {
                   --arrived_;
                   swarm_->piece_stored(now, stored.piece, std::move(stored.buffer));
                   event(PieceDone{stored.piece});
                 },
                 [&](FlowBadPiece& bad) {
                   --arrived_;
                   flow_.expect_more(true);
                   swarm_->piece_failed(now, bad.piece, std::move(bad.buffer));
                 },
                 [&](FlowDropped& dropped) {
                   --arrived_;
                   flow_.expect_more(true);
                   swarm_->piece_dropped(now, dropped.piece, std::move(dropped.buffer));
                 },
                 [&](const FlowChecked& checked) { on_checked(now, checked); },
                 [&](const FlowUnchecked& range) {
                   swarm_->pieces_unchecked(now, range.begin, range.end);
                 },
                 [&](const FlowFileDone& file) { event(FileDone{file.file}); },
                 [&](const FlowSynced&) { maybe_done(now); },
                 [&](FlowFailed& failed) { on_flow_failed(now, std::move(failed)); },
                 [&](const FlowRecovered&) {
                   error_.reset();
                   swarm_->set_downloading(now, !request_.seed_only);
                   event(TorrentRecovered{});
                 },
                 [&](FlowRead& read) { on_read(now, std::move(read)); },
             },
             output);
}

void Torrent::on_checked(TimePoint now, const FlowChecked& checked) {
  const bool known = swarm_->have().test(checked.piece);
  if (checked.good && !known) {
    swarm_->piece_found(now, checked.piece);
  } else if (known) {
    swarm_->piece_checked(now, checked.piece, checked.good);
    if (!checked.good) {
      done_said_ = false;
      was_incomplete_ = true;
      flow_.expect_more(true);
    }
  }
  if (checked.error) {
    fail_readers_of(checked.piece, *checked.error);
  } else if (!checked.good) {
    hurry_for_readers(now, checked.piece);
  }
  if (flow_.check_done() >= flow_.check_total()) checking_ = false;
}

void Torrent::on_flow_failed(TimePoint now, FlowFailed failed) {
  swarm_->set_downloading(now, false);
  if (!failed.recovers) return give_up(now, std::move(failed.code), std::move(failed.detail));
  fail(std::move(failed.code), std::move(failed.detail), true);
}

bool Torrent::pump_trackers(TimePoint now) {
  bool any = false;
  for (const TrackerPeer& peer : announcer_.take_peers()) {
    any = true;
    if (host_.banned(now, peer.endpoint.address)) continue;
    if (peers_.add(now, peer.endpoint, PeerSource::tracker)) {
      peers_.set_v2(peer.endpoint, peer.info_hash == hashes_.v2_truncated());
    }
  }
  for (const AnnounceResult& result : announcer_.take_results()) tell_announced(now, result);
  for (const AnnounceId announce : announcer_.take_cancelled()) {
    host_.cancel_announce(key_, announce);
  }
  for (const ScrapeResult& result : scraper_.take_results()) tell_scraped(result);
  if (announcer_.ready() || scraper_.ready()) {
    host_.want_announce(key_,
                        announcer_.stopping() ? AnnounceUrgency::urgent : AnnounceUrgency::normal);
  }
  dial_more(now);
  return any;
}

void Torrent::tell_announced(TimePoint now, const AnnounceResult& result) {
  const AnnouncerTracker tracker = announcer_.tracker(result.tracker);
  if (!result.warning.empty()) event(TrackerWarning{tracker.url, result.warning});
  TrackerAnnounced told;
  told.url = tracker.url;
  told.family = result.family;
  told.event = event_name(result.event);
  if (result.error) {
    told.failure = {.code = error_name(result.error->code), .text = result.error->text};
  }
  told.peers = result.peers;
  told.seeders = result.seeders;
  told.leechers = result.leechers;
  if (result.next) told.next_in = std::max(Duration{}, *result.next - now);
  told.state = state_name(tracker.state);
  event(std::move(told));
}

std::uint32_t Torrent::scrape(TimePoint now) {
  return scraper_.scrape(now, announcer_.scrape_targets(), announced_hashes(hashes_));
}

void Torrent::tell_scraped(const ScrapeResult& result) {
  TrackerScraped told;
  told.url = announcer_.tracker(result.tracker).url;
  told.family = result.family;
  if (result.error) {
    told.failure = {.code = error_name(result.error->code), .text = result.error->text};
  } else {
    announcer_.learn_numbers(result.tracker, result.tracker_numbers);
  }
  told.seeders = result.numbers.seeders;
  told.leechers = result.numbers.leechers;
  told.downloads = result.numbers.downloads;
  event(std::move(told));
}

void Torrent::handle_job(TimePoint now, JobResult result) {
  if (std::holds_alternative<SaveRecordJob>(result.work)) return on_record_saved(now, result);
  flow_.handle_job(now, std::move(result));
}

}  // namespace weir
