// SPDX-License-Identifier: MIT OR Apache-2.0
// weir show --scrape: what the trackers of a torrent say of its swarm. Announces nothing and keeps
// nothing: nobody learns more of us than that somebody asked.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>

#include "cli/commands.h"
#include "cli/json.h"
#include "cli/render.h"
#include "cli/source.h"
#include "cli/stop_signal.h"
#include "cli/transfer.h"

namespace weir {
namespace {

// What one tracker said: the largest numbers of its families, or why there are none.
struct Row {
  std::string url;
  bool answered = false;
  std::uint32_t seeders = 0, leechers = 0, downloads = 0;
  std::optional<TrackerAnnounced::Failure> failure;

  void take(const TrackerScraped& scraped) {
    if (scraped.failure) {
      // A tracker without an address of one family says nothing about the other.
      if (!failure || failure->code == error_name(TrackerErrc::unresolved)) {
        failure = scraped.failure;
      }
      return;
    }
    answered = true;
    seeders = std::max(seeders, scraped.seeders);
    leechers = std::max(leechers, scraped.leechers);
    downloads = std::max(downloads, scraped.downloads);
  }
};

// By its hashes and trackers alone, so that no file is looked at or made; paused, so that nothing
// is announced.
AddTorrent request_of(const TorrentSource& source) {
  AddTorrent request;
  request.magnet = Magnet{};
  request.magnet->hashes = source.hashes();
  if (source.magnet) request.magnet->trackers = source.magnet->trackers;
  if (source.metadata) {
    for (const auto& tier : source.metadata->tracker_tiers) {
      auto& all = request.magnet->trackers;
      all.insert(all.end(), tier.begin(), tier.end());
    }
  }
  request.seed_only = true;
  request.paused = true;
  return request;
}

CliResult<std::vector<Row>> ask(const TorrentSource& source) {
  ClientConfig config;
  config.session.client_version = fmt::format("weir {}", cli_version());
  config.ca_file = certificates_file();
  auto client = Client::open(std::move(config));
  if (!client) return std::unexpected(client_failure(client.error(), "starting"));
  const auto key = (*client)->add(request_of(source));
  if (!key) return std::unexpected(client_failure(key.error(), source.label()));
  std::vector<Row> rows;
  for (const TrackerStatus& tracker : (*client)->trackers(*key)) {
    Row row;
    row.url = tracker.url;
    if (!tracker.last_error.empty()) {
      row.failure = TrackerAnnounced::Failure{.code = tracker.state, .text = tracker.last_error};
    }
    rows.push_back(std::move(row));
  }
  const auto asked = (*client)->scrape(*key);
  if (!asked) return std::unexpected(client_failure(asked.error(), source.label()));
  for (std::uint32_t left = *asked; left > 0 && !stop_requested();) {
    const auto event = (*client)->wait_event(std::chrono::milliseconds(200));
    const auto* scraped = event ? std::get_if<TrackerScraped>(&event->body) : nullptr;
    if (scraped == nullptr) continue;
    --left;
    const auto row = std::ranges::find(rows, scraped->url, &Row::url);
    if (row != rows.end()) row->take(*scraped);
  }
  return rows;
}

std::string page(const std::vector<Row>& rows) {
  std::string out;
  for (const Row& row : rows) {
    if (row.answered) {
      out += fmt::format("{:>8} seeders {:>8} leechers {:>10} downloads  {}\n", row.seeders,
                         row.leechers, row.downloads, printable(row.url));
    } else {
      out += fmt::format("{}: {}\n", printable(row.url),
                         row.failure ? printable(row.failure->text) : "no answer");
    }
  }
  return out;
}

boost::json::object rows_json(const std::vector<Row>& rows, const InfoHashes& hashes) {
  boost::json::object out;
  add_hashes(out, hashes);
  boost::json::array trackers;
  for (const Row& row : rows) {
    boost::json::object tracker{{"url", json_text(row.url)}, {"ok", row.answered}};
    if (row.answered) {
      tracker["seeders"] = row.seeders;
      tracker["leechers"] = row.leechers;
      tracker["downloads"] = row.downloads;
    } else {
      tracker["code"] = row.failure ? row.failure->code : "timed_out";
      tracker["text"] = json_text(row.failure ? row.failure->text : "no answer");
    }
    trackers.push_back(std::move(tracker));
  }
  out["scrape"] = std::move(trackers);
  return out;
}

}  // namespace

ExitCode run_scrape(const Arguments& arguments, Output& output) {
  const auto source = load_source(arguments.operands[0]);
  if (!source) return fail(output, source.error());
  const auto rows = ask(*source);
  if (!rows) return fail(output, rows.error());
  output.data(output.human() ? page(*rows) : json_line(rows_json(*rows, source->hashes())));
  if (std::ranges::any_of(*rows, &Row::answered)) return ExitCode::done;
  output.warning(rows->empty() ? "there is no tracker to ask" : "no tracker answered");
  return ExitCode::network;
}

}  // namespace weir
