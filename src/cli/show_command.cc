// SPDX-License-Identifier: MIT OR Apache-2.0
// weir show: what is in a torrent or magnet link, as a page or as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <filesystem>
#include <optional>

#include "cli/commands.h"
#include "cli/json.h"
#include "cli/node_show.h"
#include "cli/render.h"
#include "cli/show_json.h"
#include "cli/source.h"
#include "cli/tracker_urls.h"
#include "cli/values.h"

namespace weir {
namespace {

void add_line(std::string& out, std::string_view label, std::string_view value) {
  if (!value.empty()) out += fmt::format("{:<14}{}\n", label, value);
}

void add_hash_lines(std::string& out, const InfoHashes& hashes) {
  if (hashes.v1) add_line(out, "info hash v1", hashes.v1->hex());
  if (hashes.v2) add_line(out, "info hash v2", hashes.v2->hex());
}

void add_list(std::string& out, std::string_view label, const std::vector<std::string>& values) {
  bool first = true;
  for (const std::string& value : values) {
    add_line(out, first ? label : "", printable(value));
    first = false;
  }
}

void add_nodes(std::string& out, std::string_view label,
               const std::vector<TorrentMetadata::Node>& nodes) {
  std::vector<std::string> texts;
  for (const auto& node : nodes) texts.push_back(fmt::format("{}:{}", node.host, node.port));
  add_list(out, label, texts);
}

void add_unusable(std::string& out, const std::vector<UnusableTracker>& trackers) {
  std::vector<std::string> texts;
  for (const UnusableTracker& tracker : trackers) {
    texts.push_back(fmt::format("{} ({})", tracker.url, tracker.problem.text));
  }
  add_list(out, "unusable", texts);
}

std::string marks(const TorrentFile& file) {
  std::string text;
  if (file.attributes.executable) text += "  executable";
  if (file.attributes.hidden) text += "  hidden";
  if (file.attributes.symlink) text += "  -> " + printable(file.symlink_target);
  return text;
}

// Files as a tree: a directory's name once, above what it holds. The files' order is the torrent's,
// in which a directory may come up again; it is named again then.
std::string file_tree(const Layout& layout) {
  std::size_t width = 0;
  for (const TorrentFile& file : layout.files()) {
    if (!file.attributes.pad) width = std::max(width, render_bytes(file.length).size());
  }
  std::string out;
  std::vector<std::string> open;
  for (const TorrentFile& file : layout.files()) {
    if (file.attributes.pad) continue;
    std::vector<std::string> parts = split_path(file.path);
    const std::string leaf = parts.back();
    parts.pop_back();
    const auto differs = std::ranges::mismatch(open, parts);
    auto depth = static_cast<std::size_t>(differs.in2 - parts.begin());
    for (; depth < parts.size(); ++depth) {
      out += fmt::format("{:{}}  {:{}}{}/\n", "", width, "", 2 * depth, printable(parts[depth]));
    }
    out += fmt::format("{:>{}}  {:{}}{}{}\n", render_bytes(file.length), width, "",
                       2 * parts.size(), printable(leaf), marks(file));
    open = std::move(parts);
  }
  return out;
}

// What weir get --select compares its patterns with.
std::string selection_hint(const TorrentInfo& info) {
  if (shown_path(info.layout.files().front()) == info.name) return {};
  return fmt::format("files below {}/ (paths for --select, with {}/ in front or without)\n",
                     printable(info.name), printable(info.name));
}

std::string torrent_page(const TorrentMetadata& metadata,
                         const std::vector<UnusableTracker>& unusable) {
  const TorrentInfo& info = *metadata.info;
  const Layout& layout = info.layout;
  std::string out;
  add_line(out, "name", printable(info.name));
  add_line(out, "kind", kind_name(layout.kind()));
  add_hash_lines(out, info.hashes);
  const auto files = std::ranges::count_if(
      layout.files(), [](const TorrentFile& file) { return !file.attributes.pad; });
  add_line(out, "content",
           fmt::format("{} ({}) in {}", render_bytes(layout.content_size()),
                       count_of(layout.content_size(), "byte"),
                       count_of(static_cast<std::uint64_t>(files), "file")));
  add_line(out, "pieces",
           fmt::format("{} of {}", layout.piece_count(), render_bytes(layout.piece_length())));
  if (info.is_private) add_line(out, "private", "yes");
  add_line(out, "source", printable(info.source));
  add_line(out, "comment", printable(metadata.comment));
  add_line(out, "created by", printable(metadata.created_by));
  if (metadata.creation_date) {
    add_line(out, "created", render_date(*metadata.creation_date).value_or(""));
  }
  std::size_t number = 1;
  for (const auto& tier : metadata.tracker_tiers) {
    add_list(out, fmt::format("tier {}", number++), tier);
  }
  add_unusable(out, unusable);
  add_list(out, "web seeds", metadata.web_seeds);
  add_nodes(out, "nodes", metadata.nodes);
  add_line(out, "magnet", magnet_of(metadata));
  return out + "\n" + selection_hint(info) + file_tree(layout);
}

std::string magnet_page(const Magnet& magnet, const std::vector<UnusableTracker>& unusable) {
  std::string out;
  add_line(out, "name", printable(magnet.name));
  add_hash_lines(out, magnet.hashes);
  if (magnet.length) {
    add_line(out, "content",
             fmt::format("{} ({} bytes)", render_bytes(*magnet.length), *magnet.length));
  }
  add_list(out, "trackers", magnet.trackers);
  add_unusable(out, unusable);
  add_list(out, "web seeds", magnet.web_seeds);
  add_list(out, "sources", magnet.exact_sources);
  add_nodes(out, "peers", magnet.peers);
  std::vector<std::string> ranges;
  for (const auto& range : magnet.selected) {
    ranges.push_back(range.first == range.last ? fmt::format("{}", range.first)
                                               : fmt::format("{}-{}", range.first, range.last));
  }
  add_list(out, "files", ranges);
  add_line(out, "magnet", format_magnet(magnet));
  return out;
}

// Whether the words name a file or a link, which tell what is in them whatever a node knows. All
// else is a name for something that a node has, a bare hash perhaps.
bool tells_itself(const std::string& id) {
  std::error_code ignored;
  return id == "-" || id == "." || id == ".." || id.starts_with("magnet:") ||
         id.ends_with(".torrent") || id.find('/') != id.npos ||
         std::filesystem::is_regular_file(id, ignored);
}

// Nothing: the page is that of the ID itself.
std::optional<ExitCode> show_from_node(const Arguments& arguments, Output& output) {
  const std::string& id = arguments.operands[0];
  if (tells_itself(id)) return std::nullopt;
  const bool is_hash = parse_info_hash(id).has_value();
  const bool needed = !is_hash || api_named(arguments);
  auto target = api_target(arguments);
  if (!target && needed) return fail(output, target.error());
  if (!target) return std::nullopt;
  NodeLink node(std::move(*target));
  const auto torrent = node.find(id);
  if (!torrent && is_hash &&
      (!api_named(arguments) || torrent.error().exit == ExitCode::not_found)) {
    return std::nullopt;
  }
  if (!torrent) return fail(output, torrent.error());
  const auto page = node_page(node, *torrent, !output.human());
  if (!page) return fail(output, page.error());
  output.data(*page);
  return ExitCode::done;
}

}  // namespace

ExitCode run_show(const Arguments& arguments, Output& output) {
  if (arguments.has("--scrape")) return run_scrape(arguments, output);
  if (const auto shown = show_from_node(arguments, output)) return *shown;
  const auto source = load_source(arguments.operands[0]);
  if (!source) return fail(output, source.error());
  const auto unusable = unusable_trackers_of(*source);
  if (output.human()) {
    output.data(source->metadata ? torrent_page(*source->metadata, unusable)
                                 : magnet_page(*source->magnet, unusable));
    return ExitCode::done;
  }
  boost::json::object object =
      source->metadata ? torrent_json(*source->metadata) : magnet_json(*source->magnet);
  if (source->metadata) add_whole_torrent(object, *source->metadata, source->torrent_file);
  if (!unusable.empty()) object["unusable_trackers"] = unusable_json(unusable);
  object["magnet"] =
      json_text(source->metadata ? magnet_of(*source->metadata) : format_magnet(*source->magnet));
  output.data(json_line(object));
  return ExitCode::done;
}

}  // namespace weir
