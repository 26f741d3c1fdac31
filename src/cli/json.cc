// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/json.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>

#include "base/utf8.h"
#include "cli/render.h"
#include "io/clock.h"

namespace weir {
namespace {

namespace json = boost::json;

json::value optional_text(std::string_view text) {
  return text.empty() ? json::value(nullptr) : json_text(text);
}

json::value date(const std::optional<std::int64_t>& seconds) {
  const auto text = seconds ? render_date(*seconds) : std::nullopt;
  return text ? json::value(*text) : json::value(nullptr);
}

json::value count(const std::optional<std::uint32_t>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

template <class Strings>
json::array texts(const Strings& strings) {
  json::array out;
  for (const std::string& text : strings) out.push_back(json_text(text));
  return out;
}

json::array nodes_json(const std::vector<TorrentMetadata::Node>& nodes) {
  json::array out;
  for (const auto& node : nodes) {
    out.push_back(json::object{{"host", json_text(node.host)}, {"port", node.port}});
  }
  return out;
}

json::object file_json(const TorrentFile& file, std::uint64_t index) {
  json::object out{{"index", index},
                   {"path", json_text(file.path)},
                   {"length", file.length},
                   {"offset", file.offset}};
  if (!file.pieces_root.is_zero()) out["pieces_root"] = file.pieces_root.hex();
  if (file.attributes.pad) out["pad"] = true;
  if (file.attributes.executable) out["executable"] = true;
  if (file.attributes.hidden) out["hidden"] = true;
  if (file.attributes.symlink) out["symlink_target"] = json_text(file.symlink_target);
  if (file.mtime) out["mtime"] = date(file.mtime);
  return out;
}

// Fills in what an event says beyond its name, which is returned; nothing for events left out.
class EventFields {
 public:
  EventFields(json::object& out, const TorrentStatus& status, const TorrentInfo* info)
      : out_(out), status_(status), info_(info) {}

  const char* operator()(const MetadataReady&) {
    out_["name"] = json_text(status_.name);
    out_["total_bytes"] = status_.total_bytes;
    return "metadata";
  }
  const char* operator()(const CheckDone&) {
    out_["pieces_done"] = status_.pieces_done;
    out_["pieces_total"] = status_.pieces_total;
    return "checked";
  }
  const char* operator()(const PieceDone& done) {
    out_["piece"] = to_int(done.piece);
    return "piece";
  }
  const char* operator()(const FileDone& done) {
    out_["file"] = to_int(done.file);
    if (info_ != nullptr) out_["path"] = json_text(info_->layout.file(done.file).path);
    return "file";
  }
  const char* operator()(const TorrentDone&) { return "done"; }
  const char* operator()(const TorrentFailed& failed) {
    out_["code"] = failed.code;
    out_["detail"] = json_text(failed.detail);
    out_["recovers"] = failed.recovers;
    return "failed";
  }
  const char* operator()(const TorrentRecovered&) { return "recovered"; }
  const char* operator()(const TorrentAdded&) { return nullptr; }
  const char* operator()(const TorrentRemoved&) { return nullptr; }
  const char* operator()(const TrackerWarning& warning) {
    out_["url"] = json_text(warning.url);
    out_["text"] = json_text(warning.text);
    return "tracker_warning";
  }
  const char* operator()(const TrackerAnnounced& announced) {
    out_["url"] = json_text(announced.url);
    out_["announce"] = announced.event;
    out_["family"] = announced.family == AddressFamily::v4 ? "ipv4" : "ipv6";
    out_["ok"] = !announced.failure;
    if (announced.failure) {
      out_["code"] = announced.failure->code;
      out_["text"] = json_text(announced.failure->text);
    } else {
      out_["peers"] = announced.peers;
      out_["seeders"] = count(announced.seeders);
      out_["leechers"] = count(announced.leechers);
    }
    out_["next_seconds"] =
        announced.next_in ? json::value(to_seconds(*announced.next_in)) : json::value(nullptr);
    out_["state"] = announced.state;
    return "tracker";
  }
  const char* operator()(const TrackerScraped& scraped) {
    out_["url"] = json_text(scraped.url);
    out_["family"] = scraped.family == AddressFamily::v4 ? "ipv4" : "ipv6";
    out_["ok"] = !scraped.failure;
    if (scraped.failure) {
      out_["code"] = scraped.failure->code;
      out_["text"] = json_text(scraped.failure->text);
    } else {
      out_["seeders"] = scraped.seeders;
      out_["leechers"] = scraped.leechers;
      out_["downloads"] = scraped.downloads;
    }
    return "scrape";
  }
  const char* operator()(const PeerBanned& banned) {
    out_["address"] = banned.address.text();
    return "peer_banned";
  }
  const char* operator()(const ReadDone&) { return nullptr; }

 private:
  json::object& out_;
  const TorrentStatus& status_;
  const TorrentInfo* info_;
};

json::object event_head(const InfoHashes& hashes) {
  return {{"time", date(unix_now())},
          {"event", nullptr},
          {"info_hash", hashes.v1   ? hashes.v1->hex()
                        : hashes.v2 ? hashes.v2->hex()
                                    : std::string()}};
}

}  // namespace

// Characters that could act on a terminal are escaped too: a line is often looked at on one.
std::string json_line(const json::object& object) {
  const std::string raw = json::serialize(object);
  std::string out;
  for (std::size_t at = 0; at < raw.size();) {
    const std::size_t control = control_length(std::string_view(raw).substr(at));
    if (control == 0) {
      out += raw[at++];
      continue;
    }
    constexpr std::string_view kDigits = "0123456789abcdef";
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(raw[at + i]); };
    const unsigned code =
        control == 1   ? byte(0)
        : control == 2 ? (byte(0) & 0x1fu) << 6 | (byte(1) & 0x3fu)
                       : (byte(0) & 0x0fu) << 12 | (byte(1) & 0x3fu) << 6 | (byte(2) & 0x3fu);
    out += "\\u";
    for (const unsigned shift : {12u, 8u, 4u, 0u}) out += kDigits[code >> shift & 0xf];
    at += control;
  }
  return out + "\n";
}

json::value json_text(std::string_view text) { return json::value(repair_utf8(text)); }

std::string error_json(const CliError& error) {
  json::object fields{{"code", error.code},
                      {"message", json_text(error.text)},
                      {"exit_code", static_cast<int>(error.exit)}};
  if (error.offset) fields["offset"] = *error.offset;
  if (!error.field.empty()) fields["field"] = json_text(error.field);
  return json_line({{"error", std::move(fields)}});
}

void add_hashes(json::object& object, const InfoHashes& hashes) {
  object["info_hash_v1"] = hashes.v1 ? json::value(hashes.v1->hex()) : json::value(nullptr);
  object["info_hash_v2"] = hashes.v2 ? json::value(hashes.v2->hex()) : json::value(nullptr);
}

json::object torrent_json(const TorrentMetadata& metadata) {
  const TorrentInfo& info = *metadata.info;
  json::object out{{"type", "torrent"}, {"name", json_text(info.name)}};
  out["kind"] = kind_name(info.layout.kind());
  add_hashes(out, info.hashes);
  out["content_bytes"] = info.layout.content_size();
  out["piece_length"] = info.layout.piece_length();
  out["piece_count"] = info.layout.piece_count();
  out["private"] = info.is_private;
  out["source"] = optional_text(info.source);
  out["comment"] = optional_text(metadata.comment);
  out["created_by"] = optional_text(metadata.created_by);
  out["creation_date"] = date(metadata.creation_date);
  json::array tiers;
  for (const auto& tier : metadata.tracker_tiers) tiers.push_back(texts(tier));
  out["trackers"] = std::move(tiers);
  out["web_seeds"] = texts(metadata.web_seeds);
  out["nodes"] = nodes_json(metadata.nodes);
  json::array files;
  std::uint64_t index = 0;
  for (const TorrentFile& file : info.layout.files()) files.push_back(file_json(file, index++));
  out["files"] = std::move(files);
  out["piece_layers"] = metadata.piece_layers.size();
  return out;
}

json::object magnet_json(const Magnet& magnet) {
  json::object out{{"type", "magnet"}, {"name", optional_text(magnet.name)}};
  add_hashes(out, magnet.hashes);
  out["content_bytes"] = magnet.length ? json::value(*magnet.length) : json::value(nullptr);
  out["trackers"] = texts(magnet.trackers);
  out["web_seeds"] = texts(magnet.web_seeds);
  out["exact_sources"] = texts(magnet.exact_sources);
  out["peers"] = nodes_json(magnet.peers);
  json::array selected;
  for (const auto& range : magnet.selected) {
    selected.push_back(json::array{range.first, range.last});
  }
  out["selected"] = std::move(selected);
  return out;
}

json::object status_json(const TorrentStatus& status) {
  json::object out{{"name", json_text(status.name)}};
  add_hashes(out, status.hashes);
  out["state"] = state_name(status.state);
  out["total_bytes"] = status.total_bytes;
  out["done_bytes"] = status.done_bytes;
  out["pieces_total"] = status.pieces_total;
  out["pieces_done"] = status.pieces_done;
  out["downloaded_bytes"] = status.swarm.downloaded_bytes;
  out["uploaded_bytes"] = status.swarm.uploaded_bytes;
  out["wasted_bytes"] = status.swarm.wasted_bytes;
  out["down_rate"] = static_cast<std::uint64_t>(status.swarm.down_rate);
  out["up_rate"] = static_cast<std::uint64_t>(status.swarm.up_rate);
  out["peers"] = status.swarm.peers;
  out["seeds"] = status.swarm.seeds;
  if (status.error) {
    out["error"] = json::object{{"code", status.error->code},
                                {"detail", json_text(status.error->detail)},
                                {"recovers", status.error->recovers}};
  }
  return out;
}

json::array trackers_json(const std::vector<TrackerStatus>& trackers) {
  json::array out;
  for (const TrackerStatus& tracker : trackers) {
    out.push_back(json::object{{"url", json_text(tracker.url)},
                               {"tier", tracker.tier},
                               {"state", tracker.state},
                               {"error", optional_text(tracker.last_error)},
                               {"seeders", tracker.seeders},
                               {"leechers", tracker.leechers},
                               {"downloads", tracker.downloads},
                               {"peers", tracker.peers_received}});
  }
  return out;
}

json::array unusable_json(const std::vector<UnusableTracker>& trackers) {
  json::array out;
  for (const UnusableTracker& tracker : trackers) {
    out.push_back(json::object{{"url", json_text(tracker.url)},
                               {"code", tracker.problem.code},
                               {"text", json_text(tracker.problem.text)}});
  }
  return out;
}

json::object unusable_event_json(const UnusableTracker& tracker, const InfoHashes& hashes) {
  json::object out = event_head(hashes);
  out["event"] = "tracker";
  out["url"] = json_text(tracker.url);
  out["announce"] = "started";
  out["family"] = nullptr;
  out["ok"] = false;
  out["code"] = tracker.problem.code;
  out["text"] = json_text(tracker.problem.text);
  out["next_seconds"] = nullptr;
  out["state"] = "refused";
  return out;
}

std::optional<json::object> event_json(const Event& event, const TorrentStatus& status,
                                       const TorrentInfo* info) {
  json::object out = event_head(status.hashes);
  const char* name = std::visit(EventFields(out, status, info), event.body);
  if (name == nullptr) return std::nullopt;
  out["event"] = name;
  return out;
}

}  // namespace weir
