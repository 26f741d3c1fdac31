// SPDX-License-Identifier: MIT OR Apache-2.0
#include <algorithm>
#include <utility>

#include "wire/metadata_exchange.h"

namespace weir {

void MetadataServer::set_info(Bytes info) { info_ = info; }

void MetadataServer::handle_message(TimePoint now, ConnId peer, const MetadataMessage& message) {
  if (message.type != MetadataMessageType::request) return;
  const bool exists = std::uint64_t{message.piece} * kMetadataPieceSize < info_.size();
  auto it = queues_.find(peer);
  if (!exists || (it != queues_.end() && it->second.pieces.size() >= config_.queue_max)) {
    if (rejects_.size() >= config_.queue_max) return;  // the owner does not drain
    rejects_.push_back({peer,
                        {.type = MetadataMessageType::reject,
                         .piece = message.piece,
                         .total_size = {},
                         .data = {}}});
    return;
  }
  if (it == queues_.end()) {
    it = queues_.try_emplace(peer).first;
    it->second.allowance.set_rate(now, config_.bytes_per_second);
  }
  it->second.pieces.push_back(message.piece);
}

void MetadataServer::remove_peer(ConnId peer) {
  queues_.erase(peer);
  std::erase_if(rejects_, [&](const MetadataReply& reply) { return reply.peer == peer; });
}

std::optional<MetadataReply> MetadataServer::next(TimePoint now) {
  if (!rejects_.empty()) {
    MetadataReply reply = std::move(rejects_.front());
    rejects_.pop_front();
    return reply;
  }
  auto it = queues_.upper_bound(turn_);
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    if (it == queues_.end()) it = queues_.begin();
    auto& [peer, queue] = *it++;
    if (queue.pieces.empty() || queue.allowance.available(now) < kMetadataPieceSize) continue;
    turn_ = peer;
    const std::uint32_t piece = queue.pieces.front();
    queue.pieces.pop_front();
    MetadataReply reply = answer(peer, piece);
    queue.allowance.consume(now, reply.message.data.size());
    return reply;
  }
  return std::nullopt;
}

MetadataReply MetadataServer::answer(ConnId peer, std::uint32_t piece) const {
  const std::uint64_t begin = std::uint64_t{piece} * kMetadataPieceSize;
  MetadataReply reply{
      peer, {.type = MetadataMessageType::reject, .piece = piece, .total_size = {}, .data = {}}};
  if (begin >= info_.size()) return reply;  // the info changed while the request waited
  const Bytes rest = info_.subspan(static_cast<std::size_t>(begin));
  reply.message.type = MetadataMessageType::data;
  reply.message.total_size = info_.size();
  reply.message.data = rest.first(std::min<std::size_t>(rest.size(), kMetadataPieceSize));
  return reply;
}

TimePoint MetadataServer::next_deadline(TimePoint now) {
  if (!rejects_.empty()) return now;
  TimePoint first = kNever;
  for (auto& [peer, queue] : queues_) {
    if (!queue.pieces.empty()) {
      first = std::min(first, queue.allowance.ready_at(now, kMetadataPieceSize));
    }
  }
  return first;
}

}  // namespace weir
