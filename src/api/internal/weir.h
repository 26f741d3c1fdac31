// SPDX-License-Identifier: MIT OR Apache-2.0
// weir's own API below /api/weir/v1: what its handlers share, and what is said about each route in
// the OpenAPI document.
#pragma once

#include <atomic>
#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/internal/routes.h"
#include "node/event_log.h"
#include "node/torrent_index.h"

namespace weir::api {

inline constexpr std::string_view kWeirBase = "/api/weir/v1";
inline constexpr std::size_t kPageMax = 1000;
inline constexpr std::size_t kPageDefault = 100;
inline constexpr std::size_t kSearchBytesMax = 256;
inline constexpr std::size_t kSmallBodyMax = 64 * 1024;  // of every body but a torrent's
inline constexpr std::size_t kEventStreamsMax = 64;

// Lives as long as the last work that was begun for a request. `node` is the only thing in it that
// it does not own.
struct WeirState {
  // Watches the node from here on.
  WeirState(Node& its_node, const ApiConfig& config);
  WeirState(const WeirState&) = delete;
  WeirState& operator=(const WeirState&) = delete;

  Node& node;
  TorrentIndex index;
  EventLog events;
  const std::string epoch;  // of event ids: another run counts from one again
  const std::chrono::milliseconds heartbeat;
  const std::size_t streams_max;
  std::atomic<std::size_t> streams{0};
  const std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  std::atomic<std::uint64_t> requests{0};
  std::mutex addresses_mutex;
  ApiAddresses addresses;
  std::mutex limits_mutex;
  std::map<TorrentKey, RateLimits> limits;  // of torrents that have some
};
using WeirStatePtr = std::shared_ptr<WeirState>;

// Answers of one form: {"error":{"code","text"}}. Codes are stable.
[[nodiscard]] HttpAnswer weir_error(unsigned status, std::string_view code, std::string_view text);
[[nodiscard]] HttpAnswer weir_error(const NodeError& error);
[[nodiscard]] std::string_view code_of(http::HttpErrc error);
// Whether a request is one to this API, as far as its raw target tells.
[[nodiscard]] bool is_weir_target(std::string_view target);

void answer_error(const RequestPtr& request, unsigned status, std::string_view code,
                  std::string_view text);
void answer_json(const RequestPtr& request, const boost::json::value& value, unsigned status = 200);
// Runs it on one of the node's threads, or answers that the node is stopping.
void later(Context& context, const RequestPtr& request, std::function<void(WeirState&)> work);
// A CID of an info hash, or of an upload that is here, as a torrent's name.
[[nodiscard]] std::optional<InfoHashes> hashes_of_cid(Node& node, std::string_view text);
// An info hash in any form, or such a CID.
[[nodiscard]] std::optional<InfoHashes> hashes_of_text(Node& node, std::string_view text);
// The same with the torrent that the path names, by an info hash or a CID; answers 400 or 404 when
// there is none.
void later_with_torrent(Context& context, const RequestPtr& request,
                        std::function<void(WeirState&, TorrentKey)> work);
// The body as JSON, at most 64 levels deep (LIM-13).
[[nodiscard]] std::optional<boost::json::value> read_json(Bytes body);
// Receives a body of at most `bytes_max` and goes on; answers 413.
void receive(const RequestPtr& request, std::size_t bytes_max, std::function<void(Buffer)> then);
// Any bytes as a JSON string.
[[nodiscard]] boost::json::string text_json(std::string_view text);
[[nodiscard]] boost::json::value limits_json(RateLimits limits);
// {"down","up"}, both optional; what is left out stays as in `limits`.
[[nodiscard]] bool read_limits(const boost::json::value& body, RateLimits& limits);
[[nodiscard]] boost::json::object torrent_json(const TorrentStatus& status);
// How long it is kept.
void add_keep(boost::json::object& out, const Keep& keep);

// Whether paths of this machine may be told to the one who asks, and taken from them.
[[nodiscard]] bool may_name_paths(const Context& context, const Request& request);
// On the server's thread: answers 202 with what is under way now.
void publish_path(Context& context, const RequestPtr& request, PublishRequest wanted);

// The stream of events behind `position`; ends it when the log closes.
[[nodiscard]] std::unique_ptr<HttpBodySource> event_source(WeirStatePtr state,
                                                           std::uint64_t position, bool missed);

// One route with what the document says about it.
struct WeirRoute {
  Route route;
  std::string_view name;  // operationId
  std::string_view summary;
  std::string_view query = {};   // names of parameters in the document's components, by commas
  std::string_view body = {};    // of its request bodies
  unsigned status = 200;         // of success
  std::string_view answer = {};  // of its schemas; a media type where there is none; or nothing
  std::string_view errors = {};  // statuses beside 400, 401, 403 and 503, by commas
};
[[nodiscard]] std::span<const WeirRoute> weir_documented_routes();
// The document's components: schemas, parameters, request bodies.
[[nodiscard]] std::string_view weir_components();

// Handlers.
void list_torrents(Context& context, const RequestPtr& request);
void add_torrent(Context& context, const RequestPtr& request);
void list_publishing(Context& context, const RequestPtr& request);
void get_publishing(Context& context, const RequestPtr& request);
void delete_publishing(Context& context, const RequestPtr& request);
void get_torrent(Context& context, const RequestPtr& request);
void delete_torrent(Context& context, const RequestPtr& request);
void pause_torrent(Context& context, const RequestPtr& request);
void resume_torrent(Context& context, const RequestPtr& request);
void recheck_torrent(Context& context, const RequestPtr& request);
void get_files(Context& context, const RequestPtr& request);
void get_peers(Context& context, const RequestPtr& request);
void get_trackers(Context& context, const RequestPtr& request);
void get_pieces(Context& context, const RequestPtr& request);
void get_torrent_limits(Context& context, const RequestPtr& request);
void put_torrent_limits(Context& context, const RequestPtr& request);
void scrape_torrent(Context& context, const RequestPtr& request);
void get_bans(Context& context, const RequestPtr& request);
void delete_ban(Context& context, const RequestPtr& request);
void get_limits(Context& context, const RequestPtr& request);
void put_limits(Context& context, const RequestPtr& request);
void patch_torrent(Context& context, const RequestPtr& request);
void get_store(Context& context, const RequestPtr& request);
void verify_store(Context& context, const RequestPtr& request);
void repair_store(Context& context, const RequestPtr& request);
void get_store_check(Context& context, const RequestPtr& request);
void delete_store_check(Context& context, const RequestPtr& request);
void post_gc(Context& context, const RequestPtr& request);
void get_status(Context& context, const RequestPtr& request);
void get_events(Context& context, const RequestPtr& request);
void get_metrics(Context& context, const RequestPtr& request);
void get_openapi(Context& context, const RequestPtr& request);

}  // namespace weir::api
