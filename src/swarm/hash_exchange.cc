// SPDX-License-Identifier: MIT OR Apache-2.0
#include "swarm/hash_exchange.h"

#include <algorithm>
#include <bit>
#include <set>

#include "base/assert.h"
#include "hash/merkle.h"

namespace weir {
namespace {

constexpr std::size_t kTreesMax = 4;

std::uint32_t log2_of(std::uint64_t power_of_two) { return merkle_depth(power_of_two); }

std::uint32_t piece_layer_of(const Layout& layout) {
  return log2_of(merkle_width(layout.piece_length() / kBlockSize));
}

std::uint32_t pieces_of(const Layout& layout, const TorrentFile& file) {
  return static_cast<std::uint32_t>((file.length + layout.piece_length() - 1) /
                                    layout.piece_length());
}

bool needs_layer(const Layout& layout, const TorrentFile& file) {
  return has_v2(layout.kind()) && !file.attributes.pad && file.length > layout.piece_length();
}

}  // namespace

std::uint32_t hash_run_uncles(const HashRequest& run) {
  const std::uint32_t implied = log2_of(run.length);
  return run.proof_layers + 1 > implied ? run.proof_layers + 1 - implied : 0;
}

HashFetcher::HashFetcher(const TorrentInfo& info, const PieceLayers& known,
                         HashFetcherConfig config)
    : config_(config) {
  const Layout& layout = info.layout;
  base_layer_ = piece_layer_of(layout);
  std::set<Sha256Digest> seen;
  for (std::uint32_t i = 0; i < layout.files().size(); ++i) {
    const TorrentFile& file = layout.files()[i];
    if (!needs_layer(layout, file) || !known.layer(FileIndex{i}).empty()) continue;
    if (!seen.insert(file.pieces_root).second) continue;
    File entry;
    entry.root = file.pieces_root;
    entry.pieces = pieces_of(layout, file);
    entry.run_length = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(merkle_width(entry.pieces), kHashRunMax));
    entry.runs_left = (entry.pieces + entry.run_length - 1) / entry.run_length;
    const auto index = static_cast<std::uint32_t>(files_.size());
    for (std::uint32_t run = 0; run < entry.runs_left; ++run) todo_.push_back({index, run});
    files_.push_back(std::move(entry));
  }
}

HashRequest HashFetcher::make_run(RunRef ref) const {
  const File& file = files_[ref.file];
  // The root itself is known, so the layer below it is the last that is asked for.
  const std::uint32_t proof_layers = log2_of(merkle_width(file.pieces)) - 1;
  return {file.root, base_layer_, ref.run * file.run_length, file.run_length, proof_layers};
}

std::optional<HashRequest> HashFetcher::next_request(TimePoint now, ConnId peer) {
  if (todo_.empty()) return std::nullopt;
  if (const auto it = patience_.find(peer); it != patience_.end() && now < it->second.not_before) {
    return std::nullopt;
  }
  const auto asked =
      std::count_if(asked_.begin(), asked_.end(), [&](const Asked& a) { return a.peer == peer; });
  if (static_cast<std::size_t>(asked) >= config_.runs_per_peer) return std::nullopt;
  const RunRef ref = todo_.front();
  todo_.pop_front();
  asked_.push_back({ref, make_run(ref), peer, now});
  return asked_.back().run;
}

HashFetcher::Answer HashFetcher::handle_hashes(ConnId peer, const HashRequest& run,
                                               std::span<const Sha256Digest> hashes) {
  const auto it = std::find_if(asked_.begin(), asked_.end(),
                               [&](const Asked& a) { return a.peer == peer && a.run == run; });
  if (it == asked_.end()) {
    return {.verdict = take_late(peer) ? Verdict::late : Verdict::unsolicited, .layer = {}};
  }
  const RunRef ref = it->ref;
  File& file = files_[ref.file];
  const std::size_t uncles = hash_run_uncles(run);
  if (hashes.size() != run.length + uncles ||
      !merkle_verify(hashes.first(run.length), run.base_layer, run.index,
                     hashes.subspan(run.length), file.root)) {
    give_up(static_cast<std::size_t>(it - asked_.begin()));
    return {.verdict = Verdict::bad, .layer = {}};
  }
  asked_.erase(it);
  if (file.hashes.empty()) file.hashes.resize(file.pieces);
  const std::size_t used = std::min<std::size_t>(run.length, file.pieces - run.index);
  std::copy_n(hashes.begin(), used, file.hashes.begin() + static_cast<std::ptrdiff_t>(run.index));
  Answer answer{.verdict = Verdict::good, .layer = {}};
  if (--file.runs_left == 0) answer.layer = PieceLayer{file.root, std::move(file.hashes)};
  return answer;
}

bool HashFetcher::take_late(ConnId peer) {
  const auto it = patience_.find(peer);
  if (it == patience_.end() || it->second.late == 0) return false;
  --it->second.late;
  return true;
}

void HashFetcher::give_up(std::size_t asked_index) {
  todo_.push_front(asked_[asked_index].ref);
  asked_.erase(asked_.begin() + static_cast<std::ptrdiff_t>(asked_index));
}

bool HashFetcher::handle_reject(TimePoint now, ConnId peer, const HashRequest& run) {
  const auto it = std::find_if(asked_.begin(), asked_.end(),
                               [&](const Asked& a) { return a.peer == peer && a.run == run; });
  if (it == asked_.end()) return take_late(peer);
  give_up(static_cast<std::size_t>(it - asked_.begin()));
  patience_[peer].not_before = now + config_.back_off;
  return true;
}

void HashFetcher::peer_gone(ConnId peer) {
  for (std::size_t i = asked_.size(); i-- > 0;) {
    if (asked_[i].peer == peer) give_up(i);
  }
  patience_.erase(peer);
}

void HashFetcher::handle_timer(TimePoint now) {
  for (std::size_t i = asked_.size(); i-- > 0;) {
    if (now - asked_[i].at < config_.timeout) continue;
    Patience& patience = patience_[asked_[i].peer];
    patience.not_before = now + config_.back_off;
    ++patience.late;
    give_up(i);
  }
}

HashServer::HashServer(const TorrentInfo& info) : piece_layer_(piece_layer_of(info.layout)) {
  const auto& files = info.layout.files();
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    if (needs_layer(info.layout, files[i])) by_root_.emplace(files[i].pieces_root, FileIndex{i});
  }
}

const HashServer::Tree& HashServer::tree(FileIndex file, std::span<const Sha256Digest> piece_layer,
                                         std::uint64_t& work_bytes) {
  const auto it =
      std::find_if(trees_.begin(), trees_.end(), [&](const Tree& t) { return t.file == file; });
  if (it != trees_.end()) return *it;
  Tree tree{.file = file, .upper = {}};
  std::span<const Sha256Digest> below = piece_layer;
  for (std::uint32_t layer = piece_layer_; below.size() > 1; ++layer) {
    tree.upper.push_back(merkle_next_layer(below, layer));
    work_bytes += below.size_bytes();
    below = tree.upper.back();
  }
  trees_.push_front(std::move(tree));
  if (trees_.size() > kTreesMax) trees_.pop_back();
  return trees_.front();
}

HashServer::Answer HashServer::answer(const PieceLayers& layers, const HashRequest& run) {
  const auto it = by_root_.find(run.pieces_root);
  if (it == by_root_.end() || run.base_layer < piece_layer_) return {};
  if (!std::has_single_bit(run.length) || run.length < 2 || run.length > kHashRunMax) return {};
  const auto piece_layer = layers.layer(it->second);
  if (piece_layer.empty()) return {};
  const std::uint64_t piece_width = merkle_width(piece_layer.size());
  const std::uint32_t up = run.base_layer - piece_layer_;
  const std::uint32_t depth = log2_of(piece_width);
  if (up >= depth) return {};
  const std::uint64_t width = piece_width >> up;
  if (run.index % run.length != 0 || std::uint64_t{run.index} + run.length > width) return {};
  if (run.proof_layers >= depth - up) return {};

  Answer answer;
  const Tree& upper = tree(it->second, piece_layer, answer.work_bytes);
  const auto node = [&](std::uint32_t layer, std::uint64_t index) {
    const std::span<const Sha256Digest> hashes =
        layer == 0 ? piece_layer : std::span<const Sha256Digest>(upper.upper[layer - 1]);
    return index < hashes.size() ? hashes[index] : merkle_pad(piece_layer_ + layer);
  };
  const std::uint32_t uncles = hash_run_uncles(run);
  answer.hashes.reserve(run.length + uncles);
  for (std::uint32_t i = 0; i < run.length; ++i) {
    answer.hashes.push_back(node(up, std::uint64_t{run.index} + i));
  }
  std::uint32_t layer = up + log2_of(run.length);
  std::uint64_t position = run.index / run.length;
  for (std::uint32_t i = 0; i < uncles; ++i, ++layer, position /= 2) {
    answer.hashes.push_back(node(layer, position ^ 1));
  }
  return answer;
}

}  // namespace weir
