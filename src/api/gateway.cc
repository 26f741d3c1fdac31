// SPDX-License-Identifier: MIT OR Apache-2.0
// Content by hash for whoever speaks HTTP: /btih/, /btmh/ and /cid/, files and folders, .torrent
// files. docs/http.md describes it.
#include <algorithm>
#include <utility>

#include "api/internal/content.h"
#include "api/internal/routes.h"
#include "codex/info_hash_text.h"
#include "http/accept.h"
#include "http/listing.h"
#include "http/playlist.h"
#include "http/tar_writer.h"
#include "metainfo/create.h"

namespace weir::api {
namespace {

bool is_single(const TorrentInfo& info) { return only_file(info).has_value(); }

// A file's path below the torrent's root.
std::string_view below_root(const TorrentFile& file) {
  const std::size_t slash = file.path.find('/');
  return slash == std::string::npos ? std::string_view(file.path)
                                    : std::string_view(file.path).substr(slash + 1);
}

// The rest of the address, segment by segment.
std::vector<std::string> rest_of(const Request& request) {
  return {request.captures.begin() + 1, request.captures.end()};
}

std::string joined(std::span<const std::string> segments) {
  std::string out;
  for (const std::string& segment : segments) out += (out.empty() ? "" : "/") + segment;
  return out;
}

std::optional<FileIndex> file_at(const TorrentInfo& info, std::span<const std::string> path) {
  const auto& files = info.layout.files();
  if (const auto only = only_file(info)) {
    const bool named = path.size() == 1 && path[0] == files[to_int(*only)].path;
    return path.empty() || named ? only : std::nullopt;
  }
  const std::string wanted = joined(path);
  std::optional<FileIndex> with_root;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].attributes.pad || files[i].attributes.symlink) continue;
    const auto index = static_cast<FileIndex>(i);
    if (below_root(files[i]) == wanted) return index;
    // BEP 19: clients that use us as a web seed put the torrent's name first.
    if (files[i].path == wanted) with_root = index;
  }
  return with_root;
}

std::optional<std::string_view> query_value(const Request& request, std::string_view name) {
  const auto value = request.query.only(name);
  return value ? *value : std::nullopt;
}

// Whether a file, by its path below the root, lies in the folder or is what the path names.
bool is_inside(std::string_view file, std::string_view folder) {
  return folder.empty() || file == folder ||
         (file.starts_with(folder) && file.substr(folder.size()).starts_with('/'));
}

std::vector<std::string_view> playable_files(const TorrentInfo& info, std::string_view folder) {
  std::vector<std::string_view> out;
  for (const TorrentFile& file : info.layout.files()) {
    if (file.attributes.pad || file.attributes.symlink) continue;
    const std::string_view path = below_root(file);
    if (is_inside(path, folder) && http::is_playable(path)) out.push_back(path);
  }
  return out;
}

// The links are absolute: a player that saved the playlist has no other way back to us.
void send_playlist(const RequestPtr& request, const TorrentInfo& info,
                   std::span<const std::string> path) {
  std::vector<std::string_view> files = playable_files(info, joined(path));
  if (files.empty()) return request->text(404, "There is nothing to play in this folder.");
  std::sort(files.begin(), files.end(), natural_less);
  const std::string base =
      (request->authority.empty() ? "" : "http://" + request->authority) +
      http::encode_path(std::vector{request->path.segments[0], request->captures.at(0)});
  std::vector<std::string> urls;
  std::vector<http::PlaylistItem> items;
  urls.reserve(files.size());  // the items look into it
  for (const std::string_view file : files) {
    std::string url = base;
    for (std::string_view rest = file; !rest.empty();) {
      const std::size_t slash = std::min(rest.find('/'), rest.size());
      url += '/' + http::encode_segment(rest.substr(0, slash));
      rest.remove_prefix(std::min(slash + 1, rest.size()));
    }
    urls.push_back(std::move(url));
    items.push_back({file.substr(file.rfind('/') + 1), urls.back()});
  }
  HttpAnswer out;
  out.fields.push_back({"Content-Type", std::string(http::kPlaylistType)});
  const std::string& name = path.empty() ? info.name : path.back();
  out.fields.push_back({"Content-Disposition",
                        http::format_content_disposition(http::Disposition::show, name + ".m3u")});
  out.body = http::playlist(items);
  request->answer(std::move(out));
}

void send_listing(const RequestPtr& request, const TorrentInfo& info,
                  std::span<const std::string> path) {
  std::vector<http::ListedFile> files;
  for (const TorrentFile& file : info.layout.files()) {
    if (!file.attributes.pad && !file.attributes.symlink) {
      files.push_back({below_root(file), file.length});
    }
  }
  const auto listing = http::list_folder(info.name, files, path);
  if (!listing) return request->text(404, "There is no such file in this torrent.");
  HttpAnswer out;
  if (!request->path.trailing_slash) {
    // Links in a listing are relative to an address that ends in '/'.
    out.status = 308;
    out.fields.push_back({"Location", http::encode_path(request->path.segments) + "/"});
    return request->answer(std::move(out));
  }
  constexpr std::array<std::string_view, 2> kOffers{"text/html", "application/json"};
  const bool json = query_value(*request, "format") == "json" ||
                    http::negotiate(request->field("Accept"), kOffers) == 1;
  out.fields.push_back({"Content-Type", json ? "application/json" : "text/html; charset=utf-8"});
  out.fields.push_back({"Content-Security-Policy", std::string(http::kOwnPagePolicy)});
  out.fields.push_back({"Vary", "Accept"});
  std::vector<http::ListingLink> links{{"?format=tar", "All of it as a tar archive"}};
  if (!playable_files(info, joined(path)).empty()) {
    links.push_back({"?format=m3u", "Playlist"});
  }
  out.body = json ? http::listing_json(*listing) : http::listing_html(*listing, "", links);
  request->answer(std::move(out));
}

// The archive's text and the files' stretches, in the archive's order.
void send_tar(const RequestPtr& request, Node& node, const Found& found,
              std::span<const std::string> path) {
  const TorrentInfo& info = *found.info;
  const std::string folder = joined(path);
  std::vector<http::TarWriteEntry> entries;
  std::vector<FileIndex> files;
  for (std::size_t i = 0; i < info.layout.files().size(); ++i) {
    const TorrentFile& file = info.layout.files()[i];
    if (file.attributes.pad || file.attributes.symlink) continue;
    const std::string_view name = below_root(file);
    if (!is_inside(name, folder)) continue;
    http::TarWriteEntry entry;
    entry.path = file.path;
    entry.size = file.length;
    entry.executable = file.attributes.executable;
    entries.push_back(std::move(entry));
    files.push_back(static_cast<FileIndex>(i));
  }
  if (entries.empty()) return request->text(404, "There is no such file in this torrent.");
  const auto plan = http::TarPlan::make(std::move(entries));
  if (!plan) return request->text(413, "This folder does not fit into an archive.");
  HttpAnswer out;
  out.fields.push_back({"Content-Type", "application/x-tar"});
  out.fields.push_back(
      {"Content-Disposition",
       http::format_content_disposition(http::Disposition::attachment,
                                        (path.empty() ? info.name : path.back()) + ".tar")});
  out.length = plan->length();
  std::vector<BodyPiece> pieces;
  for (std::uint64_t at = 0; at < plan->length() && request->method != http::Method::head;) {
    http::TarSegment segment = plan->segment_at(at, plan->length() - at);
    if (auto* text = std::get_if<std::string>(&segment)) {
      at += text->size();
      pieces.emplace_back(std::move(*text));
      continue;
    }
    const auto& bytes = std::get<http::TarFileBytes>(segment);
    at += bytes.length;
    pieces.emplace_back(FileStretch{files[bytes.entry], {bytes.offset, bytes.length}});
  }
  // All at once: they need not wait for each other.
  if (request->method != http::Method::head) (void)node.client().want_files(found.key, files);
  out.body = content_source(node, found, std::move(pieces));
  request->answer(std::move(out));
}

void send_found(Context& context, const RequestPtr& request, const Found& found) {
  const std::vector<std::string> path = rest_of(*request);
  const TorrentInfo& info = *found.info;
  if (query_value(*request, "format") == "tar") {
    return send_tar(request, context.node, found, path);
  }
  if (query_value(*request, "format") == "m3u") return send_playlist(request, info, path);
  const auto file = file_at(info, path);
  if (!file && is_single(info)) {
    return request->text(404, "There is no such file in this torrent.");
  }
  if (!file) return send_listing(request, info, path);
  ContentView view;
  view.file = *file;
  const std::string& full = info.layout.file(*file).path;
  view.name = full.substr(full.rfind('/') + 1);
  if (found.publication) {
    view.name = found.publication->manifest.filename;
    view.mimetype = found.publication->manifest.mimetype;
  }
  view.presentation.download = query_value(*request, "download").has_value();
  view.presentation.preview = context.config.preview;
  send_content(request, context.node, found, view);
}

// The hash in the address, which must be of the kind that the address says.
enum class HashKind : std::uint8_t { v1, v2 };
std::optional<FetchSource> source_of(const RequestPtr& request, HashKind kind) {
  const auto hash = codex::parse_info_hash_text(request->captures.at(0));
  const auto hashes = hash ? info_hashes(*hash) : std::nullopt;
  if (!hashes || hashes->v1.has_value() != (kind == HashKind::v1)) {
    request->text(400, kind == HashKind::v1
                           ? "After /btih/ comes a v1 info hash: 40 hexadecimal digits."
                           : "After /btmh/ comes a v2 info hash: 64 hexadecimal digits.");
    return std::nullopt;
  }
  FetchSource out;
  out.hashes = *hashes;
  return out;
}

// Of a torrent that is not here no more is fetched than what is asked for: one file, what goes into
// an archive, or nothing for a look at it.
std::vector<std::uint8_t> nothing(const TorrentInfo& info) {
  return std::vector<std::uint8_t>(info.layout.files().size(), kPriorityNone);
}
auto selection_of(const Request& request) {
  const bool tar = query_value(request, "format") == "tar";
  const bool list = query_value(request, "format") == "m3u";
  const bool none = list || request.method == http::Method::head;
  return [path = rest_of(request), tar, none](const TorrentInfo& info) {
    std::vector<std::uint8_t> out = nothing(info);
    const auto file = none || tar ? std::nullopt : file_at(info, path);
    if (file) out[to_int(*file)] = kPriorityNormal;
    for (std::size_t i = 0; tar && !none && i < out.size(); ++i) {
      if (is_inside(below_root(info.layout.files()[i]), joined(path))) out[i] = kPriorityNormal;
    }
    return out;
  };
}

void by_hash(Context& context, const RequestPtr& request, HashKind kind) {
  auto source = source_of(request, kind);
  if (!source) return;
  source->select = selection_of(*request);
  with_torrent(context, request, std::move(*source),
               [&context, request](const Found& found) { send_found(context, request, found); });
}
void btih(Context& context, const RequestPtr& request) { by_hash(context, request, HashKind::v1); }
void btmh(Context& context, const RequestPtr& request) { by_hash(context, request, HashKind::v2); }

void by_cid(Context& context, const RequestPtr& request) {
  const auto cid = Cid::parse(request->captures.at(0));
  if (!cid) return request->text(400, "After /cid/ comes a CID.");
  if (cid->codec() == Multicodec::torrent_info) {
    FetchSource source;
    source.hashes.v1 = cid->hash().as_sha1();
    if (!source.hashes.v1) return request->text(400, "After /cid/ comes a CID.");
    source.select = selection_of(*request);
    return with_torrent(context, request, std::move(source),
                        [&context, request](const Found& f) { send_found(context, request, f); });
  }
  context.later(request, [&context, request, cid = *cid] {
    const auto found = context.node.find(cid);
    if (!found) return request->text(404, "Nothing with this CID is here.");
    send_found(context, request, *found);
  });
}

void send_torrent_file(Context& context, const RequestPtr& request, const Found& found,
                       const InfoHashes& asked) {
  Buffer bytes;
  if (found.publication) {
    const Publication& publication = *found.publication;
    const bool reference = asked.v1 == publication.info_hash();
    bytes = reference ? publication.reference_file : publication.hybrid_file;
  } else {
    bytes = context.node.client().torrent_file(found.key);
  }
  if (bytes.empty()) return request->text(404, "The torrent's metadata is not known.");
  HttpAnswer out;
  out.fields.push_back({"Content-Type", "application/x-bittorrent"});
  out.fields.push_back(
      {"Content-Disposition", http::format_content_disposition(http::Disposition::attachment,
                                                               found.info->name + ".torrent")});
  out.body = std::string(as_text(bytes));
  request->answer(std::move(out));
}

void torrent_file(Context& context, const RequestPtr& request, HashKind kind) {
  auto source = source_of(request, kind);
  if (!source) return;
  const InfoHashes asked = source->hashes;
  source->select = nothing;
  with_torrent(context, request, std::move(*source), [&context, request, asked](const Found& f) {
    send_torrent_file(context, request, f, asked);
  });
}
void btih_file(Context& context, const RequestPtr& request) {
  torrent_file(context, request, HashKind::v1);
}
void btmh_file(Context& context, const RequestPtr& request) {
  torrent_file(context, request, HashKind::v2);
}

void playlist(Context& context, const RequestPtr& request, HashKind kind) {
  auto source = source_of(request, kind);
  if (!source) return;
  source->select = nothing;
  with_torrent(context, request, std::move(*source),
               [request](const Found& found) { send_playlist(request, *found.info, {}); });
}
void btih_playlist(Context& context, const RequestPtr& request) {
  playlist(context, request, HashKind::v1);
}
void btmh_playlist(Context& context, const RequestPtr& request) {
  playlist(context, request, HashKind::v2);
}

constexpr auto kRead = http::Scope::read;
constexpr Route kRoutes[] = {
    {http::Method::get, "/btih/{hash}.torrent", kRead, true, btih_file},
    {http::Method::get, "/btmh/{hash}.torrent", kRead, true, btmh_file},
    {http::Method::get, "/btih/{hash}.m3u", kRead, true, btih_playlist},
    {http::Method::get, "/btmh/{hash}.m3u", kRead, true, btmh_playlist},
    {http::Method::get, "/btih/{hash}/{path...}", kRead, true, btih},
    {http::Method::get, "/btmh/{hash}/{path...}", kRead, true, btmh},
    {http::Method::get, "/cid/{cid}/{path...}", kRead, true, by_cid},
};

}  // namespace

std::span<const Route> gateway_routes() { return kRoutes; }

}  // namespace weir::api
