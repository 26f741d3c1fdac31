// SPDX-License-Identifier: MIT OR Apache-2.0
// The node as a whole: for people as JSON, for monitoring as the text that Prometheus reads.
#include <array>
#include <cmath>
#include <utility>

#include "api/internal/weir.h"
#include "http/accept.h"

namespace weir::api {
namespace {

namespace json = boost::json;

std::int64_t uptime_s(const WeirState& state) {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() -
                                                          state.started)
      .count();
}

json::object counts_json(const TorrentTotals& totals) {
  json::object out;
  out["total"] = totals.torrents;
  for (std::size_t i = 0; i < kTorrentStates; ++i) {
    out[state_name(static_cast<TorrentState>(i))] = totals.by_state[i];
  }
  return out;
}

json::object space_json(const NodeSpace& space) {
  json::object out;
  out["quota"] = space.quota_bytes > 0 ? json::value(space.quota_bytes) : json::value(nullptr);
  out["used"] = space.used_bytes;
  out["reserved"] = space.reserved_bytes;
  return out;
}

json::array texts_json(const std::vector<Endpoint>& endpoints) {
  json::array out;
  for (const Endpoint& endpoint : endpoints) out.push_back(json::value(endpoint.text()));
  return out;
}

json::object addresses_json(WeirState& state, const HttpRequestHead& head) {
  ApiAddresses at;
  {
    const std::lock_guard lock(state.addresses_mutex);
    at = state.addresses;
  }
  json::object out;
  // Where this client came to. Through the Unix socket that is none of the others.
  out["http"] = json::value(head.local.text());
  if (head.local_user) {
    out["http"] = at.http.empty() ? json::value(nullptr) : json::value(at.http[0].text());
  }
  out["listening"] = texts_json(at.http);
  out["socket"] = at.socket.empty() ? json::value(nullptr) : json::value(text_json(at.socket));
  out["peers"] = texts_json(state.node.client().listening());
  return out;
}

enum class MetricsForm : std::uint8_t { text, open_metrics };
constexpr std::array<std::string_view, 2> kMetricsOffers{"text/plain",
                                                         "application/openmetrics-text"};

// Families with their type and help, samples below. OpenMetrics 1.0 ends with "# EOF"; the older
// text format of Prometheus (0.0.4) knows no info, and its families have their samples' full name.
class Metrics {
 public:
  explicit Metrics(MetricsForm form) : open_(form == MetricsForm::open_metrics) {}

  void family(std::string_view name, std::string_view type, std::string_view help) {
    const std::string family = "weir_" + std::string(name);
    name_ = family + (type == "counter" ? "_total" : type == "info" ? "_info" : "");
    if (!open_ && type == "info") type = "gauge";
    const std::string& named = open_ ? family : name_;
    text_ += "# TYPE " + named + ' ' + std::string(type) + '\n';
    text_ += "# HELP " + named + ' ' + std::string(help) + '\n';
  }
  void sample(std::uint64_t value, const std::string& labels = {}) {
    text_ += name_ + labels + ' ' + std::to_string(value) + '\n';
  }
  void counter(std::string_view name, std::string_view help, std::uint64_t value) {
    family(name, "counter", help);
    sample(value);
  }
  void gauge(std::string_view name, std::string_view help, std::uint64_t value) {
    family(name, "gauge", help);
    sample(value);
  }
  [[nodiscard]] std::string finish() { return std::move(text_) + (open_ ? "# EOF\n" : ""); }

 private:
  bool open_;
  std::string name_;  // of the samples
  std::string text_;
};

std::uint64_t rounded(double value) {
  return static_cast<std::uint64_t>(std::llround(std::max(0.0, value)));
}

std::string metrics_text(WeirState& state, MetricsForm form) {
  const TorrentTotals totals = state.index.totals();
  const NodeSpace space = state.node.space();
  Metrics out(form);
  out.family("build", "info", "The version of the program.");
  out.sample(1, "{version=\"" WEIR_VERSION "\"}");
  out.gauge("uptime_seconds", "Since the API began to serve.",
            static_cast<std::uint64_t>(uptime_s(state)));
  out.family("torrents", "gauge", "Torrents by state.");
  for (std::size_t i = 0; i < kTorrentStates; ++i) {
    const auto name = state_name(static_cast<TorrentState>(i));
    out.sample(totals.by_state[i], "{state=\"" + std::string(name) + "\"}");
  }
  out.counter("downloaded_bytes", "Content from peers, what was wasted included.",
              totals.downloaded_bytes);
  out.counter("uploaded_bytes", "Content to peers.", totals.uploaded_bytes);
  out.counter("wasted_bytes", "Content that came twice, was wrong or was not wanted.",
              totals.wasted_bytes);
  out.counter("failed_pieces", "Pieces that did not match their hash.", totals.failed_pieces);
  out.gauge("download_rate_bytes", "Content from peers, a second.", rounded(totals.down_rate));
  out.gauge("upload_rate_bytes", "Content to peers, a second.", rounded(totals.up_rate));
  out.gauge("peers", "Connected peers, of all torrents.", totals.peers);
  out.gauge("store_used_bytes", "Content that is here or is being fetched.", space.used_bytes);
  out.gauge("store_reserved_bytes", "Room kept for uploads under way.", space.reserved_bytes);
  out.gauge("store_quota_bytes", "The node's quota; 0 for none.", space.quota_bytes);
  out.gauge("piece_buffer_bytes", "Memory of pieces on their way to or from the disk.",
            state.node.client().buffer_bytes());
  out.counter("http_requests", "Requests that reached a handler.", state.requests);
  out.gauge("event_streams", "Clients that follow the events.", state.streams);
  out.counter("events", "Events that happened.", state.events.last());
  return out.finish();
}

}  // namespace

void get_status(Context& context, const RequestPtr& request) {
  later(context, request, [request](WeirState& state) {
    const TorrentTotals totals = state.index.totals();
    const SessionConfig& session = state.node.config().client.session;
    json::object out;
    out["version"] = WEIR_VERSION;
    out["uptime"] = uptime_s(state);
    out["addresses"] = addresses_json(state, request->call.head());
    json::array external;
    for (const IpAddress& address : state.node.client().external_addresses()) {
      external.push_back(json::value(address.text()));
    }
    out["externalAddresses"] = std::move(external);
    out["torrents"] = counts_json(totals);
    out["peers"] = totals.peers;
    out["downRate"] = rounded(totals.down_rate);
    out["upRate"] = rounded(totals.up_rate);
    out["downloaded"] = totals.downloaded_bytes;
    out["uploaded"] = totals.uploaded_bytes;
    out["limits"] = limits_json(state.node.limits());
    out["connections"] = {{"max", session.total_max}, {"perTorrentMax", session.per_torrent_max}};
    out["space"] = space_json(state.node.space());
    out["memory"] = {{"pieceBuffers", state.node.client().buffer_bytes()},
                     {"pieceBuffersMax", session.buffer_bytes_max}};
    out["events"] = {{"last", state.epoch + "-" + std::to_string(state.events.last())},
                     {"streams", state.streams.load()}};
    answer_json(request, out);
  });
}

void get_metrics(Context& context, const RequestPtr& request) {
  later(context, request, [request](WeirState& state) {
    const bool open = http::negotiate(request->field("Accept"), kMetricsOffers) == 1;
    HttpAnswer out;
    out.fields.push_back(
        {"Content-Type", open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                              : "text/plain; version=0.0.4; charset=utf-8"});
    out.fields.push_back({"Vary", "Accept"});
    out.body = metrics_text(state, open ? MetricsForm::open_metrics : MetricsForm::text);
    request->answer(std::move(out));
  });
}

}  // namespace weir::api
