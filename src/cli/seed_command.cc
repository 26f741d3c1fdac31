// SPDX-License-Identifier: MIT OR Apache-2.0
// weir seed: uploads content that is on disk, without ever changing it.
#include <fmt/format.h>

#include <boost/json/object.hpp>

#include "cli/commands.h"
#include "cli/json.h"
#include "cli/render.h"
#include "cli/source.h"
#include "cli/transfer.h"

namespace weir {
namespace {

void announce(const Client& client, const std::vector<std::string>& magnets, Output& output) {
  for (const std::string& magnet : magnets) {
    output.note(fmt::format("seeding {}", magnet));
    if (output.format() == OutputFormat::jsonl) {
      output.data(json_line({{"event", "seeding"}, {"magnet", json_text(magnet)}}));
    }
  }
  for (const Endpoint& endpoint : client.listening()) {
    output.note(fmt::format("listening on {}", endpoint.text()));
  }
  tell_listening(client, output);
}

}  // namespace

ExitCode run_seed(const Arguments& arguments, Output& output) {
  const auto data = arguments.value("--data");
  if (!data) return usage_error(output, "weir seed needs --data DIR, where the content is");
  if (auto known = check_client_options(arguments); !known) return fail(output, known.error());
  struct Content {
    TorrentSource source;
    ContentPlace place;
  };
  std::vector<Content> contents;
  for (const std::string& path : arguments.operands) {
    auto source = load_torrent_file(path);
    if (!source) return fail(output, source.error());
    auto place = find_content(*source->metadata->info, *data);
    if (!place) return fail(output, place.error());
    contents.push_back({std::move(*source), std::move(*place)});
  }
  const auto peers = named_peers(arguments);
  if (!peers) return fail(output, peers.error());
  auto client = open_client(arguments, output);
  if (!client) return fail(output, client.error());

  TransferGoal goal;
  goal.seed_only = true;
  Transfer transfer(**client, output, goal);
  std::vector<std::string> magnets;
  for (Content& content : contents) {
    const std::string label = content.source.label();
    tell_unusable_trackers(content.source, output);
    magnets.push_back(magnet_of(*content.source.metadata));
    AddTorrent request;
    request.storage.root = std::move(content.place.root);
    request.storage.names = std::move(content.place.names);
    request.check = arguments.has("--trust") ? StartCheck::trust : StartCheck::full;
    request.seed_only = true;
    request.peers = *peers;
    request.trackers = arguments.values("--tracker");
    request.metadata = std::move(content.source.metadata);
    request.torrent_file = std::move(content.source.torrent_file);
    const auto added = (*client)->add(std::move(request));
    if (!added) return fail(output, client_failure(added.error(), label));
    transfer.watch(*added, label);
  }
  announce(**client, magnets, output);
  return transfer.run();
}

}  // namespace weir
