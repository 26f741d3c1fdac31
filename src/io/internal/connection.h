// SPDX-License-Identifier: MIT OR Apache-2.0
// One TCP connection to a peer: moves bytes between a non-blocking socket and a machine, as many as
// the machine and the socket take.
//
// Receiving: one readv() into the places the machine names. Sending: runs of bytes with one
// sendmsg(), content of files with sendfile(), so that it never enters this program. Both stop by
// themselves when there is nothing to do and go on when woken; a turn moves at most kTurnBytes per
// direction, then lets others go first.
//
// Owner: the shard, by shared_ptr; operations under way hold another one, which keeps the object
// (not the connection) alive until they noticed close(). All calls come from the shard's thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/endpoint.h"
#include "base/ids.h"
#include "engine/session_types.h"
#include "io/internal/descriptor.h"
#include "io/net_error.h"
#include "io/shard_disk.h"

namespace weir {

// The machine behind the connections; see Session for the meaning of the calls. All except
// prepare(), collect() and open_read() may close() the calling connection or wake it.
class ConnectionHost {
 public:
  virtual ~ConnectionHost() = default;

  // Around every batch of the calls below: the clock is read once, at the beginning.
  virtual void begin_turn() = 0;
  virtual void end_turn() = 0;

  virtual void dialled(ConnId conn, const Endpoint& local) = 0;
  virtual void dial_failed(ConnId conn, const NetError& error) = 0;
  virtual void closed(ConnId conn, CloseReason reason) = 0;
  virtual std::size_t prepare(ConnId conn, std::span<MutableBytes> out) = 0;
  virtual void commit(ConnId conn, std::size_t bytes) = 0;
  virtual void collect(ConnId conn, std::size_t bytes_max, std::vector<SendRange>& out) = 0;
  virtual void sent(ConnId conn, std::size_t bytes) = 0;
  virtual void send_failed(ConnId conn, const DiskError& error) = 0;
  // The range's file is not what it was when its bytes were verified. Closes the connection.
  virtual void content_changed(ConnId conn, const StoredRange& range, const FileStat& now_is) = 0;

  // A file named by collect() for that connection.
  virtual DiskResult<SendFile> open_read(ConnId conn, const DiskPath& path) = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  static constexpr std::size_t kTurnBytes = 1u << 20;
  static constexpr std::size_t kCollectBytes = 512u << 10;
  static constexpr std::size_t kSpansMax = 64;

  // `host` outlives the io_context's run().
  Connection(boost::asio::io_context& io, ConnectionHost& host, ConnId id)
      : io_(io), host_(host), id_(id), socket_(io) {}

  // One of the two, once. dial() reports dialled() or dial_failed(), later, then reads.
  void dial(const Endpoint& remote);
  void start(Descriptor connected);

  void wake_read();
  void wake_write();
  // Nothing is reported any more. Idempotent.
  void close();
  [[nodiscard]] bool is_open() const { return phase_ != Phase::closed; }

 private:
  enum class Phase : std::uint8_t { fresh, dialling, open, closed };
  // What one direction does: nothing until woken; its turn is due; waiting for the socket.
  enum class Flow : std::uint8_t { asleep, due, waiting };
  enum class SendOutcome : std::uint8_t {
    complete,
    again,    // not all, but the socket has room
    blocked,  // the socket is full
    failed,   // the connection is closed
  };
  struct SendProgress {
    SendOutcome outcome = SendOutcome::complete;
    std::size_t bytes = 0;
  };

  void finish_dial();
  void fail_dial(NetError error);
  void wait_readable();
  void wait_writable();
  void post_read();
  void post_write();
  void read_turn();
  void write_turn();
  void lose(int os_error);
  [[nodiscard]] SendProgress send_ranges(std::span<const SendRange> ranges);
  [[nodiscard]] SendProgress send_memory(std::span<const SendRange> ranges, std::size_t& taken);
  [[nodiscard]] SendProgress send_file(const StoredRange& range);
  SendProgress socket_blocked_or_lost(std::size_t sent);

  boost::asio::io_context& io_;
  ConnectionHost& host_;
  const ConnId id_;
  Phase phase_ = Phase::fresh;
  Flow reading_ = Flow::asleep;
  Flow writing_ = Flow::asleep;
  boost::asio::posix::stream_descriptor socket_;
  // The file last sent from, during a turn: adjacent ranges usually come from the same one.
  DiskPath file_path_;
  SendFile file_;
};

}  // namespace weir
