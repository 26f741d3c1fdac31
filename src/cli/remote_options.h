// SPDX-License-Identifier: MIT OR Apache-2.0
// The options of the commands that speak to a running node; part of the table in options.cc.
#pragma once

#include <array>

#include "cli/options.h"
#include "daemon/settings.h"

namespace weir::remote_options {

constexpr CliOption kApi{.name = "--api",
                         .value = "URL",
                         .help =
                             "the node: unix:PATH, http://HOST:PORT or https://HOST:PORT (default: "
                             "WEIR_API, else the socket of this user's node)"};
constexpr CliOption kTokenFile{.name = "--token-file",
                               .value = "FILE",
                               .words = CliWords::any_path,
                               .help =
                                   "a file whose first line is the token for --api (default: "
                                   "WEIR_TOKEN)"};
constexpr CliOption kSocket{.name = "--socket",
                            .value = "PATH",
                            .words = CliWords::any_path,
                            .help = "the node's Unix socket (default: as its configuration says)"};
constexpr CliOption kNodeState{.name = "--state-dir",
                               .value = "DIR",
                               .words = CliWords::directory,
                               .help = "the node's state directory, where its socket is"};
constexpr CliOption kNodeConfig{.name = "--config",
                                .value = "FILE",
                                .words = CliWords::any_path,
                                .help = "the node's configuration file"};
constexpr CliOption kJson{.name = "--json",
                          .help = "print the result as one JSON object on stdout"};

// The options of a command and those that say which node is meant.
template <std::size_t Count>
constexpr std::array<CliOption, Count + 6> with_node(const std::array<CliOption, Count>& own) {
  std::array<CliOption, Count + 6> out{};
  std::size_t at = 0;
  for (const CliOption& option : own) out[at++] = option;
  for (const CliOption& option : {kApi, kTokenFile, kSocket, kNodeState, kNodeConfig, kJson}) {
    out[at++] = option;
  }
  return out;
}

constexpr auto kNode = with_node(std::array<CliOption, 0>{});
constexpr auto kShow = with_node(std::array{
    CliOption{.name = "--scrape",
              .help = "ask its trackers how many peers they know, and print that alone"},
});
constexpr auto kAdd = with_node(std::array{
    CliOption{.name = "--paused", .help = "do not begin yet"},
    CliOption{.name = "--sequential", .help = "fetch pieces from first to last"},
});
constexpr auto kList = with_node(std::array{
    CliOption{.name = "--state",
              .value = "STATE",
              .words = CliWords::choices,
              .choices = "fetching_metadata preparing checking downloading seeding paused failed "
                         "stopping",
              .help = "only torrents in this state"},
    CliOption{.name = "--search",
              .value = "TEXT",
              .help = "only torrents whose name has this in it, or whose hash begins so"},
    CliOption{.name = "--sort",
              .value = "ORDER",
              .words = CliWords::choices,
              .choices = "added name progress rate size",
              .help = "the order (default: added)"},
    CliOption{.name = "--reverse", .letter = 'r', .help = "the other way round"},
});
constexpr auto kRemove = with_node(std::array{
    CliOption{.name = "--content", .help = "its content too, unless it was published in place"},
});
constexpr auto kUnpin = with_node(std::array{
    CliOption{.name = "--expire",
              .value = "TIME",
              .help = "remove it with its content when this time has passed, such as 90m or 48h"},
});
constexpr auto kStore = with_node(std::array{
    CliOption{.name = "--dry-run", .help = "gc: only say what would be removed"},
    CliOption{.name = "--unknown",
              .help = "gc: remove directories that no torrent and no upload knows, with their "
                      "files"},
});
constexpr auto kCat = with_node(std::array{
    CliOption{.name = "--range",
              .value = "A-B",
              .help = "only the bytes from A to B, both included; A- is to the end, -N the last N"},
    CliOption{.name = "--file",
              .value = "PATH",
              .help = "the file, where ID is a magnet link or has slashes itself"},
    CliOption{.name = "--peer",
              .value = "HOST:PORT",
              .repeats = true,
              .help = "without a node: a peer to connect to, besides those from trackers"},
    CliOption{.name = "--timeout",
              .value = "TIME",
              .help = "without a node: give up when nothing has come for so long (default: 1m)"},
});

}  // namespace weir::remote_options
