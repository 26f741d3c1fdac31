// SPDX-License-Identifier: MIT OR Apache-2.0
// weir get: downloads, and goes on uploading where that was asked for.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/error_text.h"
#include "cli/render.h"
#include "cli/source.h"
#include "cli/transfer.h"
#include "cli/values.h"
#include "io/posix_disk.h"

namespace weir {
namespace {

AddTorrent download_request(const Arguments& arguments, const std::string& root,
                            const std::vector<Endpoint>& peers) {
  AddTorrent request;
  request.storage.root = root;
  request.storage.part_suffix = arguments.has("--part");
  if (arguments.has("--preallocate")) request.storage.preallocation = Preallocation::full;
  request.check = arguments.value("--check") == "full" ? StartCheck::full : StartCheck::resume;
  request.sequential = arguments.has("--sequential");
  request.peers = peers;
  request.trackers = arguments.values("--tracker");
  const auto patterns = arguments.values("--select");
  if (!patterns.empty()) {
    request.select_files = [patterns](const TorrentInfo& info) {
      return select_files(info.layout, patterns);
    };
  }
  return request;
}

CliResult<std::vector<TorrentSource>> load_sources(const Arguments& arguments, Output& output) {
  std::vector<TorrentSource> sources;
  for (const std::string& id : arguments.operands) {
    auto source = load_source(id);
    if (!source) return std::unexpected(source.error());
    bool again = false;
    for (const TorrentSource& other : sources) again = again || other.hashes() == source->hashes();
    if (again) {
      output.warning(fmt::format("{}: named twice", source->label()));
    } else {
      sources.push_back(std::move(*source));
    }
  }
  return sources;
}

CliError root_failure(const DiskError& error, const std::string& root) {
  if (error.code == DiskErrc::not_regular) {
    return {.exit = ExitCode::conflict,
            .code = error_name(error.code),
            .text = fmt::format("{} is no directory", printable(root)),
            .offset = {},
            .field = {}};
  }
  return {.exit = exit_code_of(error_name(error.code)),
          .code = error_name(error.code),
          .text = fmt::format("{}: {}", printable(root), explain(error_name(error.code))),
          .offset = {},
          .field = {}};
}

}  // namespace

ExitCode run_get(const Arguments& arguments, Output& output) {
  TransferGoal goal;
  goal.seed_after = arguments.has("--seed");
  goal.patterns = arguments.values("--select");
  if (const auto text = arguments.value("--timeout")) {
    goal.timeout = parse_time(*text);
    if (!goal.timeout) return usage_error(output, "--timeout is a time such as 90, 10m or 2h");
  }
  if (auto known = check_client_options(arguments); !known) return fail(output, known.error());
  auto sources = load_sources(arguments, output);
  if (!sources) return fail(output, sources.error());
  const auto peers = named_peers(arguments);
  if (!peers) return fail(output, peers.error());
  const std::string root = absolute_path(arguments.value("--output").value_or("."));
  if (auto made = create_root(root); !made) return fail(output, root_failure(made.error(), root));
  auto client = open_client(arguments, output);
  if (!client) return fail(output, client.error());
  tell_listening(**client, output);

  Transfer transfer(**client, output, goal);
  for (TorrentSource& source : *sources) {
    const std::string label = source.label();
    tell_unusable_trackers(source, output);
    AddTorrent request = download_request(arguments, root, *peers);
    request.metadata = std::move(source.metadata);
    request.torrent_file = std::move(source.torrent_file);
    request.magnet = std::move(source.magnet);
    // Without a selection everything is meant, also where an earlier run selected less.
    if (!request.select_files && (!request.magnet || request.magnet->selected.empty())) {
      request.select_files = [](const TorrentInfo& info) {
        return select_files(info.layout, {"*"});
      };
    }
    const auto added = (*client)->add(std::move(request));
    if (!added) return fail(output, client_failure(added.error(), label));
    transfer.watch(*added, label);
  }
  return transfer.run();
}

}  // namespace weir
