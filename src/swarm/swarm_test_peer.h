// SPDX-License-Identifier: MIT OR Apache-2.0
// A peer played by the test: says exactly what it is told to, and writes down what it hears.
// Tests only.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "swarm/swarm_test_net.h"

namespace weir::swarm_test {

inline std::string describe(const WireMessage& message) {
  struct Names {
    static std::string number(std::uint32_t value) { return std::to_string(value); }
    static std::string block(const char* name, const BlockRequest& b) {
      return std::string(name) + " " + number(to_int(b.piece)) + " " + number(b.begin) + " " +
             number(b.length);
    }
    std::string operator()(const KeepAliveMessage&) const { return "keep_alive"; }
    std::string operator()(const ChokeMessage&) const { return "choke"; }
    std::string operator()(const UnchokeMessage&) const { return "unchoke"; }
    std::string operator()(const InterestedMessage&) const { return "interested"; }
    std::string operator()(const NotInterestedMessage&) const { return "not_interested"; }
    std::string operator()(const HaveMessage& m) const { return "have " + number(to_int(m.piece)); }
    std::string operator()(const BitfieldMessage& m) const { return "bitfield " + to_hex(m.bits); }
    std::string operator()(const RequestMessage& m) const { return block("request", m.block); }
    std::string operator()(const CancelMessage& m) const { return block("cancel", m.block); }
    std::string operator()(const PortMessage& m) const { return "port " + number(m.port); }
    std::string operator()(const SuggestMessage& m) const {
      return "suggest " + number(to_int(m.piece));
    }
    std::string operator()(const HaveAllMessage&) const { return "have_all"; }
    std::string operator()(const HaveNoneMessage&) const { return "have_none"; }
    std::string operator()(const RejectMessage& m) const { return block("reject", m.block); }
    std::string operator()(const AllowedFastMessage& m) const {
      return "allowed_fast " + number(to_int(m.piece));
    }
    std::string operator()(const ExtendedMessage& m) const {
      return "extended " + number(m.id) + " " + std::string(as_text(m.payload));
    }
    std::string operator()(const HashRequestMessage& m) const {
      return "hash_request " + number(m.request.index) + " " + number(m.request.length);
    }
    std::string operator()(const HashesMessage& m) const {
      return "hashes " + number(m.request.index) + " " +
             number(static_cast<std::uint32_t>(m.hashes.size()));
    }
    std::string operator()(const HashRejectMessage& m) const {
      return "hash_reject " + number(m.request.index);
    }
  };
  return std::visit(Names{}, message);
}

class TestPeer final : public BlockSink {
 public:
  struct Options {
    std::uint32_t host = 200;
    bool fast = true;
    bool extended = true;
    bool v2 = true;
    PeerDirection direction = PeerDirection::incoming;  // as the node sees it
  };

  TestPeer(Net& net, Node& node) : TestPeer(net, node, Options()) {}
  TestPeer(Net& net, Node& node, Options options)
      : net_(net),
        node_(node),
        conn_(ConnId{net.next_conn++}),
        decoder_(WireDecoderOptions{
            .negotiated = {.fast = true, .extended = true, .v2 = true, .piece_count = {}}}) {
    PeerInit init;
    init.conn = conn_;
    init.remote = Net::endpoint(options.host);
    init.direction = options.direction;
    init.handshake = make_handshake(to_int(conn_), options.fast, options.extended, options.v2);
    node.swarm.add_peer(net.now, std::move(init));
    listen();
  }

  [[nodiscard]] ConnId conn() const { return conn_; }
  [[nodiscard]] bool connected() const { return node_.swarm.has_peer(conn_); }
  // Why the node closed us; nothing while connected.
  [[nodiscard]] std::optional<CloseReason> close_reason() const {
    for (const ClosePeer& close : node_.closed) {
      if (close.conn == conn_) return close.reason;
    }
    return std::nullopt;
  }

  void say(const WireMessage& message) {
    Buffer bytes;
    append_message(bytes, message);
    say_bytes(bytes);
  }
  void say_extended(std::uint8_t id, std::string_view payload) {
    say(ExtendedMessage{id, as_bytes(payload)});
  }
  void say_block(PieceIndex piece, std::uint32_t begin, Bytes data) {
    Buffer bytes;
    append_block_header(bytes, {piece, begin, static_cast<std::uint32_t>(data.size())});
    append(bytes, data);
    say_bytes(bytes);
  }
  // The content that was asked for.
  void answer(const BlockRequest& request) {
    const Buffer& piece = node_.content.pieces[to_int(request.piece)];
    say_block(request.piece, request.begin, Bytes(piece).subspan(request.begin, request.length));
  }
  // The rest of a message cut short: sent before the next.
  void owe(Bytes rest) { owed_ = to_buffer(rest); }
  void say_bytes(Bytes bytes) {
    if (!owed_.empty()) {
      const Buffer rest = std::exchange(owed_, {});
      say_bytes(rest);
      if (!owed_.empty()) return append(owed_, bytes);
    }
    while (!bytes.empty() && connected()) {
      MutableBytes spans[kWireScatterMax];
      const std::size_t count = node_.swarm.prepare(net_.now, conn_, spans);
      if (count == 0) {  // it does not read now: what is left waits, as it would in a socket
        owe(bytes);
        break;
      }
      std::size_t done = 0;
      for (std::size_t i = 0; i < count && done < bytes.size(); ++i) {
        const std::size_t part = std::min(spans[i].size(), bytes.size() - done);
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(done), part, spans[i].begin());
        done += part;
      }
      node_.swarm.commit(net_.now, conn_, done);
      bytes = bytes.subspan(done);
    }
    listen();
  }

  // Takes all the node has to send us, unless it reads by hand.
  void listen() {
    node_.drain(net_.now);
    while (!reads_by_hand && listen_to(1u << 20) > 0) {
    }
  }
  // Takes so many bytes and no more, as a socket does that is nearly full. Returns how many.
  std::size_t listen_to(std::size_t bytes_max) {
    if (!connected()) return 0;
    std::vector<SendItem> items;
    const std::size_t listed = node_.swarm.collect(net_.now, conn_, bytes_max, items);
    const std::size_t taken = std::min(listed, bytes_max);
    std::size_t left = taken;
    for (const SendItem& item : items) {
      const auto* ref = std::get_if<ContentRef>(&item);
      const Buffer content = ref != nullptr ? node_.read(*ref) : Buffer();
      const Bytes bytes = ref != nullptr ? Bytes(content) : std::get<Bytes>(item);
      const std::size_t part = std::min(left, bytes.size());
      decoder_.feed(bytes.first(part));
      left -= part;
    }
    if (taken > 0) node_.swarm.sent(net_.now, conn_, taken);
    hear();
    return taken;
  }
  void wait(Duration time) {
    for (const TimePoint end = net_.now + time; net_.now < end;) {
      net_.step();
      listen();
    }
  }

  // Everything heard since the last call.
  std::vector<std::string> take() { return std::exchange(heard_, {}); }
  [[nodiscard]] std::size_t count(const std::string& start) const {
    return static_cast<std::size_t>(
        std::count_if(heard_.begin(), heard_.end(),
                      [&](const std::string& line) { return line.starts_with(start); }));
  }
  [[nodiscard]] bool heard(const std::string& start) const { return count(start) > 0; }
  std::vector<BlockRequest> take_requests() { return std::exchange(requests_, {}); }
  std::deque<BlockRequest> pending;  // for the test's own use
  bool reads_by_hand = false;        // listen() takes nothing

  std::size_t predict(std::span<BlockPrediction>) override { return 0; }
  MutableBytes destination(const BlockHeader& block) override {
    block_.resize(block.length);
    return block_;
  }

 private:
  void hear() {
    while (true) {
      const auto event = decoder_.next(*this);
      if (!event || !*event) return;
      if (const auto* message = std::get_if<WireMessage>(&**event)) {
        heard_.push_back(describe(*message));
        if (const auto* request = std::get_if<RequestMessage>(message)) {
          requests_.push_back(request->block);
        }
        continue;
      }
      const BlockHeader& header = std::get<BlockReceived>(**event).block;
      const Buffer wanted = read_block(node_.content.pieces[to_int(header.piece)],
                                       {header.piece, header.begin, header.length});
      const bool good = std::equal(wanted.begin(), wanted.end(), block_.begin());
      heard_.push_back(std::string(good ? "piece " : "garbage ") +
                       std::to_string(to_int(header.piece)) + " " + std::to_string(header.begin));
    }
  }

  Net& net_;
  Node& node_;
  ConnId conn_;
  WireDecoder decoder_;
  Buffer block_;
  Buffer owed_;
  std::vector<std::string> heard_;
  std::vector<BlockRequest> requests_;
};

}  // namespace weir::swarm_test
