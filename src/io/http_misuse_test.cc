// SPDX-License-Identifier: MIT OR Apache-2.0
// Many clients at once that break off anywhere, against handlers that answer from another thread.
#include <gtest/gtest.h>
#include <atomic>
#include <deque>
#include <thread>

#include "base/random.h"
#include "io/http_server.h"
#include "io/testing/http_client.h"

namespace weir {
namespace {

using std::chrono::milliseconds;

// One thread that runs what it is given, in order.
class Worker {
 public:
  ~Worker() { stop(); }
  void post(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    changed_.notify_one();
  }
  // After what was posted before.
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      changed_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      const auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::thread thread_{[this] { run(); }};
};

struct Tally {
  std::atomic<int> sources = 0;
  std::atomic<int> sinks = 0;
};

class RemoteSource final : public HttpBodySource {
 public:
  RemoteSource(Worker& worker, Tally& tally) : worker_(worker), tally_(tally) { ++tally_.sources; }
  ~RemoteSource() override { --tally_.sources; }
  void next(std::size_t bytes_max, std::function<void(HttpBodyPart)> done) override {
    const std::size_t bytes = std::min<std::size_t>(bytes_max, 20'000);
    const bool last = ++parts_ > 50;
    worker_.post([bytes, last, done = std::move(done)] {
      if (last) return done(HttpBodyEnd{});
      done(std::make_shared<const Buffer>(bytes));
    });
  }

 private:
  Worker& worker_;
  Tally& tally_;
  int parts_ = 0;
};

class RemoteSink final : public HttpBodySink {
 public:
  RemoteSink(Worker& worker, Tally& tally, std::shared_ptr<HttpCall> call)
      : worker_(worker), tally_(tally), call_(std::move(call)) {
    ++tally_.sinks;
  }
  ~RemoteSink() override { --tally_.sinks; }
  void data(Bytes bytes, std::function<void()> done) override {
    // Reads the bytes there, as a disk would, whatever became of the connection.
    worker_.post([bytes, done = std::move(done)] {
      unsigned sum = 0;
      for (const std::byte b : bytes) sum += std::to_integer<unsigned>(b);
      EXPECT_EQ(sum, bytes.size() * 'u');
      done();
    });
  }
  void end() override {
    worker_.post([call = call_] { call->answer(text_answer("stored")); });
  }

 private:
  Worker& worker_;
  Tally& tally_;
  std::shared_ptr<HttpCall> call_;
};

void serve(Worker& worker, Tally& tally, HttpCall call) {
  const std::string target = call.head().target;
  auto held = std::make_shared<HttpCall>(std::move(call));
  if (target == "/up") {
    return held->receive(std::make_unique<RemoteSink>(worker, tally, held), 1u << 20);
  }
  worker.post([&worker, &tally, held, target] {
    if (target == "/drop") return;
    HttpAnswer answer = text_answer("text");
    if (target == "/stream") answer.body = std::make_unique<RemoteSource>(worker, tally);
    held->answer(std::move(answer));
  });
}

void misbehave(const Endpoint& at, Random& random) {
  HttpClient client(at, random.chance(0.5) ? 4096 : 0);
  const std::string upload = "POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n";
  const std::vector<std::string> requests = {
      "GET /text HTTP/1.1\r\nHost: h\r\n\r\n",    "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n",
      "GET /stream HTTP/1.0\r\nHost: h\r\n\r\n",  "GET /drop HTTP/1.1\r\nHost: h\r\n\r\n",
      "HEAD /stream HTTP/1.1\r\nHost: h\r\n\r\n", "NONSENSE\r\n\r\n",
      upload + std::string(300'000, 'u')};
  for (std::uint64_t i = 1 + random.below(3); i > 0; --i) {
    const std::string& request = requests[random.below(requests.size())];
    const bool whole = random.chance(0.6);
    client.send_what_fits(
        std::string_view(request).substr(0, whole ? request.size() : random.below(request.size())));
    if (random.chance(0.3)) client.answer();
    if (!whole) break;
  }
  if (random.chance(0.3)) client.end_sending();
  if (random.chance(0.3)) (void)client.receive(1 + random.below(50'000));
  if (random.chance(0.5)) client.reset();
}

TEST(HttpMisuse, ClientsThatBreakOffAnywhereLeaveNothingBehind) {
  Worker worker;
  Tally tally;
  LoopbackHttp http([&](HttpCall call) { serve(worker, tally, std::move(call)); },
                    {.header_deadline = milliseconds(50),
                     .idle_timeout = milliseconds(50),
                     .half_closed_wait = milliseconds(50),
                     .slow_window = milliseconds(100),
                     .send_buffer_bytes = 64 * 1024});
  std::vector<std::thread> threads;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    threads.emplace_back([&, seed] {
      Random random(seed);
      for (int i = 0; i < 75; ++i) misbehave(http.endpoint(), random);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (http.server().counts().connections > 0 && std::chrono::steady_clock::now() < end) {
    std::this_thread::yield();
  }
  EXPECT_EQ(http.server().counts().connections, 0u);
  EXPECT_EQ(http.server().counts().accepted, 300u);
  EXPECT_EQ(HttpClient(http.endpoint()).get("/text").body, "text");
  worker.stop();
  http.server().stop();
  EXPECT_EQ(tally.sources, 0);
  EXPECT_EQ(tally.sinks, 0);
}

TEST(HttpMisuse, StopEndsWhateverIsUnderWay) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Worker worker;
    Tally tally;
    LoopbackHttp http([&](HttpCall call) { serve(worker, tally, std::move(call)); });
    std::atomic<bool> over = false;
    std::thread clients([&] {
      Random random(seed);
      std::vector<std::unique_ptr<HttpClient>> open;
      for (int i = 0; i < 20; ++i) {
        open.push_back(std::make_unique<HttpClient>(http.endpoint(), 4096));
        open.back()->send_what_fits(
            random.chance(0.5) ? "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n"
                               : "POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nu");
      }
      while (!over) std::this_thread::yield();
    });
    // All are connected, and some are being answered.
    while (http.server().counts().accepted < 20 || http.server().counts().requests < seed / 2) {
      std::this_thread::yield();
    }
    const milliseconds grace(seed % 2 == 0 ? 20 : 0);
    std::thread stopping([&] { http.server().stop(grace); });
    stopping.join();
    EXPECT_EQ(http.server().counts().connections, 0u);
    over = true;
    clients.join();
    worker.stop();
    EXPECT_EQ(tally.sources, 0);
    EXPECT_EQ(tally.sinks, 0);
  }
}

}  // namespace
}  // namespace weir
