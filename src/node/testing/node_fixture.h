// SPDX-License-Identifier: MIT OR Apache-2.0
// A node in a directory of its own on loopback, and waiting for its answers. For tests.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "node/node.h"
#include "node/reader.h"
#include "node/upload.h"

namespace weir {

// The deterministic test files of the specification: byte i is i mod 251.
inline Buffer counted_bytes(std::size_t size) {
  Buffer out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::byte>(i % 251);
  return out;
}

class NodeFixture : public testing::Test {
 protected:
  using Published = NodeResult<std::shared_ptr<const Publication>>;

  NodeFixture() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-node-XXXXXX").string();
    base_ = mkdtemp(name.data());
  }
  ~NodeFixture() override { std::filesystem::remove_all(base_); }

  NodeConfig config(const std::string& name) {
    NodeConfig out;
    out.client.state_dir = base_ / name / "state";
    out.client.listen = {*Endpoint::parse("127.0.0.1:0")};
    out.client.session.allow_loopback_peers = true;
    out.content_dir = base_ / name / "content";
    out.fetch_timeout = std::chrono::milliseconds(30'000);
    return out;
  }
  std::unique_ptr<Node> open(NodeConfig with) {
    auto node = Node::open(std::move(with));
    EXPECT_TRUE(node.has_value()) << node.error().detail;
    return std::move(*node);
  }
  std::unique_ptr<Node> open(const std::string& name) { return open(config(name)); }

  // Runs what calls back once and waits for its answer.
  template <class Answer, class Begin>
  static Answer wait(Begin begin) {
    auto promise = std::make_shared<std::promise<Answer>>();
    auto answer = promise->get_future();
    begin([promise](Answer value) { promise->set_value(std::move(value)); });
    return answer.get();
  }
  static Published publish(Node& node, Bytes bytes, UploadOptions options) {
    auto upload = node.begin_upload(std::move(options));
    if (!upload) return std::unexpected(upload.error());
    while (!bytes.empty()) {
      const Bytes part = bytes.first(std::min<std::size_t>(bytes.size(), 50'000));
      const auto written =
          wait<NodeResult<void>>([&](auto done) { (*upload)->write(part, std::move(done)); });
      if (!written) return std::unexpected(written.error());
      bytes = bytes.subspan(part.size());
    }
    return wait<Published>([&](auto done) { (*upload)->finish(std::move(done)); });
  }
  static NodeResult<Found> fetch(Node& node, FetchSource source) {
    return wait<NodeResult<Found>>(
        [&](auto done) { node.fetch(std::move(source), std::move(done)); });
  }
  static NodeResult<Buffer> read(Node& node, const Found& found, std::uint64_t offset,
                                 std::uint64_t length) {
    const auto reader = node.read(found, FileIndex{0}, offset, length);
    Buffer out;
    while (true) {
      const auto part = wait<NodeResult<std::shared_ptr<const Buffer>>>(
          [&](auto done) { reader->next(100'000, std::move(done)); });
      if (!part) return std::unexpected(part.error());
      if (!*part) return out;
      append(out, **part);
    }
  }
  static PublishJob ended(Node& node, std::uint64_t number) {
    while (true) {
      const auto job = node.in_place().job(number);
      if (!job) return {};
      if (job->state == PublishState::done || job->state == PublishState::failed) return *job;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  static PublishJob publish_in_place(Node& node, const std::string& path) {
    const auto job = node.in_place().begin({.path = path});
    EXPECT_TRUE(job.has_value()) << job.error().detail;
    return job ? ended(node, job->number) : PublishJob{};
  }
  // A magnet that names the node as a peer.
  static FetchSource source_from(Node& node, const InfoHashes& hashes) {
    FetchSource source;
    source.hashes = hashes;
    source.magnet = Magnet{};
    source.magnet->hashes = hashes;
    source.magnet->peers = {{"127.0.0.1", node.client().listening()[0].port}};
    return source;
  }
  // The number of regular files below the node's content directory.
  [[nodiscard]] std::size_t files(const std::string& name) const {
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(base_ / name / "content")) {
      if (entry.is_regular_file()) ++count;
    }
    return count;
  }

  std::filesystem::path base_;
};

}  // namespace weir
