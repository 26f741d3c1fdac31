// SPDX-License-Identifier: MIT OR Apache-2.0
// The routes by theme. Handlers run on the server's thread and must not block there.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "api/api.h"
#include "api/internal/request.h"
#include "http/token.h"

namespace weir::api {

struct WeirState;

struct Context {
  Node& node;
  const ApiConfig& config;
  std::atomic<bool> ready{false};
  std::shared_ptr<WeirState> weir = {};  // see weir.h

  // Runs it on one of the node's threads, or answers that the node is stopping.
  void later(const RequestPtr& request, std::function<void()> work);
};

struct Route {
  http::Method method;
  std::string_view pattern;
  http::Scope scope;
  bool needs_token;
  void (*handler)(Context&, const RequestPtr&);
};
[[nodiscard]] std::span<const Route> upload_routes();
[[nodiscard]] std::span<const Route> folder_routes();
[[nodiscard]] std::span<const Route> data_routes();
[[nodiscard]] std::span<const Route> torrent_routes();
[[nodiscard]] std::span<const Route> node_routes();
[[nodiscard]] std::span<const Route> gateway_routes();
[[nodiscard]] std::span<const Route> weir_routes();
[[nodiscard]] std::span<const Route> page_routes();

// Fetches and goes on with what was found, or answers why not.
void with_torrent(Context& context, const RequestPtr& request, FetchSource source,
                  std::function<void(const Found&)> found);
// The multihash of an info hash as what the engine looks for; nothing for other hashes.
[[nodiscard]] std::optional<InfoHashes> info_hashes(const Multihash& hash);

}  // namespace weir::api
