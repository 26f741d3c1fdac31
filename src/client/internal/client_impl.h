// SPDX-License-Identifier: MIT OR Apache-2.0
// The inside of Client: the engine's thread, its disk and state, and what waits for events.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "client/weir.h"
#include "io/job_pool.h"
#include "io/pooled_disk.h"
#include "io/posix_disk.h"
#include "io/shard.h"
#include "io/sqlite_state.h"
#include "io/work_queue.h"

namespace weir {

[[nodiscard]] ClientError stopped_error();
[[nodiscard]] ClientError client_error(const SessionError& error);

struct Client::Impl {
  explicit Impl(ClientConfig client_config) : config(std::move(client_config)) {}

  // Runs `ask` on the engine's thread and waits for its answer; nothing once stopped.
  template <class Ask>
  auto call(Ask ask) -> std::optional<std::invoke_result_t<Ask, Session&, TimePoint>> {
    using Answer = std::invoke_result_t<Ask, Session&, TimePoint>;
    auto promise = std::make_shared<std::promise<Answer>>();
    std::future<Answer> answer = promise->get_future();
    const bool posted = shard->post([promise = std::move(promise), ask = std::move(ask)](
                                        Session& session, TimePoint now) mutable {
      promise->set_value(ask(session, now));
      promise.reset();
    });
    if (!posted) return std::nullopt;
    try {
      return answer.get();
    } catch (const std::future_error&) {
      return std::nullopt;  // accepted, then dropped by a stop
    }
  }
  template <class Command>
  void command(Command run) {
    (void)call([run = std::move(run)](Session& session, TimePoint now) mutable {
      run(session, now);
      return true;
    });
  }

  void on_event(const Event& event);
  void on_read(const ReadDone& done);
  // bans.cc
  void restore_bans();
  void save_ban(const PeerBanned& banned);
  // Answers what the engine will not answer any more.
  void fail_reads();

  ClientConfig config;
  PosixDisk disk;
  std::unique_ptr<SqliteStateStore> state;
  std::unique_ptr<JobPool> jobs;
  // Saves bans, one after another; none where nothing is kept.
  std::unique_ptr<WorkQueue> saver;
  std::unique_ptr<PooledDisk> pooled;
  std::unique_ptr<Shard> shard;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Event> events;
  std::size_t piece_events = 0;  // PieceDone among them
  std::shared_ptr<const std::function<void(const Event&)>> observer;
  // Reads under way. The engine's id is known once its thread has begun the read.
  struct Read {
    ReadDoneFunction done;
    std::optional<ReadId> id;
  };
  std::uint64_t next_read = 1;
  std::map<ReadHandle, Read> reads;
  std::map<ReadId, ReadHandle> read_of;
};

}  // namespace weir
