// SPDX-License-Identifier: MIT OR Apache-2.0
// Drives one swarm with operations spelled by bytes: peers that come, go, lie, stall and send
// anything, verdicts that come late, controls that change. After every operation the swarm's
// invariants hold; at the end an honest seed joins and the download must complete. Tests and
// fuzzing only.
#pragma once

#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "swarm/swarm_test_peer.h"

namespace weir::swarm_test {

class SwarmExerciser {
 public:
  explicit SwarmExerciser(Bytes input)
      : input_(input),
        content_(contents()[byte() % contents().size()]),
        net_(1 + byte()),
        node_(net_.add(content_, config(), pool_bytes())) {
    const unsigned start = byte();
    const Bitfield none(content_.pieces.size());
    Bitfield some(content_.pieces.size());
    for (std::size_t i = 0; i < some.size(); ++i) some.set(i, (start >> (i % 6) & 1) != 0);
    node_.answers_needed = false;
    node_.keeps_arrivals = true;
    started_ = (start & 0x80) == 0;
    if (started_) node_.start(net_.now, some, (start & 0x40) != 0 ? none : some, true);
    node_.drain(net_.now);
  }

  void run() {
    for (std::size_t steps = 0; !input_.empty() && steps < 2'000; ++steps) {
      operation();
      settle();
    }
  }

  // Liveness: whatever happened, an honest seed and time finish the download.
  void finish() {
    node_.answers_needed = true;
    node_.keeps_arrivals = false;
    peers_.clear();
    for (const PieceIndex piece : std::exchange(node_.needed, {})) check(piece);
    while (!node_.kept.empty()) judge(Verdict::by_hash);
    if (!started_ && node_.swarm.info() == nullptr) node_.start_leech(net_.now);
    for (std::size_t i = 0; i < content_.pieces.size(); ++i) {
      if (node_.swarm.have().test(i) && node_.disk[i] != content_.pieces[i]) {
        node_.swarm.piece_checked(net_.now, PieceIndex{static_cast<std::uint32_t>(i)}, false);
      }
    }
    node_.swarm.set_downloading(net_.now, true);
    node_.swarm.set_piece_priorities(
        net_.now, std::vector<PiecePriority>(content_.pieces.size(), kPriorityNormal));
    settle();
    Node& seed = net_.add(content_);
    seed.start_seed(net_.now);
    net_.step_time = std::chrono::milliseconds(200);
    net_.connect(node_, seed);
    const bool done = net_.run([&] { return node_.swarm.complete(); }, 2'000);
    WEIR_ASSERT(done && node_.whole());
    WEIR_ASSERT(node_.pool.bytes_out() == 0);
  }

 private:
  enum class Verdict : std::uint8_t { by_hash, bad, dropped };

  static const std::vector<Content>& contents() {
    static const std::vector<Content> all = {
        make_content(TorrentKind::v1, 40'000, {170'000}),
        make_content(TorrentKind::v2, 32 * 1024, {100'000, 50'000, 7}),
        make_content(TorrentKind::hybrid, 32 * 1024, {70'000, 20'000}),
        make_content(TorrentKind::v1, 16 * 1024, {20 * 16 * 1024}),
        make_content(TorrentKind::v2, 16 * 1024, {1, 0, 16'384, 16'385, 0, 3, 40'000, 32'767}),
        make_content(TorrentKind::v2, 64 * 1024, {65'537, 16'383, 0, 49'153, 100}),
        make_content(TorrentKind::hybrid, 16 * 1024, {5, 0, 16'384, 17'000, 0, 1}),
        make_content(TorrentKind::v1, 50'001, {0, 1, 50'000, 7, 0, 20'000, 99'999, 0}),
    };
    return all;
  }

  unsigned byte() {
    if (input_.empty()) return 0;
    const auto value = std::to_integer<unsigned>(input_.front());
    input_ = input_.subspan(1);
    return value;
  }
  Bytes bytes(std::size_t count) {
    const Bytes taken = input_.first(std::min(count, input_.size()));
    input_ = input_.subspan(taken.size());
    return taken;
  }
  SwarmConfig config() {
    const unsigned flags = byte();
    SwarmConfig config;
    config.client_version = "weir";
    config.sequential = (flags & 1) != 0;
    config.upload_slots = (flags & 2) != 0 ? 1 : 0;
    config.open_pieces_max = (flags & 4) != 0 ? 2 : 128;
    return config;
  }
  std::size_t pool_bytes() { return (byte() & 1) != 0 ? 50'000 : 8u << 20; }
  PieceIndex piece() {
    // Now and then out of range.
    return PieceIndex{byte() % (node_.swarm.info() != nullptr && input_.size() % 9 != 0
                                    ? static_cast<std::uint32_t>(content_.pieces.size())
                                    : 40u)};
  }
  PieceIndex real_piece() {
    return PieceIndex{byte() % static_cast<std::uint32_t>(content_.pieces.size())};
  }
  TestPeer* peer() {
    if (peers_.empty()) return nullptr;
    return peers_[byte() % peers_.size()].get();
  }

  void settle() {
    node_.drain(net_.now);
    node_.closes.clear();
    std::erase_if(peers_, [](const auto& p) { return !p->connected(); });
    node_.swarm.check_invariants();
    for (const auto& p : peers_) WEIR_ASSERT(!p->heard("garbage"));
  }

  void operation();
  void peer_operation(TestPeer& peer);
  void read_something(TestPeer& peer);
  void say_something(TestPeer& peer);
  void say_request(TestPeer& peer);
  void answer_something(TestPeer& peer);
  void control();

  void check(PieceIndex index) {
    const auto i = to_int(index);
    node_.swarm.piece_checked(net_.now, index, node_.disk[i] == content_.pieces[i]);
  }
  void judge(Verdict verdict) {
    if (node_.kept.empty()) return;
    auto [index, buffer] = std::move(node_.kept.front());
    node_.kept.pop_front();
    if (verdict == Verdict::by_hash) {
      node_.verify(net_.now, index, std::move(buffer));
    } else if (verdict == Verdict::bad) {
      node_.swarm.piece_failed(net_.now, index, std::move(buffer));
    } else {
      node_.swarm.piece_dropped(net_.now, index, std::move(buffer));
    }
  }

  Bytes input_;
  const Content& content_;
  Net net_;
  Node& node_;
  bool started_ = false;
  std::vector<std::unique_ptr<TestPeer>> peers_;
};

inline void SwarmExerciser::operation() {
  const unsigned op = byte() % 16;
  if (op == 0 && peers_.size() < 6) {
    const unsigned flags = byte();
    peers_.push_back(std::make_unique<TestPeer>(
        net_, node_,
        TestPeer::Options{
            .host = 100 + flags % 4,
            .fast = (flags & 4) != 0,
            .extended = (flags & 8) != 0,
            .v2 = (flags & 16) != 0,
            .direction = (flags & 32) != 0 ? PeerDirection::incoming : PeerDirection::outgoing}));
  } else if (op == 1) {
    if (TestPeer* p = peer())
      node_.swarm.remove_peer(net_.now, p->conn(), CloseReason::remote_closed);
  } else if (op == 2) {
    net_.now += std::chrono::milliseconds(byte() * byte());
    if (net_.now >= node_.swarm.next_deadline()) node_.swarm.handle_timer(net_.now);
  } else if (op <= 4) {
    control();
  } else if (op == 5) {
    judge(Verdict{static_cast<std::uint8_t>(byte() % 3)});
  } else if (TestPeer* p = peer()) {
    peer_operation(*p);
  }
}

inline void SwarmExerciser::control() {
  if (node_.swarm.info() == nullptr) {
    if (byte() % 4 != 0) return;
    // The metadata came late, and of the content some may have been there all the time.
    const unsigned found = byte();
    Bitfield here(content_.pieces.size());
    for (std::size_t i = 0; i < here.size(); ++i) here.set(i, (found >> (i % 8) & 1) != 0);
    node_.start(net_.now, here, found % 3 != 0);
    return;
  }
  const unsigned what = byte() % 11;
  if (what == 0) node_.swarm.set_downloading(net_.now, byte() % 2 == 0);
  if (what == 1) {
    std::vector<PiecePriority> priorities;
    for (std::size_t i = 0; i < content_.pieces.size(); ++i) {
      priorities.push_back(static_cast<PiecePriority>(byte() % 8));
    }
    node_.swarm.set_piece_priorities(net_.now, priorities);
  }
  if (what == 2)
    node_.swarm.set_deadline(net_.now, piece(), net_.now + std::chrono::seconds(byte()));
  if (what == 3) node_.swarm.clear_deadline(real_piece());
  if (what == 4) {
    // Also one that is being verified: a recheck may come upon it while it is written.
    const PieceIndex index = real_piece();
    node_.disk[to_int(index)] = content_.pieces[to_int(index)];
    node_.swarm.piece_found(net_.now, index);
  }
  if (what == 5) {
    const PieceIndex index = real_piece();
    if (node_.swarm.have().test(index)) {
      node_.disk[to_int(index)].clear();
      node_.swarm.piece_checked(net_.now, index, false);
    }
  }
  if (what == 6) {
    for (const PieceIndex index : std::exchange(node_.needed, {})) check(index);
  }
  if (what == 7) node_.swarm.ban(Net::endpoint(100 + byte() % 4).address);
  if (what == 8) node_.swarm.unban(Net::endpoint(100 + byte() % 4).address);
  if (what == 9) {
    node_.swarm.set_order(byte() % 2 == 0 ? PickOrder::sequential : PickOrder::rarest_first);
  }
  if (what == 10) node_.swarm.set_upload_limit(byte() * 100);
}

inline void SwarmExerciser::peer_operation(TestPeer& p) {
  const unsigned what = byte() % 12;
  if (what <= 3) {
    say_something(p);
  } else if (what <= 6) {
    answer_something(p);
  } else if (what == 7) {
    p.say_bytes(bytes(byte()));
  } else if (what <= 9) {
    say_request(p);
  } else {
    read_something(p);
  }
}

// A socket takes what it has room for, which may end anywhere.
inline void SwarmExerciser::read_something(TestPeer& p) {
  const unsigned how = byte();
  p.reads_by_hand = how % 8 != 0;
  if (!p.reads_by_hand) return p.listen();
  const std::size_t amount = 1 + byte() * (how % 2 == 0 ? 1 : 79);
  p.listen_to(amount);
}

// Requests that a client could mean: of blocks, whole (also where less is left, as those ask who
// lay v2 out with padding) or not, and of what is left from anywhere.
inline void SwarmExerciser::say_request(TestPeer& p) {
  const PieceIndex index = real_piece();
  const std::uint32_t size = content_.layout().piece_size(index);
  const std::uint32_t blocks = (size + kBlockSize - 1) / kBlockSize;
  const unsigned how = byte();
  const std::uint32_t begin = how % blocks * kBlockSize;
  const std::uint32_t within = how % 3 == 0 ? byte() * 64 : 0;
  const std::uint32_t left = size > begin + within ? size - begin - within : 1;
  const bool whole = how / 16 % 2 == 0;
  const std::uint32_t length = whole ? kBlockSize - within : std::min(left, kBlockSize - within);
  const RequestMessage request{{index, begin + within, length}};
  if (how / 32 == 7) return p.say(CancelMessage{request.block});
  p.say(request);
}

inline void SwarmExerciser::say_something(TestPeer& p) {
  const std::uint32_t size = content_.layout().piece_length();
  const BlockRequest block{piece(), byte() * 4096 % (size + 4096), 1 + byte() * 64};
  switch (byte() % 20) {
    case 0:
      return p.say(ChokeMessage{});
    case 1:
    case 2:
      return p.say(UnchokeMessage{});
    case 3:
      return p.say(InterestedMessage{});
    case 4:
      return p.say(NotInterestedMessage{});
    case 5:
    case 6:
      return p.say(HaveMessage{block.piece});
    case 7:
      return p.say(BitfieldMessage{Bitfield(content_.pieces.size(), byte() % 2 == 0).wire()});
    case 8:
    case 9:
      return p.say(RequestMessage{block});
    case 10:
      return p.say(CancelMessage{block});
    case 11:
    case 12:
      return p.say(HaveAllMessage{});
    case 13:
      return p.say(SuggestMessage{block.piece});
    case 14:
      return p.say(AllowedFastMessage{block.piece});
    case 15:
      return p.say_extended(0,
                            "d1:md11:lt_donthavei7e11:upload_onlyi3e11:ut_metadatai2ee"
                            "13:metadata_sizei40000e4:reqqi50ee");
    case 16:
      return p.say_extended(7, std::string("\0\0\0", 3) + static_cast<char>(byte() % 6));
    case 17:
      return p.say_extended(2, as_text(bytes(30)));
    case 18:
      return p.say(HashRequestMessage{
          {content_.piece_layers.empty() ? Sha256Digest{} : content_.piece_layers[0].pieces_root,
           byte() % 3, byte() % 4, byte() % 5, byte() % 4}});
    default:
      return p.say(KeepAliveMessage{});
  }
}

inline void SwarmExerciser::answer_something(TestPeer& p) {
  auto& asked = p.pending;
  for (const BlockRequest& request : p.take_requests()) asked.push_back(request);
  if (asked.empty()) return;
  const unsigned how = byte();
  const std::size_t index = how % 4 == 0 ? byte() % asked.size() : 0;
  const BlockRequest request = asked[index];
  asked.erase(asked.begin() + static_cast<std::ptrdiff_t>(index));
  if (how / 4 % 8 == 0) return p.say(RejectMessage{request});
  const Buffer& whole = content_.pieces[to_int(request.piece)];
  Buffer data = to_buffer(Bytes(whole).subspan(request.begin, request.length));
  if (how / 4 % 8 == 1) data[byte() % data.size()] ^= std::byte{0x55};
  Buffer message;
  append_block_header(message, {request.piece, request.begin, request.length});
  append(message, data);
  // The rest of a block cut here follows with the next thing this peer does, or never.
  const std::size_t cut = how / 4 % 8 == 2 ? byte() * 70 % message.size() : message.size();
  p.say_bytes(Bytes(message).first(cut));
  if (cut < message.size()) p.owe(Bytes(message).subspan(cut));
}

}  // namespace weir::swarm_test
