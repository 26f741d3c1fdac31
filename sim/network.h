// SPDX-License-Identifier: MIT OR Apache-2.0
// A virtual network of hosts joined by reliable, ordered streams, as TCP gives them.
//
// Fault model: every host has an address, an uplink and a downlink rate and a delay; a stream's
// bytes queue behind all other bytes of its sender's uplink and its receiver's downlink. A send
// buffer is finite, so a slow receiver stops its sender. Streams can be cut at any moment (bytes in
// flight are lost), hosts can be cut off from each other (partition: nothing arrives, dials time
// out), dials to a host that does not listen fail after one round trip. Bytes are never changed,
// lost or reordered inside a stream that lives: that is TCP's promise, and breaking it is no test
// of ours.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/endpoint.h"
#include "sim/world.h"

namespace weir::sim {

enum class StreamId : std::uint64_t {};

struct HostConfig {
  IpAddress address;
  double up_bytes_per_second = 10e6;
  double down_bytes_per_second = 10e6;
  Duration delay = std::chrono::milliseconds(10);  // one way, this host's share
};

// What a host is told. The two ends of a stream have different ids, so that a host may even connect
// to itself.
class HostHandler {
 public:
  virtual ~HostHandler() = default;
  virtual bool on_accept(StreamId stream, const Endpoint& remote) = 0;  // false: refuse
  virtual void on_connected(StreamId stream) = 0;
  virtual void on_connect_failed(StreamId stream) = 0;
  virtual void on_bytes(StreamId stream) = 0;     // received() has more
  virtual void on_writable(StreamId stream) = 0;  // the send buffer has room again
  virtual void on_closed(StreamId stream) = 0;    // by the other side or by a cut
};

class Network {
 public:
  explicit Network(World& world) : world_(world) {}

  void add_host(HostConfig config, std::uint16_t port, HostHandler* handler);
  // Gone, streams and all (a crash): the others see their streams closed after the delay.
  void remove_host(const IpAddress& address);

  StreamId connect(const IpAddress& from, const Endpoint& to);
  // Takes what fits in the send buffer; returns how many bytes that was.
  std::size_t send(StreamId stream, Bytes bytes);
  [[nodiscard]] std::size_t send_room(StreamId stream) const;
  // on_writable() is to follow when there is room.
  void want_room(StreamId stream);
  // Copies received bytes out, up to the sizes of `out`; returns how many.
  std::size_t receive(StreamId stream, std::span<const MutableBytes> out);
  [[nodiscard]] std::size_t received(StreamId stream) const;
  void close(StreamId stream);
  // Who is at the other end; nobody's address when the stream is gone.
  [[nodiscard]] IpAddress remote(StreamId stream) const;

  // Cuts every stream between the groups and refuses new ones until heal().
  void partition(const std::vector<IpAddress>& group);
  void heal() { partition_.clear(); }
  // Cuts one random stream.
  void cut_random_stream();
  // New rates from now on.
  void set_rates(const IpAddress& address, double up_bytes_per_second,
                 double down_bytes_per_second);
  // Ends every stream of a host, as the host would.
  void close_all(const IpAddress& address);
  // How often somebody tried to connect to an address.
  [[nodiscard]] std::uint64_t dials(const IpAddress& to) const {
    const auto it = dials_.find(to);
    return it == dials_.end() ? 0 : it->second;
  }
  [[nodiscard]] std::size_t stream_count() const { return streams_.size(); }

 private:
  static constexpr std::size_t kSendBuffer = 256 * 1024;
  static constexpr std::size_t kReceiveBuffer = 512 * 1024;
  static constexpr std::size_t kChunk = 16 * 1024;

  struct Host {
    HostConfig config;
    std::uint16_t port = 0;
    HostHandler* handler = nullptr;
    TimePoint up_free{};
    TimePoint down_free{};
  };
  struct Side {
    IpAddress address;
    std::deque<std::byte> outgoing;  // in the send buffer
    std::size_t in_flight = 0;
    std::deque<std::byte> incoming;  // arrived, not yet read
    bool sending = false;            // a chunk is on its way to the wire
    bool starved = false;            // send() took less than it was given
    TimePoint last_arrival{};        // bytes of a stream stay in order
  };
  struct Stream {
    Side a;  // who connected
    Side b;
    std::uint16_t port = 0;  // dialled
    bool open = false;
  };

  Host* host(const IpAddress& address);
  [[nodiscard]] bool separated(const IpAddress& a, const IpAddress& b) const;
  // The stream behind either of its ends, and those ends.
  Stream* find(StreamId end);
  [[nodiscard]] const Stream* find(StreamId end) const;
  static Side& own(Stream& stream, StreamId end);
  static const Side& own(const Stream& stream, StreamId end);
  static StreamId opposite(StreamId end);
  void erase(StreamId end);
  void finish_connect(StreamId id);
  void pump(StreamId from);
  void deliver(StreamId to, Buffer bytes);
  void cut(StreamId end);

  World& world_;
  std::uint64_t next_stream_ = 1;
  std::unordered_map<IpAddress, Host, EndpointHash> hosts_;
  std::map<StreamId, Stream> streams_;  // by the id of the end that connected
  std::set<IpAddress> partition_;
  std::map<IpAddress, std::uint64_t> dials_;
};

}  // namespace weir::sim
