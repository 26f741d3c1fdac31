// SPDX-License-Identifier: MIT OR Apache-2.0
// Sequences of operations against the two metadata machines. Peers that tell the truth must never
// be convicted of a bad hash, memory must stay bounded, and deadlines must lie ahead.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <vector>

#include "base/assert.h"
#include "wire/metadata_exchange.h"

namespace {

using namespace weir;

constexpr std::uint64_t kSizes[] = {1, 16384, 16385, 50'000, 70'000, 0, 9u << 20};
constexpr std::size_t kTrueSize = 3;  // index into kSizes
constexpr std::uint64_t kPeers = 8;
constexpr std::uint64_t kHonest = 4;  // peers below it never lie

class World {
 public:
  explicit World(Bytes script) : script_(script), fetcher_({.sizes_max = 2}, random_) {
    truth_.resize(kSizes[kTrueSize]);
    random_.fill(truth_);
    server_.set_info(truth_);
  }
  void run() {
    while (!script_.empty()) {
      step();
      drain();
      WEIR_ASSERT(fetcher_.memory_bytes() <= (1u << 20));
      WEIR_ASSERT(fetcher_.next_deadline() > now_);
    }
  }

 private:
  unsigned byte() {
    if (script_.empty()) return 0;
    const auto value = std::to_integer<unsigned>(script_.front());
    script_ = script_.subspan(1);
    return value;
  }
  [[nodiscard]] static bool honest(ConnId peer) {
    return static_cast<std::uint64_t>(peer) % kPeers < kHonest;
  }
  // Peers that come again after a conviction are new connections.
  ConnId peer() {
    const std::uint64_t n = byte() % kPeers;
    return static_cast<ConnId>(n + kPeers * generation_[n]);
  }

  void step() {
    switch (byte() % 8) {
      case 0: {
        const ConnId p = peer();
        fetcher_.set_peer(now_, p, honest(p) ? truth_.size() : kSizes[byte() % std::size(kSizes)]);
        break;
      }
      case 1:
        fetcher_.remove_peer(now_, peer());
        break;
      case 2:
      case 3:
        answer_one();
        break;
      case 4:
        fetcher_.handle_message(now_, peer(),
                                {.type = MetadataMessageType::reject, .piece = byte() % 8});
        break;
      case 5:
        now_ += std::chrono::seconds(byte() % 100);
        fetcher_.handle_timer(now_);
        break;
      case 6:
        if (fetcher_.next_deadline() != kNever) now_ = fetcher_.next_deadline();
        fetcher_.handle_timer(now_);
        break;
      default:
        serve();
    }
  }

  void answer_one() {
    if (wanted_.empty()) return;
    const std::size_t i = byte() % wanted_.size();
    const MetadataWanted want = wanted_[i];
    wanted_.erase(wanted_.begin() + static_cast<std::ptrdiff_t>(i));
    Buffer data;
    const std::uint64_t begin = std::uint64_t{want.piece} * kMetadataPieceSize;
    MetadataMessage message{.type = MetadataMessageType::data, .piece = want.piece};
    if (honest(want.peer)) {
      const Bytes rest = Bytes(truth_).subspan(static_cast<std::size_t>(begin));
      append(data, rest.first(std::min<std::size_t>(rest.size(), kMetadataPieceSize)));
      message.total_size = truth_.size();
    } else {
      const std::uint64_t size = kSizes[byte() % std::size(kSizes)];
      if (size > begin) data.resize(std::min<std::uint64_t>(kMetadataPieceSize, size - begin));
      if (byte() % 4 == 0) data.resize(data.size() / 2);
      if (byte() % 4 == 0) message.piece = byte();
      if (byte() % 4 == 0) message.total_size = size;
    }
    message.data = data;
    fetcher_.handle_message(now_, want.peer, message);
  }

  void serve() {
    const ConnId p = peer();
    server_.handle_message(now_, p, {.type = MetadataMessageType::request, .piece = byte() % 8});
    if (byte() % 4 == 0) server_.remove_peer(p);
    for (unsigned i = byte() % 4; i > 0; --i) {
      const auto reply = server_.next(now_);
      if (!reply) break;
      WEIR_ASSERT(reply->message.data.size() <= kMetadataPieceSize);
    }
  }

  void drain() {
    while (auto action = fetcher_.next()) {
      if (const auto* want = std::get_if<MetadataWanted>(&*action)) {
        wanted_.push_back(*want);
      } else if (const auto* fault = std::get_if<MetadataPeerFault>(&*action)) {
        WEIR_ASSERT(!honest(fault->peer));
        ++generation_[static_cast<std::uint64_t>(fault->peer) % kPeers];
      } else {
        auto& collected = std::get<MetadataCollected>(*action);
        if (collected.info == truth_) {
          fetcher_.accepted();
          WEIR_ASSERT(fetcher_.next_deadline() == kNever);
        } else {
          fetcher_.rejected(now_);
        }
      }
    }
    // The wire keeps at most so many answers on their way.
    if (wanted_.size() > 200) wanted_.erase(wanted_.begin(), wanted_.end() - 200);
  }

  Bytes script_;
  Random random_{7};
  TimePoint now_{};
  Buffer truth_;
  MetadataFetcher fetcher_;
  MetadataServer server_;
  std::vector<MetadataWanted> wanted_;
  std::array<std::uint64_t, kPeers> generation_{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World(Bytes(reinterpret_cast<const std::byte*>(data), size)).run();
  return 0;
}
