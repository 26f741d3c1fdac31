// SPDX-License-Identifier: MIT OR Apache-2.0
// What the OpenAPI document's operations refer to.
#include "api/internal/weir.h"

namespace weir::api {
namespace {

constexpr std::string_view kComponents = R"json({
"securitySchemes": {"token": {"type": "http", "scheme": "bearer",
  "description": "Needed where tokens are configured. x-weir-scope names the least scope."}},
"responses": {"Error": {"description": "Why not.", "content": {"application/json":
  {"schema": {"$ref": "#/components/schemas/Error"}}}},
  "Publishing": {"description": "Under way.", "content": {"application/json":
  {"schema": {"$ref": "#/components/schemas/PublishJob"}}}}},
"parameters": {
  "hash": {"name": "hash", "in": "path", "required": true, "schema": {"type": "string"},
    "description": "A v1 or v2 info hash: hexadecimal, base32 (v1), or a tagged multihash."},
  "address": {"name": "address", "in": "path", "required": true, "schema": {"type": "string"},
    "description": "An IPv4 or IPv6 address."},
  "offset": {"name": "offset", "in": "query", "schema": {"type": "integer", "minimum": 0,
    "default": 0}},
  "limit": {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1,
    "maximum": 1000, "default": 100}},
  "state": {"name": "state", "in": "query", "schema": {"$ref": "#/components/schemas/State"}},
  "q": {"name": "q", "in": "query", "schema": {"type": "string", "maxLength": 256},
    "description": "Part of the name, or the beginning of a hash."},
  "sort": {"name": "sort", "in": "query", "schema": {"enum": ["added", "name", "progress", "rate",
    "size"], "default": "added"}},
  "order": {"name": "order", "in": "query", "schema": {"enum": ["asc", "desc"],
    "default": "asc"}},
  "id": {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
  "paused": {"name": "paused", "in": "query", "schema": {"type": "boolean", "default": false},
    "description": "Of a .torrent file; JSON has a field."},
  "sequential": {"name": "sequential", "in": "query", "schema": {"type": "boolean",
    "default": false}, "description": "Of a .torrent file; JSON has a field."},
  "content": {"name": "content", "in": "query", "schema": {"enum": ["keep", "remove"],
    "default": "keep"}},
  "onlyHash": {"name": "hash", "in": "query", "schema": {"type": "string"},
    "description": "Only this torrent's or upload's files."},
  "dryRun": {"name": "dryRun", "in": "query", "schema": {"type": "boolean", "default": false},
    "description": "Only tells what would be removed."},
  "unknown": {"name": "unknown", "in": "query", "schema": {"type": "boolean", "default": false},
    "description": "Removes directories that no torrent and no upload knows, with their files."},
  "lastEventId": {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"},
    "description": "The id seen last; without it the stream begins now."}},
"requestBodies": {
  "Addition": {"required": true, "content": {
    "application/json": {"schema": {"$ref": "#/components/schemas/Addition"}},
    "text/plain": {"schema": {"type": "string", "description": "A magnet link or info hash."}},
    "application/x-bittorrent": {},
    "application/x-tar": {}}},
  "Keep": {"required": true, "content": {"application/json": {"schema": {"type": "object",
    "additionalProperties": false, "properties": {"pinned": {"type": "boolean"},
      "expires": {"type": ["integer", "null"], "minimum": 0}}}}}},
  "Limits": {"required": true, "content": {"application/json":
    {"schema": {"$ref": "#/components/schemas/LimitsChange"}}}}},
)json"
                                         R"json("schemas": {
  "Error": {"type": "object", "required": ["error"], "additionalProperties": false, "properties": {
    "error": {"type": "object", "required": ["code", "text"], "additionalProperties": false,
      "properties": {"code": {"type": "string", "description": "Stable."},
        "text": {"type": "string", "description": "For people."}}}}},
  "Count": {"type": "integer", "minimum": 0},
  "State": {"enum": ["fetching_metadata", "preparing", "checking", "downloading", "seeding",
    "paused", "failed", "stopping"]},
  "Limits": {"type": "object", "required": ["down", "up"], "additionalProperties": false,
    "description": "Bytes a second; 0 for no limit.", "properties": {
      "down": {"$ref": "#/components/schemas/Count"},
      "up": {"$ref": "#/components/schemas/Count"}}},
  "LimitsChange": {"type": "object", "additionalProperties": false,
    "description": "What is left out stays.", "properties": {
      "down": {"$ref": "#/components/schemas/Count"},
      "up": {"$ref": "#/components/schemas/Count"}}},
  "Addition": {"type": "object", "additionalProperties": false,
    "oneOf": [{"required": ["magnet"]}, {"required": ["hash"]}, {"required": ["path"]}],
    "properties": {
      "magnet": {"type": "string"},
      "hash": {"type": "string", "description": "An info hash, or the CID of one."},
      "path": {"type": "string", "description":
        "Absolute, of this machine: published where it lies. Unix socket or admin token only."},
      "paused": {"type": "boolean", "default": false},
      "sequential": {"type": "boolean", "default": false}}},
  "Torrent": {"type": "object", "required": ["hash", "v1", "v2", "name", "state", "error",
    "metadata", "size", "done", "progress", "downRate", "upRate", "downloaded", "uploaded", "peers",
    "seeds"], "properties": {
      "hash": {"type": "string", "description": "v1, or v2 where there is no v1."},
      "v1": {"type": ["string", "null"]}, "v2": {"type": ["string", "null"]},
      "name": {"type": "string"}, "state": {"$ref": "#/components/schemas/State"},
      "error": {"type": ["object", "null"], "required": ["code", "recovers"],
        "properties": {"code": {"type": "string"}, "recovers": {"type": "boolean"}}},
      "metadata": {"type": "boolean", "description": "Whether it is known."},
      "size": {"$ref": "#/components/schemas/Count"}, "done": {"$ref": "#/components/schemas/Count"},
      "progress": {"type": "number", "minimum": 0, "maximum": 1},
      "downRate": {"$ref": "#/components/schemas/Count"},
      "upRate": {"$ref": "#/components/schemas/Count"},
      "downloaded": {"$ref": "#/components/schemas/Count"},
      "uploaded": {"$ref": "#/components/schemas/Count"},
      "peers": {"$ref": "#/components/schemas/Count"},
      "seeds": {"$ref": "#/components/schemas/Count"}}},
  "Part": {"type": "object", "required": ["total", "done"], "properties": {
    "total": {"$ref": "#/components/schemas/Count"},
    "done": {"$ref": "#/components/schemas/Count"}}},
)json"
                                         R"json(
  "TorrentDetail": {"allOf": [{"$ref": "#/components/schemas/Torrent"}, {"type": "object",
    "required": ["pieces", "check", "wasted", "failedPieces", "knownPeers", "connecting", "copies",
      "limits", "magnet", "private", "upload", "frees", "usedBy", "inPlace",
      "externalAddress", "pinned", "expires"], "properties": {
      "externalAddress": {"type": ["string", "null"],
        "description": "How a tracker saw this node last, if one said so."},
      "pieces": {"$ref": "#/components/schemas/Part"},
      "check": {"$ref": "#/components/schemas/Part"},
      "wasted": {"$ref": "#/components/schemas/Count"},
      "failedPieces": {"$ref": "#/components/schemas/Count"},
      "knownPeers": {"$ref": "#/components/schemas/Count"},
      "connecting": {"$ref": "#/components/schemas/Count"},
      "copies": {"type": ["number", "null"]},
      "limits": {"$ref": "#/components/schemas/Limits"},
      "magnet": {"type": "string"}, "private": {"type": ["boolean", "null"]},
      "upload": {"type": ["string", "null"], "description": "The CID of what was uploaded."},
      "frees": {"type": "integer", "minimum": 0,
        "description": "Bytes that removing it with its content gives back."},
      "usedBy": {"$ref": "#/components/schemas/UsedBy"},
      "pinned": {"type": "boolean"}, "expires": {"$ref": "#/components/schemas/Expires"},
      "inPlace": {"type": ["string", "null"], "description":
        "Where it was published; told through the Unix socket only."}}}]},
  "Expires": {"type": ["integer", "null"],
    "description": "When it may be removed with its content, in ms since 1970; null: never."},
  "KeptTorrent": {"allOf": [{"$ref": "#/components/schemas/Torrent"}, {"type": "object",
    "required": ["pinned", "expires"], "properties": {"pinned": {"type": "boolean"},
      "expires": {"$ref": "#/components/schemas/Expires"}}}]},
  "Store": {"type": "object", "additionalProperties": false, "required": ["used", "quota",
    "reserved", "contents", "copies", "shared", "pinned", "expired", "damaged"], "properties": {
      "used": {"$ref": "#/components/schemas/Count"},
      "quota": {"$ref": "#/components/schemas/Count"},
      "reserved": {"$ref": "#/components/schemas/Count"},
      "contents": {"$ref": "#/components/schemas/Count"},
      "copies": {"$ref": "#/components/schemas/Count"},
      "shared": {"type": "integer", "minimum": 0,
        "description": "Bytes that would be needed on top if nothing were shared."},
      "pinned": {"$ref": "#/components/schemas/Count"},
      "expired": {"$ref": "#/components/schemas/Count"},
      "damaged": {"$ref": "#/components/schemas/Count"}}},
  "StoreCheck": {"type": "object", "additionalProperties": false, "required": ["action", "running",
    "cancelled", "files", "bytes", "count", "found"], "properties": {
      "action": {"enum": ["verify", "repair"]}, "running": {"type": "boolean"},
      "cancelled": {"type": "boolean"}, "files": {"$ref": "#/components/schemas/Part"},
      "bytes": {"$ref": "#/components/schemas/Part"},
      "count": {"$ref": "#/components/schemas/Count"},
      "found": {"type": "array", "description": "At most 1000.", "items": {"type": "object",
        "required": ["torrents", "file", "path", "result"], "properties": {
          "torrents": {"type": "array", "items": {"type": "string"}},
          "file": {"$ref": "#/components/schemas/Count"},
          "path": {"type": ["string", "null"], "description": "Through the Unix socket only."},
          "result": {"enum": ["damaged", "missing", "not_read", "restored", "asked_for"]}}}}}},
  "Left": {"type": "object", "required": ["path", "bytes", "files", "removed"],
    "additionalProperties": false, "properties": {"path": {"type": "string"},
      "bytes": {"$ref": "#/components/schemas/Count"},
      "files": {"$ref": "#/components/schemas/Count"},
      "removed": {"type": "boolean", "description": "Or would be, with dryRun."}}},
  "GarbageReport": {"type": "object", "required": ["freed", "expired", "leftovers", "unknown"],
    "additionalProperties": false, "properties": {"freed": {"$ref": "#/components/schemas/Count"},
      "expired": {"type": "array", "items": {"type": "object", "required": ["hash", "name",
        "frees"], "properties": {"hash": {"type": "string"}, "name": {"type": "string"},
          "frees": {"$ref": "#/components/schemas/Count"}}}},
      "leftovers": {"type": "array", "items": {"$ref": "#/components/schemas/Left"}},
      "unknown": {"type": "array", "items": {"$ref": "#/components/schemas/Left"}}}},
)json"
                                         R"json(
  "UsedBy": {"type": "array", "items": {"type": "string"}, "description":
    "Info hashes of torrents that share files with it; what they share stays."},
  "Removal": {"type": "object", "required": ["freed", "usedBy"], "additionalProperties": false,
    "properties": {"freed": {"$ref": "#/components/schemas/Count"},
      "usedBy": {"$ref": "#/components/schemas/UsedBy"}}},
  "PublishJob": {"type": "object", "required": ["id", "path", "state", "size", "done", "torrent",
    "error"], "additionalProperties": false, "properties": {
      "id": {"type": "string"}, "path": {"type": "string"},
      "state": {"enum": ["waiting", "hashing", "done", "failed"]},
      "size": {"$ref": "#/components/schemas/Count"}, "done": {"$ref": "#/components/schemas/Count"},
      "torrent": {"type": ["string", "null"], "description": "Its info hash, once done."},
      "error": {"type": ["object", "null"], "required": ["code", "text"],
        "properties": {"code": {"type": "string"}, "text": {"type": "string"}}}}},
  "Publishing": {"type": "object", "required": ["publishing"], "additionalProperties": false,
    "properties": {"publishing": {"type": "array",
      "items": {"$ref": "#/components/schemas/PublishJob"}}}},
  "TorrentPage": {"type": "object", "required": ["total", "matched", "offset", "torrents"],
    "additionalProperties": false, "properties": {
      "total": {"$ref": "#/components/schemas/Count"},
      "matched": {"$ref": "#/components/schemas/Count"},
      "offset": {"$ref": "#/components/schemas/Count"},
      "torrents": {"type": "array", "items": {"$ref": "#/components/schemas/Torrent"}}}},
  "Files": {"type": "object", "required": ["files"], "properties": {"files": {"type": "array",
    "items": {"type": "object", "required": ["index", "path", "size", "done"], "properties": {
      "index": {"$ref": "#/components/schemas/Count"}, "path": {"type": "string"},
      "size": {"$ref": "#/components/schemas/Count"},
      "done": {"$ref": "#/components/schemas/Count"}}}}}},
  "Pieces": {"type": "object", "required": ["count", "done", "length", "have"], "properties": {
    "count": {"$ref": "#/components/schemas/Count"}, "done": {"$ref": "#/components/schemas/Count"},
    "length": {"$ref": "#/components/schemas/Count"},
    "have": {"type": "string", "description": "A bit each, the first the highest of its byte, hex."}
  }},
  "Peers": {"type": "object", "required": ["peers"], "properties": {"peers": {"type": "array",
    "items": {"type": "object", "required": ["address", "client", "direction", "source",
      "progress", "downRate", "upRate"], "properties": {"address": {"type": "string"},
      "client": {"type": "string"}, "direction": {"enum": ["incoming", "outgoing"]},
      "source": {"type": "string"}, "progress": {"type": "number"}}}}}},
  "Trackers": {"type": "object", "required": ["trackers"], "properties": {"trackers": {
    "type": "array", "items": {"type": "object", "required": ["tracker", "tier", "state"],
      "properties": {"tracker": {"type": "string"}, "tier": {"type": "integer"},
      "state": {"type": "string"}, "error": {"type": "string"},
      "nextAnnounceIn": {"type": ["integer", "null"], "description": "Seconds."},
      "seeders": {"$ref": "#/components/schemas/Count"},
      "leechers": {"$ref": "#/components/schemas/Count"},
      "downloads": {"$ref": "#/components/schemas/Count"},
      "lastScrapeAgo": {"type": ["integer", "null"],
        "description": "Seconds since it answered a scrape last."},
      "externalAddress": {"type": ["string", "null"],
        "description": "How it saw this node last, if it said so."}}}}}},
  "ScrapeBegun": {"type": "object", "required": ["requests"], "additionalProperties": false,
    "properties": {"requests": {"type": "integer", "minimum": 0,
      "description": "Sent now; each ends in one scrape event."}}},
  "Bans": {"type": "object", "required": ["bans"], "additionalProperties": false, "properties": {
    "bans": {"type": "array", "items": {"type": "object", "required": ["address", "until"],
      "additionalProperties": false, "properties": {"address": {"type": "string"},
      "until": {"type": "integer", "description": "Milliseconds since 1970."}}}}}},
  "Status": {"type": "object", "required": ["version", "uptime", "addresses", "torrents", "peers",
    "downRate", "upRate", "downloaded", "uploaded", "limits", "connections", "space", "memory",
    "events", "externalAddresses"], "additionalProperties": false, "properties": {
      "version": {"type": "string"},
      "uptime": {"$ref": "#/components/schemas/Count"},
      "externalAddresses": {"type": "array", "items": {"type": "string"},
        "description": "How trackers saw this node last."},
      "addresses": {"type": "object"}, "torrents": {"type": "object"},
      "peers": {"$ref": "#/components/schemas/Count"},
      "downRate": {"$ref": "#/components/schemas/Count"},
      "upRate": {"$ref": "#/components/schemas/Count"},
      "downloaded": {"$ref": "#/components/schemas/Count"},
      "uploaded": {"$ref": "#/components/schemas/Count"},
      "limits": {"$ref": "#/components/schemas/Limits"},
      "connections": {"type": "object"}, "space": {"type": "object"},
      "memory": {"type": "object"}, "events": {"type": "object"}}}
}})json";

}  // namespace

std::string_view weir_components() { return kComponents; }

}  // namespace weir::api
