// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/internal/resolver.h"

#include <netdb.h>
#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "io/internal/sockets.h"

namespace weir {

struct Resolver::Shared {
  struct Task {
    RequestId id{};
    std::string host;
    AddressFamily family{};
    std::function<void(std::vector<IpAddress>)> done;
  };

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Task> queue;
  LookUp look_up;
  unsigned threads = 0;
  unsigned idle = 0;
  bool stopping = false;

  static void run(std::shared_ptr<Shared> self) {
    std::unique_lock lock(self->mutex);
    while (!self->stopping) {
      if (self->queue.empty()) {
        ++self->idle;
        self->changed.wait(lock, [&] { return self->stopping || !self->queue.empty(); });
        --self->idle;
        continue;
      }
      const Task task = std::move(self->queue.front());
      self->queue.pop_front();
      lock.unlock();
      task.done(self->look_up(task.host, task.family));
      lock.lock();
    }
    --self->threads;
    self->changed.notify_all();
  }
};

Resolver::Resolver(std::shared_ptr<Mailbox> mailbox, Answer answer, LookUp look_up)
    : mailbox_(std::move(mailbox)),
      answer_(std::move(answer)),
      shared_(std::make_shared<Shared>()) {
  shared_->look_up = std::move(look_up);
}

Resolver::~Resolver() { stop(); }

void Resolver::lookup(RequestId id, const std::string& host, AddressFamily family) {
  const bool refused = under_way_.size() >= kLookupsMax;
  under_way_.insert(id);
  // `this` lives as long as letters are delivered: the shard closes the mailbox, runs what is in
  // it, and only then lets its resolver go.
  auto done = [this, id, mailbox = mailbox_](std::vector<IpAddress> addresses) {
    mailbox->post([this, id, addresses = std::move(addresses)]() mutable {
      finish(id, std::move(addresses));
    });
  };
  if (refused) return done({});
  const std::lock_guard lock(shared_->mutex);
  shared_->queue.push_back({id, host, family, std::move(done)});
  if (shared_->idle < shared_->queue.size() && shared_->threads < kThreadsMax) {
    try {
      std::thread(Shared::run, shared_).detach();
      ++shared_->threads;
    } catch (const std::system_error&) {
      // No thread to be had: a running one takes it, or who asked gives up.
    }
  }
  shared_->changed.notify_one();
}

void Resolver::finish(RequestId id, std::vector<IpAddress> addresses) {
  if (under_way_.erase(id) == 0) return;
  if (addresses.size() > kAddressesMax) addresses.resize(kAddressesMax);
  answer_(id, std::move(addresses));
}

void Resolver::cancel(RequestId id) {
  if (under_way_.erase(id) == 0) return;
  const std::lock_guard lock(shared_->mutex);
  std::erase_if(shared_->queue, [id](const Shared::Task& task) { return task.id == id; });
}

void Resolver::stop() {
  if (std::exchange(stopped_, true)) return;
  under_way_.clear();
  std::unique_lock lock(shared_->mutex);
  shared_->stopping = true;
  shared_->queue.clear();
  shared_->changed.notify_all();
  shared_->changed.wait_for(lock, kStopWait, [this] { return shared_->threads == 0; });
}

std::vector<IpAddress> Resolver::system_look_up(const std::string& host, AddressFamily family) {
  addrinfo hints{};
  hints.ai_family = family == AddressFamily::v4 ? AF_INET : AF_INET6;
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  std::vector<IpAddress> addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    const auto endpoint = to_endpoint(entry->ai_addr, entry->ai_addrlen);
    if (!endpoint || addresses.size() >= kAddressesMax) continue;
    if (std::find(addresses.begin(), addresses.end(), endpoint->address) == addresses.end()) {
      addresses.push_back(endpoint->address);
    }
  }
  return addresses;
}

}  // namespace weir
