// SPDX-License-Identifier: MIT OR Apache-2.0
// The way into a shard's thread from other threads, which may outlive the shard's interest in
// them: after close() letters are refused, so nobody posts to a loop that is gone.
//
// Owner: shared by the shard and by whatever answers it later (jobs, name look-ups).
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <mutex>
#include <utility>

namespace weir {

class Mailbox {
 public:
  explicit Mailbox(boost::asio::io_context& io) : io_(&io) {}

  // Runs `letter` on the loop's thread. False: closed, `letter` was dropped.
  template <class Letter>
  bool post(Letter letter) {
    const std::lock_guard lock(mutex_);
    if (io_ == nullptr) return false;
    boost::asio::post(*io_, std::move(letter));
    return true;
  }
  // From here on nothing is posted, and no post() is under way when this returns.
  void close() {
    const std::lock_guard lock(mutex_);
    io_ = nullptr;
  }

 private:
  std::mutex mutex_;
  boost::asio::io_context* io_;
};

}  // namespace weir
