// SPDX-License-Identifier: MIT OR Apache-2.0
// A peer that behaves as a scenario wants: it speaks the wire protocol correctly, with the
// project's own encoder and decoder, but answers, chokes and lies by script.
//
// It waits for connections and dials when told. It has the true content and what it announces is
// its script's business.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/bitfield.h"
#include "sim/content.h"
#include "sim/network.h"
#include "sim/world.h"
#include "wire/decoder.h"
#include "wire/extension.h"
#include "wire/handshake.h"

namespace weir::sim {

enum class AnswerRequests : std::uint8_t {
  serve,
  serve_cancelled_too,  // as one whose cancel crossed with the block
  corrupt,              // every block with a wrong byte
  false_padding,        // ones where padding is
  reject,
  ignore,
};
enum class AnswerMetadata : std::uint8_t { not_offered, serve, corrupt, reject, ignore };

struct ScriptedConfig {
  HostConfig host;
  bool fast = true;
  std::optional<Bitfield> have;                        // announced; nothing: all pieces
  std::optional<Duration> unchoke_after = Duration{};  // nothing: never
  Duration flap{};  // when set: chokes and unchokes again and again, each after up to twice this
  AnswerRequests requests = AnswerRequests::serve;
  Duration answer_delay{};
  AnswerMetadata metadata = AnswerMetadata::not_offered;
};

class ScriptedPeer : public HostHandler {
 public:
  static constexpr std::uint16_t kPort = 6881;

  ScriptedPeer(World& world, Network& network, const Content& content, ScriptedConfig config);
  ~ScriptedPeer() override;

  void dial(const Endpoint& remote);
  [[nodiscard]] Endpoint endpoint() const { return {config_.host.address, kPort}; }
  [[nodiscard]] const IpAddress& address() const { return config_.host.address; }

  struct Counters {
    std::uint64_t requests = 0;
    std::uint64_t cancels = 0;
    std::uint64_t blocks_sent = 0;
    std::uint64_t blocks_after_cancel = 0;
    std::uint64_t rejects_sent = 0;
    std::uint64_t false_padding_sent = 0;  // bytes
    std::uint64_t closed = 0;
    std::vector<TimePoint> accepted;
    std::vector<TimePoint> metadata_requests;
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] std::size_t connections() const { return conns_.size(); }

  bool on_accept(StreamId stream, const Endpoint& remote) override;
  void on_connected(StreamId stream) override;
  void on_connect_failed(StreamId stream) override { conns_.erase(stream); }
  void on_bytes(StreamId stream) override;
  void on_writable(StreamId stream) override { flush(stream); }
  void on_closed(StreamId stream) override;

 private:
  struct Conn : BlockSink {
    HandshakeDecoder handshake;
    std::unique_ptr<WireDecoder> decoder;
    PeerExtensions extensions;
    Buffer out;
    std::set<BlockRequest> waiting;
    std::set<BlockRequest> cancelled;
    bool greeted = false;
    bool choking = true;

    std::size_t predict(std::span<BlockPrediction>) override { return 0; }
    MutableBytes destination(const BlockHeader&) override { return {}; }
  };
  Conn* find(StreamId stream);
  void greet(StreamId stream, Conn& conn);
  void introduce(StreamId stream, Conn& conn);
  void flush(StreamId stream);
  void say(StreamId stream, const WireMessage& message);
  void set_choking(StreamId stream, bool choking);
  void flap_later(StreamId stream);
  void keep_alive_later(StreamId stream);
  void on_message(StreamId stream, Conn& conn, const WireMessage& message);
  void on_request(StreamId stream, Conn& conn, const BlockRequest& block);
  void answer(StreamId stream, const BlockRequest& block);
  void falsify_padding(const BlockRequest& block, Buffer& bytes);
  void on_extended(StreamId stream, Conn& conn, const ExtendedMessage& message);

  World& world_;
  Network& network_;
  const Content& content_;
  ScriptedConfig config_;
  PeerId peer_id_;
  Counters counters_;
  std::map<StreamId, std::unique_ptr<Conn>> conns_;
};

}  // namespace weir::sim
