// SPDX-License-Identifier: MIT OR Apache-2.0
// What a torrent consists of and whom it knows: files, pieces, peers, trackers; rate limits.
#include <cmath>
#include <utility>

#include "api/internal/weir.h"

namespace weir::api {
namespace {

namespace json = boost::json;

std::string_view source_name(PeerSource source) {
  switch (source) {
    case PeerSource::tracker:
      return "tracker";
    case PeerSource::user:
      return "user";
    case PeerSource::incoming:
      return "incoming";
    case PeerSource::resume:
      return "resume";
    case PeerSource::pex:
      return "pex";
    case PeerSource::dht:
      return "dht";
    case PeerSource::lsd:
      return "lsd";
  }
  std::unreachable();
}

void no_metadata(const RequestPtr& request) {
  answer_error(request, 409, "no_metadata", "The torrent's metadata is not known yet.");
}

// Bytes of the file in pieces that are here.
std::uint64_t done_bytes(const Layout& layout, const Bitfield& have, FileIndex index) {
  const TorrentFile& file = layout.file(index);
  const Layout::PieceRange range = layout.file_pieces(index);
  const std::uint64_t piece_length = layout.piece_length(), end = file.offset + file.length;
  std::uint64_t out = 0;
  for (std::size_t i = to_int(range.begin); i < to_int(range.end); ++i) {
    if (!have.test(i)) continue;
    const std::uint64_t from = std::max(file.offset, i * piece_length);
    out += std::min(end, (i + 1) * piece_length) - from;
  }
  return out;
}

json::object file_json(const Layout& layout, const Bitfield& have, FileIndex index) {
  const TorrentFile& file = layout.file(index);
  json::object out;
  out["index"] = to_int(index);
  out["path"] = text_json(file.path);
  out["size"] = file.length;
  out["done"] = done_bytes(layout, have, index);
  return out;
}

// Nothing, while the engine still looks at the torrent's files.
Bitfield have_of(WeirState& state, TorrentKey key, const TorrentInfo& info) {
  return state.node.client().have(key).value_or(Bitfield(info.layout.piece_count()));
}

json::object peer_json(const PeerStatus& peer) {
  json::object out;
  out["address"] = peer.remote.text();
  out["client"] = text_json(peer.client);
  out["direction"] = peer.direction == PeerDirection::incoming ? "incoming" : "outgoing";
  out["source"] = source_name(peer.source);
  out["progress"] = peer.progress;
  out["downRate"] = std::llround(peer.down_rate);
  out["upRate"] = std::llround(peer.up_rate);
  out["downloaded"] = peer.downloaded_bytes;
  out["uploaded"] = peer.uploaded_bytes;
  out["requestsOut"] = peer.requests_out;
  out["requestsIn"] = peer.requests_in;
  out["choking"] = peer.am_choking;
  out["interested"] = peer.am_interested;
  out["peerChoking"] = peer.peer_choking;
  out["peerInterested"] = peer.peer_interested;
  out["snubbed"] = peer.snubbed;
  return out;
}

json::object tracker_json(const TrackerStatus& tracker) {
  json::object out;
  out["tracker"] = text_json(tracker_origin(tracker.url));
  out["tier"] = tracker.tier;
  out["state"] = tracker.state;
  out["error"] = text_json(tracker.last_error);
  out["nextAnnounceIn"] = nullptr;
  if (tracker.next_announce_in) {
    out["nextAnnounceIn"] = std::llround(to_seconds(*tracker.next_announce_in));
  }
  out["seeders"] = tracker.seeders;
  out["leechers"] = tracker.leechers;
  out["downloads"] = tracker.downloads;
  out["lastScrapeAgo"] = nullptr;
  if (tracker.last_scrape_ago) {
    out["lastScrapeAgo"] = std::llround(to_seconds(*tracker.last_scrape_ago));
  }
  out["externalAddress"] = nullptr;
  if (tracker.external_ip) out["externalAddress"] = tracker.external_ip->text();
  out["peers"] = tracker.peers_received;
  out["failures"] = tracker.failures;
  return out;
}

// The body of a PUT of limits, put over `limits`; answers when it is none.
bool take_limits(const RequestPtr& request, Bytes body, RateLimits& limits) {
  const auto value = read_json(body);
  if (value && read_limits(*value, limits)) return true;
  answer_error(request, 400, "bad_request",
               "The body is {\"down\":bytes a second,\"up\":bytes a second}, 0 for no limit.");
  return false;
}

}  // namespace

void get_files(Context& context, const RequestPtr& request) {
  later_with_torrent(context, request, [request](WeirState& state, TorrentKey key) {
    const auto info = state.node.client().info(key);
    if (!info) return no_metadata(request);
    const Bitfield have = have_of(state, key, *info);
    json::array files;
    for (std::size_t i = 0; i < info->layout.files().size(); ++i) {
      const auto index = static_cast<FileIndex>(i);
      if (!info->layout.file(index).attributes.pad) {
        files.push_back(file_json(info->layout, have, index));
      }
    }
    answer_json(request, json::object{{"files", std::move(files)}});
  });
}

void get_pieces(Context& context, const RequestPtr& request) {
  later_with_torrent(context, request, [request](WeirState& state, TorrentKey key) {
    const auto info = state.node.client().info(key);
    if (!info) return no_metadata(request);
    const Bitfield have = have_of(state, key, *info);
    json::object out;
    out["count"] = have.size();
    out["done"] = have.count();
    out["length"] = info->layout.piece_length();
    out["have"] = to_hex(have.wire());
    answer_json(request, out);
  });
}

void get_peers(Context& context, const RequestPtr& request) {
  later_with_torrent(context, request, [request](WeirState& state, TorrentKey key) {
    json::array peers;
    for (const PeerStatus& peer : state.node.client().peers(key)) peers.push_back(peer_json(peer));
    answer_json(request, json::object{{"peers", std::move(peers)}});
  });
}

void get_trackers(Context& context, const RequestPtr& request) {
  later_with_torrent(context, request, [request](WeirState& state, TorrentKey key) {
    json::array trackers;
    for (const TrackerStatus& tracker : state.node.client().trackers(key)) {
      trackers.push_back(tracker_json(tracker));
    }
    answer_json(request, json::object{{"trackers", std::move(trackers)}});
  });
}

void get_torrent_limits(Context& context, const RequestPtr& request) {
  later_with_torrent(context, request, [request](WeirState& state, TorrentKey key) {
    const std::lock_guard lock(state.limits_mutex);
    const auto it = state.limits.find(key);
    answer_json(request, limits_json(it == state.limits.end() ? RateLimits{} : it->second));
  });
}

void put_torrent_limits(Context& context, const RequestPtr& request) {
  receive(request, kSmallBodyMax, [&context, request](Buffer body) {
    auto shared = std::make_shared<Buffer>(std::move(body));
    later_with_torrent(context, request, [request, shared](WeirState& state, TorrentKey key) {
      RateLimits limits;
      {
        const std::lock_guard lock(state.limits_mutex);
        if (const auto it = state.limits.find(key); it != state.limits.end()) limits = it->second;
      }
      if (!take_limits(request, *shared, limits)) return;
      {
        const std::lock_guard lock(state.limits_mutex);
        state.limits[key] = limits;
      }
      state.node.client().set_torrent_limits(key, limits);
      answer_json(request, limits_json(limits));
    });
  });
}

void get_limits(Context& context, const RequestPtr& request) {
  answer_json(request, limits_json(context.node.limits()));
}

void put_limits(Context& context, const RequestPtr& request) {
  receive(request, kSmallBodyMax, [&context, request](Buffer body) {
    auto shared = std::make_shared<Buffer>(std::move(body));
    later(context, request, [request, shared](WeirState& state) {
      RateLimits limits = state.node.limits();
      if (!take_limits(request, *shared, limits)) return;
      state.node.set_limits(limits);
      answer_json(request, limits_json(limits));
    });
  });
}

}  // namespace weir::api
