// SPDX-License-Identifier: MIT OR Apache-2.0
// Drives one session with operations spelled by bytes: torrents that come, go, pause and are
// checked again while their jobs are under way, files that vanish, connections that move a few
// bytes at a time or end anywhere, peers that lie, trackers that answer anything. Nothing may abort
// it, and at the end it stops. Tests and fuzzing only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "engine/session_driver.h"
#include "wire/encoder.h"
#include "wire/extension.h"

namespace weir::session_test {

class SessionExerciser {
 public:
  explicit SessionExerciser(Bytes input)
      : input_(input), node_(config(), 1 + byte()), other_(SessionConfig(), 2) {
    node_.hold_jobs = true;
    const bool whole = byte() % 2 == 0;
    for (std::size_t i = 0; i < torrents().size(); ++i) {
      AddTorrent request = torrents()[i].request(root(i));
      if (whole) other_.put_content(torrents()[i], root(i));
      request.seed_only = whole;
      WEIR_ASSERT(other_.add(std::move(request)).has_value());
    }
    add();
  }

  void run() {
    for (std::size_t steps = 0; !input_.empty() && steps < 2'000; ++steps) {
      operation();
      settle();
    }
  }
  // Whatever happened, the session comes to its end.
  void finish() {
    node_.disk.set_hook({});
    node_.session.stop(node_.now);
    for (int i = 0; i < 1'000 && !node_.session.stopped(); ++i) {
      node_.drain();
      while (!node_.jobs.empty()) execute();
      while (!results_.empty()) deliver();
      pass(std::chrono::milliseconds(100));
    }
    WEIR_ASSERT(node_.session.stopped());
  }

 private:
  struct Link {  // to the honest other session, or to a peer of ours that only talks
    ConnId here{};
    std::optional<ConnId> there;
    Buffer arriving;
    Buffer leaving;
  };

  static const std::vector<DriverTorrent>& torrents() {
    static constexpr std::uint32_t kPiece = 16 * 1024;
    static const std::vector<DriverTorrent> all = [] {
      std::vector<DriverTorrent> list;
      list.emplace_back(TorrentKind::v1, 2 * kPiece,
                        std::vector<DriverFile>{{"a", 70'000}, {"b", 0}, {"c", 5}, {"d", 40'000}});
      list.emplace_back(TorrentKind::v2, kPiece,
                        std::vector<DriverFile>{{"a", 3}, {"b", 0}, {"c", 40'000}, {"d", 16'385}},
                        2);
      list.emplace_back(TorrentKind::hybrid, 2 * kPiece,
                        std::vector<DriverFile>{{"a", 20'000}, {"b", 33'000}, {"c", 1}}, 3);
      list.emplace_back(TorrentKind::v2, 4 * kPiece, std::vector<DriverFile>{{"a", 130'000}}, 4);
      return list;
    }();
    return all;
  }
  static std::string root(std::size_t torrent) { return "/d" + std::to_string(torrent); }

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
  SessionConfig config() {
    const unsigned flags = byte();
    SessionConfig config;
    config.per_address_max = 3;
    config.total_max = (flags & 1) != 0 ? 3 : 50;
    config.buffer_bytes_max = (flags & 2) != 0 ? 40'000 : 8u << 20;
    config.upload_slots = (flags & 4) != 0 ? 1 : 0;
    return config;
  }
  std::size_t torrent_number() { return byte() % torrents().size(); }
  TorrentKey key() {
    const auto keys = node_.session.torrents();
    return keys.empty() ? TorrentKey{99} : keys[byte() % keys.size()];
  }
  Link* link() { return links_.empty() ? nullptr : &links_[byte() % links_.size()]; }

  void pass(Duration span) {
    for (SessionDriver* driver : {&node_, &other_}) {
      driver->now += span;
      if (driver->session.next_deadline() <= driver->now) {
        driver->session.handle_timer(driver->now);
      }
      driver->drain();
    }
  }
  void execute() {
    const auto at = node_.jobs.begin() + static_cast<std::ptrdiff_t>(byte() % node_.jobs.size());
    Job job = std::move(*at);
    node_.jobs.erase(at);
    results_.push_back(run_job(std::move(job), node_.disk, node_.state));
  }
  void deliver() {
    const auto at = results_.begin() + static_cast<std::ptrdiff_t>(byte() % results_.size());
    JobResult result = std::move(*at);
    results_.erase(at);
    node_.session.handle_job(node_.now, std::move(result));
    node_.drain();
  }
  void settle() {
    node_.drain();
    for (const TorrentKey key : node_.session.torrents()) {
      (void)node_.session.status(node_.now, key);
      (void)node_.session.peers(node_.now, key);
    }
    std::erase_if(links_, [this](const Link& link) {
      const bool gone = node_.closed.contains(link.here);
      const bool left = link.there && other_.closed.contains(*link.there);
      if (gone && link.there) end(other_, *link.there);
      if (left && !gone) end(node_, link.here);
      return gone || left;
    });
    node_.events.clear();
  }
  static void end(SessionDriver& driver, ConnId conn) {
    driver.session.handle_closed(driver.now, conn, CloseReason::remote_closed);
    driver.drain();
  }

  void operation();
  void add();
  void control();
  void learn(TorrentKey torrent, unsigned what);
  void read();
  void connect();
  void talk(Link& link);
  void move(Link& link);
  void damage();
  void track();
  Buffer collect(SessionDriver& driver, ConnId conn, std::size_t bytes_max);
  void feed(SessionDriver& driver, ConnId conn, Buffer& pipe, std::size_t bytes_max);

  Bytes input_;
  SessionDriver node_;
  SessionDriver other_;  // has everything, or wants everything
  std::deque<JobResult> results_;
  std::vector<Link> links_;
  std::vector<ReadId> reads_;
  unsigned ports_ = 0;  // so that no address of ours is one to be spared for a while
};

inline void SessionExerciser::operation() {
  const unsigned op = byte() % 24;
  if (op == 0) return add();
  if (op == 1) return control();
  if (op == 2) return read();
  if (op == 3) return connect();
  if (op == 4) return damage();
  if (op == 5) return track();
  if (op == 6) {
    const unsigned span = byte();
    return pass(std::chrono::milliseconds(span < 230 ? span : span * 300));
  }
  if (op <= 9) {
    if (!node_.jobs.empty()) execute();
  } else if (op <= 12) {
    if (!results_.empty()) deliver();
  } else if (Link* to = link()) {
    to->there&& op != 13 ? move(*to) : talk(*to);
  }
}

inline void SessionExerciser::add() {
  const std::size_t number = torrent_number();
  const DriverTorrent& torrent = torrents()[number];
  const unsigned flags = byte();
  AddTorrent request = torrent.request(root(number));
  if (flags % 4 == 1) {
    InfoHashes by = torrent.hashes();
    if (by.v1 && by.v2) (flags & 64) != 0 ? by.v1.reset() : by.v2.reset();
    request = torrent.magnet(by, root(number));
  }
  request.seed_only = flags % 4 == 2;
  if ((flags & 8) != 0) node_.put_content(torrent, root(number));
  request.check = StartCheck{static_cast<std::uint8_t>(byte() % 3)};
  request.storage.part_suffix = (flags & 16) != 0;
  request.storage.preallocation = (flags & 32) != 0 ? Preallocation::full : Preallocation::sparse;
  request.paused = (flags & 128) != 0;
  request.trackers = {"http://tracker.example/announce", "udp://udp.example:80"};
  const unsigned chosen = byte();
  for (unsigned i = 0; i < 4 && chosen < 128; ++i) {
    request.file_priorities.push_back((chosen >> i & 1) != 0 ? kPriorityNone : kPriorityNormal);
  }
  if (const auto saved = node_.state.load(torrent.hash().hex()); saved && *saved) {
    request.saved_progress = (*saved)->progress;
  }
  (void)node_.add(std::move(request));
}

inline void SessionExerciser::control() {
  const TorrentKey torrent = key();
  const TimePoint now = node_.now;
  Session& session = node_.session;
  switch (byte() % 8) {
    case 0:
      return session.remove(now, torrent,
                            byte() % 2 == 0 ? RemoveContent::keep : RemoveContent::remove);
    case 1:
      return session.pause(now, torrent);
    case 2:
      return session.resume(now, torrent);
    case 3:
      return session.recheck(now, torrent);
    case 4: {
      const auto info = session.info(torrent);
      std::vector<std::uint8_t> priorities;
      for (std::size_t i = 0; info && i < info->layout.files().size(); ++i) {
        priorities.push_back(static_cast<std::uint8_t>(byte() % 3));
      }
      (void)session.set_file_priorities(now, torrent, std::move(priorities));
      return;
    }
    case 5:
      return session.set_torrent_limits(now, torrent, {byte(), byte() * 100});
    case 6:
      return session.set_global_limits(now, {byte() % 4 * 7'000, byte() % 4});
    default:
      if (const unsigned what = byte(); what % 4 == 0) return learn(torrent, what / 4);
      session.set_torrent_limits(now, torrent, {});
      return session.set_global_limits(now, {});
  }
}

// Of the torrent itself, as it is mostly, or of another.
inline void SessionExerciser::learn(TorrentKey torrent, unsigned what) {
  TorrentNews news;
  if (what % 4 != 3) {
    const auto status = node_.session.status(node_.now, torrent);
    const auto& known = torrents();
    auto of = std::find_if(known.begin(), known.end(), [&](const DriverTorrent& each) {
      return status && each.hash() == status->hashes.wire_hash();
    });
    if (of == known.end()) of = known.begin() + static_cast<std::ptrdiff_t>(torrent_number());
    news.metadata = of->metadata;
  }
  if (what % 2 == 0) news.trackers = {"http://later.example/announce", "udp://udp.example:80"};
  if (what % 5 == 0) news.peers = {test_endpoint(2 + byte() % 4)};
  (void)node_.session.learn(node_.now, torrent, std::move(news));
}

inline void SessionExerciser::read() {
  if (!reads_.empty() && byte() % 4 == 0) {
    node_.session.cancel_read(reads_.back());
    reads_.pop_back();
    return;
  }
  const TorrentKey torrent = key();
  const FileIndex file{byte() % 8};
  const std::uint64_t offset = byte() * 200;
  const auto id = node_.session.read(node_.now, torrent, file, offset, 1 + byte() * 150);
  if (id) reads_.push_back(*id);
}

inline void SessionExerciser::connect() {
  const unsigned how = byte() % 16;
  const Endpoint remote = test_endpoint(2 + byte() % 4, static_cast<std::uint16_t>(1 + byte()));
  if (how == 0) return node_.session.add_peer(node_.now, key(), remote, PeerSource::user);
  if (how <= 3) {
    if (node_.dials.empty()) return;
    const ConnId dialled = node_.dials.front().conn;
    node_.dials.pop_front();
    const auto there = how == 1 ? std::nullopt : other_.accept(test_endpoint(1));
    if (!there) return node_.session.handle_dial_failed(node_.now, dialled);
    links_.push_back({dialled, *there, {}, {}});
    return node_.dialled(dialled);
  }
  if (how <= 11) {
    const TorrentKey wanted = other_.session.torrents()[torrent_number()];
    const Endpoint us = test_endpoint(1, static_cast<std::uint16_t>(++ports_));
    other_.session.add_peer(other_.now, wanted, us, PeerSource::user);
    other_.drain();
    const auto here = other_.dials.empty() ? std::nullopt : node_.accept(remote);
    if (!here) return;
    links_.push_back({*here, other_.dials.back().conn, {}, {}});
    other_.dials.clear();
    return other_.dialled(*links_.back().there);
  }
  const auto status = node_.session.status(node_.now, key());
  const auto here = status ? node_.accept(remote) : std::nullopt;
  if (!here) return;
  links_.push_back({*here, std::nullopt, {}, {}});
  const auto v2 = status->hashes.v2_truncated();
  const Sha1Digest hash = v2 && how % 2 == 0 ? *v2 : status->hashes.wire_hash();
  const auto hello =
      encode_handshake(SessionDriver::hello(hash, static_cast<std::uint8_t>(byte())));
  Buffer pipe = to_buffer(hello);
  feed(node_, *here, pipe, pipe.size());
}

// Most of what a peer can say that needs no answer of ours first.
inline void SessionExerciser::talk(Link& link) {
  if (link.there && byte() % 4 != 0) return end(node_, link.here);
  Buffer& out = link.arriving;
  const PieceIndex piece{byte() % 5};
  const BlockRequest block{piece, byte() % 4 * kBlockSize, byte() % 3 == 0 ? byte() : kBlockSize};
  switch (byte() % 12) {
    case 0:
      append_message(out, InterestedMessage{});
      break;
    case 1:
      append_message(out, UnchokeMessage{});
      break;
    case 2:
      append_message(out, HaveAllMessage{});
      break;
    case 3:
    case 4:
    case 5:
      append_message(out, RequestMessage{block});
      break;
    case 6:
      append_message(out, CancelMessage{block});
      break;
    case 7:
      append_message(out, ExtendedMessage{0, as_bytes("d1:md11:lt_donthavei7e11:ut_metadatai2ee"
                                                      "13:metadata_sizei500ee")});
      break;
    case 8:
      append_message(out, ExtendedMessage{2, as_bytes("d8:msg_typei0e5:piecei0ee")});
      break;
    case 9:
      append_message(out, HaveMessage{piece});
      break;
    case 10:
      append_message(out, RejectMessage{block});
      break;
    default:
      append(out, bytes(byte()));
      break;
  }
  feed(node_, link.here, out, out.size());
  (void)collect(node_, link.here, 1 + byte() * byte());
}

inline void SessionExerciser::move(Link& link) {
  const unsigned how = byte();
  const std::size_t amount = how % 4 == 0 ? 1 + byte() : std::size_t{1} << 20;
  append(link.leaving, collect(node_, link.here, amount));
  append(link.arriving, collect(other_, *link.there, amount));
  // Now and then what arrives is not what was sent.
  if (how / 4 == 63 && !link.arriving.empty()) {
    link.arriving[byte() * 97 % link.arriving.size()] ^= std::byte{0x21};
  }
  feed(other_, *link.there, link.leaving, amount);
  feed(node_, link.here, link.arriving, amount);
}

inline Buffer SessionExerciser::collect(SessionDriver& driver, ConnId conn, std::size_t bytes_max) {
  std::vector<SendRange> ranges;
  driver.session.collect(driver.now, conn, std::size_t{512} << 10, ranges);
  Buffer out;
  for (const SendRange& range : ranges) {
    if (out.size() >= bytes_max) break;
    if (const auto* text = std::get_if<Bytes>(&range)) {
      append(out, *text);
      continue;
    }
    const auto& stored = std::get<StoredRange>(range);
    WEIR_ASSERT(stored.length > 0);
    Buffer content(stored.length);
    if (!stored.zeros()) {
      auto got = driver.disk.read(stored.path, stored.offset, content);
      const auto moved = got ? std::nullopt : driver.session.moved_path(conn, stored.path);
      if (moved) got = driver.disk.read(*moved, stored.offset, content);
      if (!got) {
        driver.session.handle_send_failed(driver.now, conn, got.error());
        driver.drain();
        return {};
      }
    }
    append(out, content);
  }
  out.resize(std::min(out.size(), bytes_max));
  if (!out.empty()) driver.session.sent(driver.now, conn, out.size());
  driver.drain();
  return out;
}

inline void SessionExerciser::feed(SessionDriver& driver, ConnId conn, Buffer& pipe,
                                   std::size_t bytes_max) {
  std::size_t left = std::min(bytes_max, pipe.size());
  while (left > 0 && !driver.closed.contains(conn)) {
    std::array<MutableBytes, 64> spans;
    const std::size_t count = driver.session.prepare(driver.now, conn, spans);
    std::size_t done = 0;
    for (std::size_t i = 0; i < count && done < left; ++i) {
      const std::size_t part = std::min(spans[i].size(), left - done);
      std::copy_n(pipe.begin() + static_cast<std::ptrdiff_t>(done), part, spans[i].begin());
      done += part;
    }
    if (done == 0) return;
    driver.session.commit(driver.now, conn, done);
    driver.drain();
    pipe.erase(pipe.begin(), pipe.begin() + static_cast<std::ptrdiff_t>(done));
    left -= done;
  }
}

inline void SessionExerciser::damage() {
  const unsigned what = byte();
  const auto names = node_.disk.names();
  if (what % 4 == 0 || names.empty()) {
    if (what / 4 % 2 == 0) return node_.disk.set_hook({});
    // Fails now and then, in a way that passes.
    const auto code = what / 8 % 2 == 0 ? DiskErrc::io_error : DiskErrc::no_space;
    return node_.disk.set_hook(
        [count = what, code](DiskOperation, const std::string&) mutable -> std::optional<DiskErrc> {
          return ++count % 5 == 0 ? std::optional(code) : std::nullopt;
        });
  }
  const std::string& name = names[byte() % names.size()];
  auto content = node_.disk.contents(name);
  if (!content) return;
  if (what % 4 == 1) content->resize(content->size() / 2);
  if (what % 4 == 2 && !content->empty()) (*content)[0] ^= std::byte{1};
  if (what % 4 == 3) return node_.disk.put_special(name);
  node_.disk.put_file(name, *content);
}

inline void SessionExerciser::track() {
  const unsigned what = byte();
  if (what % 2 == 0 && !node_.gets.empty()) {
    const RequestId id = node_.gets.back().id;
    node_.gets.pop_back();
    HttpReply reply;
    reply.status = what % 8 == 0 ? 0 : 200;
    reply.remote = test_endpoint(9).address;
    static constexpr std::string_view kGood = "d8:intervali60e5:peers6:\x05\x00\x00\x03\x1a\xe1";
    reply.body = what % 16 < 8 ? to_buffer(bytes(byte())) : to_buffer(as_bytes(kGood));
    if (what % 16 >= 8) append(reply.body, std::string_view("e"));
    return node_.session.handle_http_reply(node_.now, id, std::move(reply));
  }
  if (node_.lookups.empty()) return;
  const RequestId id = node_.lookups.back().id;
  node_.lookups.pop_back();
  const IpAddress address = test_endpoint(9).address;
  node_.session.handle_resolved(node_.now, id,
                                std::span(&address, what % 16 == 1 ? std::size_t{0} : 1));
  node_.session.handle_udp(node_.now, {address, 80}, bytes(byte()));
}

}  // namespace weir::session_test
