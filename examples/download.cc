// SPDX-License-Identifier: MIT OR Apache-2.0
// Downloads a torrent with libweir: download TORRENT|MAGNET|HASH DIRECTORY [PEER]
#include <algorithm>
#include <cstdio>
#include <string_view>

#include "client/weir.h"

namespace {

int failure(const weir::ClientError& error) {
  std::fprintf(stderr, "%s: %s\n", error.code.c_str(), error.detail.c_str());  // the code is stable
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  weir::ClientConfig config;
  config.state_dir = std::string(argv[2]) + "/.weir";  // progress between runs
  config.listen = {*weir::Endpoint::parse("0.0.0.0:0")};
  const auto client = weir::Client::open(std::move(config));
  if (!client) return failure(client.error());

  weir::AddTorrent options;
  options.storage.root = argv[2];
  if (argc > 3) options.peers = {*weir::Endpoint::parse(argv[3])};
  const auto torrent = (*client)->add_source(argv[1], options);
  if (!torrent) return failure(torrent.error());

  while (const auto event = (*client)->wait_event(std::chrono::minutes(1))) {
    if (const auto* failed = std::get_if<weir::TorrentFailed>(&event->body)) {
      if (!failed->recovers) return failure({failed->code, failed->detail});
    }
    if (std::holds_alternative<weir::TorrentDone>(event->body)) {  // verified, written, synced
      // Any range, at any time: what is not here yet would be fetched first.
      const auto file = weir::FileIndex{0};
      const std::uint64_t length = (*client)->info(*torrent)->layout.file(file).length;
      const auto start = (*client)->read(*torrent, file, 0, std::min<std::uint64_t>(length, 16),
                                         std::chrono::seconds(10));
      if (!start) return failure(start.error());
      std::fwrite(start->data(), 1, start->size(), stdout);
      return 0;  // the client stops: saves, tells trackers, at most 5 s
    }
  }
  return 1;
}
