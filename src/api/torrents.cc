// SPDX-License-Identifier: MIT OR Apache-2.0
// Torrents by info hash, magnet link and metadata, as the reference's REST interface has them.
#include <boost/json.hpp>
#include <utility>

#include "api/internal/content.h"
#include "api/internal/routes.h"
#include "api/torrent_file.h"
#include "codex/info_hash_text.h"
#include "codex/rest_json.h"
#include "http/field.h"
#include "http/media_type.h"
#include "metainfo/magnet.h"

namespace weir::api {
namespace {

// The info hash in the path as what to fetch, or an answer that it is none.
std::optional<FetchSource> source_of(const RequestPtr& request) {
  const auto hash = codex::parse_info_hash_text(request->captures.at(0));
  const auto hashes = hash ? info_hashes(*hash) : std::nullopt;
  if (!hashes) {
    request->text(400, "given bytes is not a correct multihash");
    return std::nullopt;
  }
  FetchSource out;
  out.hashes = *hashes;
  return out;
}

void send_torrent(Context& context, const RequestPtr& request, FetchSource source) {
  with_torrent(context, request, std::move(source),
               [&node = context.node, request](const Found& found) {
                 const auto file = only_file(*found.info);
                 if (!file) {
                   return request->text(422, "This torrent is a folder: see /btih/ or /btmh/.");
                 }
                 ContentView view;
                 view.file = *file;
                 view.name = found.info->name;
                 if (found.publication) {
                   view.name = found.publication->manifest.filename;
                   view.mimetype = found.publication->manifest.mimetype;
                   // The reference says this when the uploader did not say a type.
                   if (view.mimetype.empty()) view.mimetype = "application/octet-stream";
                 }
                 view.presentation.download = true;
                 view.exposes_disposition = true;
                 send_content(request, node, found, view);
               });
}

void stream(Context& context, const RequestPtr& request) {
  auto source = source_of(request);
  if (source) send_torrent(context, request, std::move(*source));
}

// Of a torrent that was not uploaded here, so that no Codex manifest of it is known.
std::string manifest_json(const TorrentInfo& info) {
  boost::json::array pieces;
  for (const Sha1Digest& piece : info.piece_hashes) {
    pieces.emplace_back(Multihash::of(piece).text());
  }
  boost::json::object out;
  out["length"] = info.layout.content_size();
  out["pieceLength"] = info.layout.piece_length();
  out["pieces"] = std::move(pieces);
  out["name"] = info.name;
  return boost::json::serialize(
      boost::json::object{{"infoHash", Multihash::of(*info.hashes.v1).text()},
                          {"torrentManifest", {{"info", out}, {"codexManifestCid", nullptr}}}});
}

void manifest(Context& context, const RequestPtr& request) {
  auto source = source_of(request);
  if (!source) return;
  with_torrent(context, request, std::move(*source), [request](const Found& found) {
    if (found.publication) {
      const Publication& publication = *found.publication;
      return request->json(
          codex::torrent_item_json(publication.info_hash(), publication.torrent_manifest()));
    }
    if (!found.info->hashes.v1 || !only_file(*found.info)) {
      return request->text(422, "Only torrents version 1 of a single file have such a manifest.");
    }
    request->json(manifest_json(*found.info));
  });
}

std::string media_essence(const Request& request) {
  const auto field = request.field("Content-Type");
  const auto media =
      field ? http::parse_media_type(*field) : std::unexpected(http::HttpErrc::malformed);
  return media ? media->essence() : "";
}

const char* sentence_of(MagnetErrc code) {
  switch (code) {
    case MagnetErrc::too_long:
      return "The magnet link is too long.";
    case MagnetErrc::not_a_magnet:
      return "Invalid magnet link format (missing 'magnet:?' prefix)";
    case MagnetErrc::missing_topic:
      return "Invalid magnet link format (at least one info hash part is required)";
    case MagnetErrc::bad_btih:
    case MagnetErrc::bad_btmh:
      return "Error parsing info hash: given bytes is not a correct multihash";
    case MagnetErrc::bad_escape:
    case MagnetErrc::conflicting_topics:
    case MagnetErrc::bad_file_selection:
      return "Invalid magnet link format";
  }
  std::unreachable();
}

void post_magnet(Context& context, const RequestPtr& request) {
  const std::string type = media_essence(*request);
  if (type != "text/plain" && type != "application/octet-stream") {
    return request->text(422,
                         "Missing \"Content-Type\" header: expected either \"text/plain\" or "
                         "\"application/octet-stream\".");
  }
  if (!request->call.head().has_body) return request->text(422, "No magnet link provided.");
  request->call.receive_all(kMagnetBytesMax, [&context, request](const Buffer& body) {
    std::string_view text = as_text(body);
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return request->text(422, "No magnet link provided.");
    text = text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
    const auto magnet = parse_magnet(text);
    if (!magnet) return request->text(422, sentence_of(magnet.error().code));
    FetchSource source;
    source.hashes = magnet->hashes;
    source.magnet = *magnet;
    send_torrent(context, request, std::move(source));
  });
}

void post_torrent_file(Context& context, const RequestPtr& request) {
  const std::string type = media_essence(*request);
  const bool json = type == "application/json";
  if (!json && type != "application/octet-stream" && type != "application/x-bittorrent") {
    return request->text(422,
                         "Missing \"Content-Type\" header: expected either \"application/json\" or "
                         "\"application/octet-stream\".");
  }
  if (!request->call.head().has_body) {
    return request->text(422, "No torrent file content provided.");
  }
  request->call.receive_all(kTorrentFileBytesMax, [&context, request, json](Buffer body) {
    if (body.empty()) return request->text(422, "No torrent file content provided.");
    auto shared = std::make_shared<Buffer>(std::move(body));
    // A large file takes a moment to parse.
    context.later(request, [&context, request, json, shared] {
      auto source = json ? read_torrent_json(*shared) : read_torrent_file(std::move(*shared));
      if (!source) return request->text(422, source.error());
      send_torrent(context, request, std::move(*source));
    });
  });
}

constexpr auto kRead = http::Scope::read;
constexpr auto kAdd = http::Scope::add;
constexpr Route kRoutes[] = {
    {http::Method::get, "/api/codex/v1/torrent/{hash}/network/stream", kRead, true, stream},
    {http::Method::get, "/api/codex/v1/torrent/{hash}/network/manifest", kRead, true, manifest},
    {http::Method::post, "/api/codex/v1/torrent/magnet", kAdd, true, post_magnet},
    {http::Method::post, "/api/codex/v1/torrent/torrent-file", kAdd, true, post_torrent_file},
};

}  // namespace

std::span<const Route> torrent_routes() { return kRoutes; }

}  // namespace weir::api
