// SPDX-License-Identifier: MIT OR Apache-2.0
// Torrents: listed, shown, added, removed, paused, resumed, checked.
#include <cmath>
#include <utility>

#include "api/internal/folder_uploads.h"
#include "api/internal/weir.h"
#include "api/torrent_file.h"
#include "codex/info_hash_text.h"
#include "http/field.h"
#include "http/media_type.h"
#include "metainfo/magnet.h"

namespace weir::api {
namespace {

namespace json = boost::json;

// The only value of a query parameter; an answer when there are several.
struct BadQuery {
  std::string_view text;
};
template <class T>
using Asked = std::expected<T, BadQuery>;

Asked<std::optional<std::string_view>> only(const Request& request, std::string_view name) {
  const auto value = request.query.only(name);
  if (!value) return std::unexpected(BadQuery{"A parameter is there twice."});
  return *value;
}

Asked<std::size_t> number(const Request& request, std::string_view name, std::size_t otherwise) {
  const auto value = only(request, name);
  if (!value) return std::unexpected(value.error());
  if (!*value) return otherwise;
  const auto parsed = http::parse_number(**value);
  if (!parsed) return std::unexpected(BadQuery{"offset and limit are numbers."});
  return static_cast<std::size_t>(*parsed);
}

Asked<bool> flag(const Request& request, std::string_view name) {
  const auto value = only(request, name);
  if (!value) return std::unexpected(value.error());
  if (!*value || **value == "false") return false;
  if (**value == "true") return true;
  return std::unexpected(BadQuery{"It is true or false."});
}

bool read_order(std::string_view text, TorrentOrder& out) {
  constexpr std::pair<std::string_view, TorrentOrder> kOrders[] = {
      {"added", TorrentOrder::added},       {"name", TorrentOrder::name},
      {"progress", TorrentOrder::progress}, {"rate", TorrentOrder::rate},
      {"size", TorrentOrder::size},
  };
  for (const auto& [name, order] : kOrders) {
    if (name == text) {
      out = order;
      return true;
    }
  }
  return false;
}

Asked<TorrentQuery> query_of(const Request& request) {
  TorrentQuery out;
  const auto offset = number(request, "offset", 0);
  const auto limit = number(request, "limit", kPageDefault);
  const auto state = only(request, "state"), text = only(request, "q");
  const auto sort = only(request, "sort"), order = only(request, "order");
  if (!offset) return std::unexpected(offset.error());
  if (!limit) return std::unexpected(limit.error());
  for (const auto* value : {&state, &text, &sort, &order}) {
    if (!*value) return std::unexpected(value->error());
  }
  if (*limit < 1 || *limit > kPageMax) {
    return std::unexpected(BadQuery{"limit is between 1 and 1000."});
  }
  out.offset = *offset;
  out.limit = *limit;
  if (*state) {
    out.state = parse_torrent_state(**state);
    if (!out.state) return std::unexpected(BadQuery{"There is no such state."});
  }
  if (*text) {
    if ((*text)->size() > kSearchBytesMax) {
      return std::unexpected(BadQuery{"q has at most 256 bytes."});
    }
    out.text = **text;
  }
  if (*sort && !read_order(**sort, out.order)) {
    return std::unexpected(BadQuery{"sort is one of added, name, progress, rate, size."});
  }
  const std::string_view direction = order->value_or("asc");
  if (direction != "asc" && direction != "desc") {
    return std::unexpected(BadQuery{"order is asc or desc."});
  }
  out.descending = direction == "desc";
  return out;
}

json::object whole_json(WeirState& state, const TorrentStatus& status, bool with_paths) {
  json::object out = torrent_json(status);
  out["pieces"] = {{"total", status.pieces_total}, {"done", status.pieces_done}};
  out["check"] = {{"total", status.check_total}, {"done", status.check_done}};
  out["wasted"] = status.swarm.wasted_bytes;
  out["failedPieces"] = status.swarm.failed_pieces;
  out["knownPeers"] = status.known_peers;
  out["connecting"] = status.connecting;
  const double copies = status.swarm.distributed_copies;
  out["copies"] = std::isfinite(copies) ? json::value(copies) : json::value(nullptr);
  {
    const std::lock_guard lock(state.limits_mutex);
    const auto it = state.limits.find(status.key);
    out["limits"] = limits_json(it == state.limits.end() ? RateLimits{} : it->second);
  }
  out["externalAddress"] = nullptr;
  if (status.external_ip) out["externalAddress"] = status.external_ip->text();
  Magnet magnet;
  magnet.hashes = status.hashes;
  magnet.name = status.name;
  out["magnet"] = text_json(format_magnet(magnet));
  out["private"] = nullptr;
  if (const auto info = state.node.client().info(status.key)) out["private"] = info->is_private;
  const auto found = state.node.find(status.hashes);
  const bool uploaded = found && found->publication;
  out["upload"] = uploaded ? json::value(found->publication->cid.text()) : json::value(nullptr);
  const Node::Removal removal = state.node.removal(status);
  out["frees"] = removal.frees;
  out["usedBy"] = json::array(removal.used_by.begin(), removal.used_by.end());
  add_keep(out, state.node.keep(status.hashes));
  out["inPlace"] = nullptr;
  const auto path = state.node.in_place().path_of(status.hashes);
  if (path && with_paths) out["inPlace"] = text_json(*path);
  return out;
}

// Answers with the torrent as it is now.
void answer_torrent(WeirState& state, const RequestPtr& request, TorrentKey key,
                    unsigned status = 200) {
  const auto now = state.node.client().status(key);
  if (!now) return answer_error(request, 404, "not_found", "There is no such torrent here.");
  answer_json(request, whole_json(state, *now, is_local_user(request->call.head())), status);
}

// What a body asks to add, or why it can't be read.
struct Wanted {
  FetchSource source;
  AddOptions options;
  std::optional<PublishRequest> publish;  // in place of both
};
struct BadBody {
  std::string_view code;
  std::string text;
};
using ReadBody = std::expected<Wanted, BadBody>;

// A magnet link or an info hash in any of its forms.
ReadBody read_link(Node& node, std::string_view text) {
  Wanted out;
  text = http::trimmed(text);
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  if (text.starts_with("magnet:")) {
    const auto magnet = parse_magnet(text);
    if (!magnet) return std::unexpected(BadBody{"bad_magnet", error_name(magnet.error().code)});
    out.source.hashes = magnet->hashes;
    out.source.magnet = *magnet;
    return out;
  }
  const auto hash = codex::parse_info_hash_text(text);
  auto hashes = hash ? info_hashes(*hash) : std::nullopt;
  if (!hashes) hashes = hashes_of_cid(node, text);
  if (!hashes) {
    return std::unexpected(BadBody{"bad_hash", "This is neither a magnet link nor an info hash."});
  }
  out.source.hashes = *hashes;
  return out;
}

ReadBody read_request(Node& node, Bytes body) {
  const auto bad = [](const char* text) { return std::unexpected(BadBody{"bad_request", text}); };
  const auto root = read_json(body);
  const json::object* object = root ? root->if_object() : nullptr;
  if (!object) return bad("The body is a JSON object.");
  std::optional<std::string> link;
  std::optional<std::string> path;
  AddOptions options;
  for (const auto& [name, value] : *object) {
    if (name == "magnet" || name == "hash") {
      if (link || !value.is_string()) return bad("One of magnet and hash is given, as a string.");
      link = std::string_view(value.get_string());
    } else if (name == "path") {
      if (!value.is_string()) return bad("path is a string.");
      path = std::string_view(value.get_string());
    } else if (name == "paused" && value.is_bool()) {
      options.paused = value.get_bool();
    } else if (name == "sequential" && value.is_bool()) {
      options.sequential = value.get_bool();
    } else {
      return bad("The fields are magnet, hash, path, paused and sequential.");
    }
  }
  if (path && link) return bad("One of magnet, hash and path is given.");
  if (path) return Wanted{{}, {}, PublishRequest{*path, options.paused}};
  if (!link) return bad("One of magnet and hash is given, as a string.");
  auto out = read_link(node, *link);
  if (out) out->options = options;
  return out;
}

ReadBody read_file(Node&, Buffer body) {
  auto source = read_torrent_file(std::move(body));
  if (!source) return std::unexpected(BadBody{"bad_torrent", source.error()});
  if (!source->metadata) {
    return std::unexpected(BadBody{"bad_torrent", "A torrent without a name can't be fetched."});
  }
  return Wanted{std::move(*source), {}, {}};
}

std::string essence_of(const Request& request) {
  const auto field = request.field("Content-Type");
  const auto media =
      field ? http::parse_media_type(*field) : std::unexpected(http::HttpErrc::malformed);
  return media ? media->type + "/" + media->subtype : std::string();
}

void act(Context& context, const RequestPtr& request, void (Client::*action)(TorrentKey)) {
  later_with_torrent(context, request, [request, action](WeirState& state, TorrentKey key) {
    (state.node.client().*action)(key);
    state.index.touch(key);
    answer_torrent(state, request, key);
  });
}

void add_folder(Context& context, const RequestPtr& request) {
  receive_folder(context, request, ErrorForm::json,
                 [&context](const RequestPtr& r, const PublishedFolder& published) {
                   later(context, r, [r, published](WeirState& state) {
                     answer_torrent(state, r, published.key, published.is_new ? 201 : 200);
                   });
                 });
}

}  // namespace

void list_torrents(Context& context, const RequestPtr& request) {
  const auto query = query_of(*request);
  if (!query) return answer_error(request, 400, "bad_query", query.error().text);
  later(context, request, [request, query = *query](WeirState& state) {
    const TorrentPage page = state.index.page(query);
    json::array torrents;
    torrents.reserve(page.rows.size());
    for (const TorrentStatus& status : page.rows) torrents.push_back(torrent_json(status));
    json::object out;
    out["total"] = page.total;
    out["matched"] = page.matched;
    out["offset"] = query.offset;
    out["torrents"] = std::move(torrents);
    answer_json(request, out);
  });
}

void add_torrent(Context& context, const RequestPtr& request) {
  const std::string type = essence_of(*request);
  if (type == "application/x-tar") return add_folder(context, request);
  ReadBody (*read)(Node&, Buffer) = nullptr;
  if (type == "application/json") {
    read = [](Node& node, Buffer body) { return read_request(node, body); };
  } else if (type == "text/plain") {
    read = [](Node& node, Buffer body) { return read_link(node, as_text(body)); };
  } else if (type == "application/x-bittorrent" || type == "application/octet-stream") {
    read = read_file;
  } else {
    return answer_error(request, 415, "bad_type",
                        "A torrent is application/json, text/plain, application/x-bittorrent or, "
                        "with its content, application/x-tar.");
  }
  const bool file = read == read_file;
  const std::size_t most = file ? kTorrentFileBytesMax : kMagnetBytesMax + 1024;
  // Of a .torrent file, whose bytes have no room for wishes.
  const auto paused = flag(*request, "paused"), sequential = flag(*request, "sequential");
  if (!paused || !sequential) {
    return answer_error(request, 400, "bad_query", "paused and sequential are true or false.");
  }
  const AddOptions file_options{*paused, *sequential};
  receive(request, most, [&context, request, read, file, file_options](Buffer body) {
    auto shared = std::make_shared<Buffer>(std::move(body));
    later(context, request,
          [&context, request, read, file, file_options, shared](WeirState& state) {
            auto wanted = read(state.node, std::move(*shared));
            if (!wanted)
              return answer_error(request, 400, wanted.error().code, wanted.error().text);
            if (wanted->publish) return publish_path(context, request, std::move(*wanted->publish));
            if (file) wanted->options = file_options;
            const auto added = state.node.add(std::move(wanted->source), wanted->options);
            if (!added) return request->answer(weir_error(added.error()));
            answer_torrent(state, request, added->key, added->is_new ? 201 : 200);
          });
  });
}

void get_torrent(Context& context, const RequestPtr& request) {
  later_with_torrent(context, request, [request](WeirState& state, TorrentKey key) {
    answer_torrent(state, request, key);
  });
}

void delete_torrent(Context& context, const RequestPtr& request) {
  const auto content = only(*request, "content");
  const bool remove = content && *content == "remove";
  if (!content || (*content && !remove && *content != "keep")) {
    return answer_error(request, 400, "bad_query", "content is keep or remove.");
  }
  later_with_torrent(context, request, [request, remove](WeirState& state, TorrentKey key) {
    const auto status = state.node.client().status(key);
    const Node::Removal removal = status ? state.node.removal(*status) : Node::Removal{};
    auto found = status ? state.node.find(status->hashes) : std::nullopt;
    if (found && found->publication && !remove) {
      return answer_error(request, 409, "uploaded",
                          "This was uploaded here: its content goes with it (content=remove).");
    }
    if (found && found->publication) {
      // All manifests over this content.
      for (; found && found->publication; found = state.node.find(status->hashes)) {
        const auto removed = state.node.remove(found->publication->cid);
        if (!removed) return request->answer(weir_error(removed.error()));
      }
    } else {
      if (status && remove && state.node.in_place().path_of(status->hashes)) {
        return answer_error(request, 409, "in_place",
                            "This was published where it lies, and stays there (content=keep).");
      }
      state.node.remove(key, remove ? RemoveContent::remove : RemoveContent::keep);
    }
    json::object out;
    out["freed"] = remove ? removal.frees : 0;
    out["usedBy"] = json::array(removal.used_by.begin(), removal.used_by.end());
    answer_json(request, out);
  });
}

void pause_torrent(Context& context, const RequestPtr& request) {
  act(context, request, &Client::pause);
}
void resume_torrent(Context& context, const RequestPtr& request) {
  act(context, request, &Client::resume);
}
void recheck_torrent(Context& context, const RequestPtr& request) {
  act(context, request, &Client::recheck);
}

}  // namespace weir::api
