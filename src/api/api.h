// SPDX-License-Identifier: MIT OR Apache-2.0
// The node's HTTP face: the REST interface of a Codex node (docs/codex-api.md), the gateway of
// content by hash (docs/http.md) and health.
//
//   Api api(*node, config);
//   HttpServer server(server_config, api);
//
// Every request passes the same gate first, whatever its route: a method that is known (501), a
// target that can be read one way only (400, 414), a Host that is ours (400, 421), no foreign page
// behind it (403), a token where tokens are configured (401, 403). handle() never blocks: what has
// to ask the engine or the disk runs on the node's threads.
//
// What comes through the server's Unix socket is its user's own doing: it needs no token and its
// Host means nothing, unless a browser's page is behind it.
//
// The node must outlive the api, and the api the server's stop().
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/host.h"
#include "http/origin.h"
#include "http/presentation.h"
#include "http/tar_reader.h"
#include "http/token.h"
#include "io/http_server.h"
#include "node/node.h"

namespace weir {

struct ApiAddresses {
  std::vector<Endpoint> http;
  std::string socket;  // the Unix socket; empty: there is none
};

struct ApiConfig {
  http::HostPolicy hosts;      // beside localhost and address literals
  http::OriginPolicy origins;  // who may use it from a browser's page; nobody by default
  http::TokenTable tokens;     // empty: none is needed, which suits a loopback address only
  http::PreviewRule preview = http::PreviewRule::never;
  // Sets the level of the log while running, as `POST …/debug/chronicles/loglevel` asks; false: no
  // such level. Empty: there is no log to set.
  std::function<bool(const std::string& level)> set_log_level;
  // Of GET /api/weir/v1/events: how many events are kept for those who come back, and how long
  // nothing happens before a comment says that the connection lives.
  std::size_t events_max = 10'000;
  std::chrono::milliseconds event_heartbeat{15'000};
  http::TarLimits tar;  // of folders that are uploaded
};

class Api final : public HttpHandler {
 public:
  Api(Node& node, ApiConfig config);
  ~Api() override;
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  void handle(HttpCall call) override;

  // What /readyz answers; false at first, and again before stopping: then streams of events end, so
  // that no answer under way holds up the server's stop. Any thread.
  void set_ready(bool ready);
  // Where it is served, for those who ask. Any thread.
  void set_addresses(ApiAddresses addresses);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
