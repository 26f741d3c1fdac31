// SPDX-License-Identifier: MIT OR Apache-2.0
// One thread with one event loop that runs one Session on real sockets.
//
// Call order: construct, start(), any number of post(), stop(). All functions may be called from
// any thread except the shard's own (post() from there too), one at a time for start() and stop().
// The Session is touched on the shard's thread only: that is where posted functions and the event
// callback run. Every input to the session is followed by carrying out all it asks for.
//
// Never: blocks its thread on names, HTTP or disk jobs; leaves an operation behind after stop(),
// but for a name look-up that the system will not end (see internal/resolver.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/time.h"
#include "engine/session.h"
#include "io/net_error.h"
#include "io/shard_disk.h"

namespace weir {

struct ShardConfig {
  SessionConfig session;
  std::uint64_t random_seed = 0;
  // Where to accept connections; empty: nowhere. Port 0: one that is free, the same for all. An
  // IPv6 endpoint is passed over, with a warning, on a machine without IPv6.
  std::vector<Endpoint> listen;
  // The certificates (PEM) trusted for HTTPS trackers; empty: the system's.
  std::string ca_file = {};
  // Told what went wrong without ending anything; on any thread, never two at once.
  std::function<void(const std::string& text)> warn;
};

class Shard {
 public:
  using EventHandler = std::function<void(const Event& event)>;
  // Must not call the shard's stop(), nor touch the session but through the argument.
  using Task = std::function<void(Session& session, TimePoint now)>;

  // `disk` outlives the shard and every job it was given. `on_event` runs on the shard's thread in
  // the middle of a call to the session: it may post(), but not use the session.
  Shard(ShardConfig config, ShardDisk& disk, EventHandler on_event);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // Opens the sockets and begins. An error leaves nothing open.
  [[nodiscard]] NetResult<void> start();
  // Where connections are accepted, with the chosen ports. After start().
  [[nodiscard]] const std::vector<Endpoint>& listening() const;
  // Runs `task` on the shard's thread, soon. False: not started or stopped, it will not run. A task
  // accepted shortly before the end may be dropped unrun.
  bool post(Task task);
  // Stops the session (see Session::stop), waits for its work and the thread; at most 5 s.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
