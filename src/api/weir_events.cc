// SPDX-License-Identifier: MIT OR Apache-2.0
// What happens, as server-sent events (HTML standard, "Server-sent events").
//
// An id is the run and the number of the event in it. A client that comes back with the last id it
// saw goes on behind it; when that is not possible (another run, or too long ago) the first event
// it gets is `gap`: what it knows is to be asked anew. A client that does not read as fast as
// things happen is reset once the log has gone past it, and comes back the same way.
#include <mutex>
#include <utility>

#include "api/internal/weir.h"
#include "http/field.h"

namespace weir::api {
namespace {

namespace json = boost::json;

constexpr std::size_t kEventsPerPart = 200;
constexpr std::string_view kRetry = "retry: 2000\n\n";
constexpr std::string_view kHeartbeat = ": \n\n";

std::string event_id(const WeirState& state, std::uint64_t number) {
  return state.epoch + "-" + std::to_string(number);
}

std::string event_text(const WeirState& state, const NodeEvent& event) {
  json::object data{{"hash", event.hash}, {"at", event.unix_ms}};
  switch (event.kind) {
    case NodeEventKind::added:
      data["name"] = text_json(event.name);
      break;
    case NodeEventKind::failed:
      data["code"] = event.code;
      data["recovers"] = event.recovers;
      break;
    case NodeEventKind::tracker:
      data["tracker"] = text_json(event.tracker);
      data["state"] = event.state;
      data["code"] = event.code;
      data["text"] = text_json(event.text);
      data["peers"] = event.peers;
      break;
    case NodeEventKind::scrape:
      data["tracker"] = text_json(event.tracker);
      data["code"] = event.code;
      data["text"] = text_json(event.text);
      data["seeders"] = event.seeders;
      data["leechers"] = event.leechers;
      data["downloads"] = event.downloads;
      break;
    case NodeEventKind::metadata:
    case NodeEventKind::checked:
    case NodeEventKind::done:
    case NodeEventKind::recovered:
    case NodeEventKind::removed:
      break;
  }
  // JSON on one line: line ends in it are escaped.
  return "id: " + event_id(state, event.number) + "\nevent: " + event_name(event.kind) +
         "\ndata: " + json::serialize(data) + "\n\n";
}

using Done = std::function<void(HttpBodyPart)>;

// Shared with what wakes it, which may come when the stream has gone.
struct Stream : std::enable_shared_from_this<Stream> {
  Stream(WeirStatePtr its_state, std::uint64_t its_position, bool its_gap)
      : state(std::move(its_state)), position(its_position), gap(its_gap) {
    ++state->streams;
  }
  ~Stream() { --state->streams; }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void next(Done its_done);
  // What there is to say now; nothing when there is nothing.
  std::optional<HttpBodyPart> part();
  void wake(bool beat);
  void end();

  const WeirStatePtr state;
  std::mutex mutex;  // everything below
  std::uint64_t position;
  bool gap;
  bool begun = false;
  Done done;  // while nothing has happened
  EventLog::WaitId wait{};
  TimerId timer{};
};

HttpBodyPart text_part(std::string_view text) {
  return std::make_shared<const Buffer>(to_buffer(as_bytes(text)));
}

// REQUIRES: mutex is held.
std::optional<HttpBodyPart> Stream::part() {
  std::string text;
  if (!begun) text = kRetry;
  EventLog::Batch batch = state->events.after(position, kEventsPerPart);
  if (batch.missed && begun) return HttpBodyAbort{};
  if (!begun && (gap || batch.missed)) text += "event: gap\ndata: {}\n\n";
  begun = true;
  position = batch.last;
  for (const NodeEvent& event : batch.events) text += event_text(*state, event);
  if (!text.empty()) return text_part(text);
  if (state->events.closed()) return HttpBodyEnd{};
  return std::nullopt;
}

void Stream::next(Done its_done) {
  std::uint64_t seen = 0;
  {
    std::unique_lock lock(mutex);
    if (auto now = part()) {
      lock.unlock();
      return its_done(std::move(*now));
    }
    done = std::move(its_done);
    seen = position;
  }
  // Both may come before they are noted here, and do no harm when they come for nothing.
  const std::weak_ptr<Stream> weak = weak_from_this();
  const TimerId beat = state->node.work().after(state->heartbeat, [weak] {
    if (const auto stream = weak.lock()) stream->wake(true);
  });
  const auto woken = state->events.wait(seen, [weak] {
    const auto stream = weak.lock();
    if (!stream) return;
    // Not on the thread that pushes: it is the engine's.
    const bool posted = stream->state->node.work().post([weak] {
      if (const auto later = weak.lock()) later->wake(false);
    });
    if (!posted) stream->wake(false);
  });
  std::unique_lock lock(mutex);
  if (done) {
    timer = beat;
    wait = woken;
    return;
  }
  lock.unlock();
  state->node.work().cancel(beat);
  state->events.cancel(woken);
}

void Stream::wake(bool beat) {
  Done answer;
  std::optional<HttpBodyPart> now;
  EventLog::WaitId old_wait{};
  TimerId old_timer{};
  {
    const std::lock_guard lock(mutex);
    if (!done) return;
    now = part();
    if (!now && !beat) return;
    answer = std::exchange(done, nullptr);
    old_wait = wait;
    old_timer = timer;
  }
  state->events.cancel(old_wait);
  state->node.work().cancel(old_timer);
  answer(now ? std::move(*now) : text_part(kHeartbeat));
}

void Stream::end() {
  EventLog::WaitId old_wait{};
  TimerId old_timer{};
  {
    const std::lock_guard lock(mutex);
    done = nullptr;
    old_wait = wait;
    old_timer = timer;
  }
  state->events.cancel(old_wait);
  state->node.work().cancel(old_timer);
}

class EventSource final : public HttpBodySource {
 public:
  explicit EventSource(std::shared_ptr<Stream> stream) : stream_(std::move(stream)) {}
  ~EventSource() override { stream_->end(); }
  EventSource(const EventSource&) = delete;
  EventSource& operator=(const EventSource&) = delete;
  void next(std::size_t, Done done) override { stream_->next(std::move(done)); }

 private:
  std::shared_ptr<Stream> stream_;
};

// Where a client goes on that saw `id` last; nothing: this is no place of this run.
std::optional<std::uint64_t> position_of(const WeirState& state, std::string_view id) {
  const std::size_t dash = id.find('-');
  if (dash == std::string_view::npos || id.substr(0, dash) != state.epoch) return std::nullopt;
  const auto number = http::parse_number(id.substr(dash + 1));
  if (!number || *number > state.events.last()) return std::nullopt;
  return *number;
}

}  // namespace

std::unique_ptr<HttpBodySource> event_source(WeirStatePtr state, std::uint64_t position, bool gap) {
  return std::make_unique<EventSource>(std::make_shared<Stream>(std::move(state), position, gap));
}

void get_events(Context& context, const RequestPtr& request) {
  WeirState& state = *context.weir;
  if (state.streams >= state.streams_max) {
    return answer_error(request, 503, "too_many", "Too many clients follow the events.");
  }
  HttpAnswer out;
  out.fields.push_back({"Content-Type", "text/event-stream"});
  if (request->method == http::Method::head) return request->answer(std::move(out));
  std::uint64_t position = state.events.last();
  bool gap = false;
  if (const auto id = request->field("Last-Event-ID")) {
    const auto known = position_of(state, *id);
    gap = !known;
    // All that is kept is news to a client of another run.
    position = known.value_or(0);
  }
  // 0 with some lost is `missed`, which the stream says itself.
  out.body = event_source(context.weir, position, gap);
  request->answer(std::move(out));
}

}  // namespace weir::api
