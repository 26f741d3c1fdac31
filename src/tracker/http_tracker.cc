// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tracker/http_tracker.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "base/assert.h"
#include "base/result.h"
#include "bencode/decoder.h"
#include "tracker/reply_values.h"

namespace weir {
namespace {

constexpr std::string_view kUpperDigits = "0123456789ABCDEF";

std::string escape(Bytes raw) {
  std::string out;
  for (const std::byte b : raw) {
    const auto c = std::to_integer<unsigned char>(b);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += static_cast<char>(c);
    } else {
      out += '%';
      out += kUpperDigits[c >> 4];
      out += kUpperDigits[c & 15];
    }
  }
  return out;
}

// Fixed width: some trackers compare it as text.
std::string key_text(std::uint32_t key) {
  std::string out;
  for (int shift = 28; shift >= 0; shift -= 4) out += kUpperDigits[key >> shift & 15];
  return out;
}

// Where the next parameter goes.
void add_separator(std::string& url) {
  if (url.find('?') == std::string::npos) {
    url += '?';
  } else if (!url.ends_with('?') && !url.ends_with('&')) {
    url += '&';
  }
}

std::optional<std::int64_t> integer_of(BencodeNode node) {
  if (const auto value = node.as_integer()) return value;
  // Some trackers write numbers as strings.
  const auto text = node.as_string();
  if (!text || text->empty() || text->size() > 19) return std::nullopt;
  std::int64_t value = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::optional<std::uint32_t> count_of(BencodeNode node) {
  const auto value = integer_of(node);
  if (!value || *value < 0) return std::nullopt;
  return tracker_count(static_cast<std::uint64_t>(*value));
}

std::optional<TrackerRetryHint> retry_of(BencodeNode node) {
  constexpr std::int64_t kMinutesMax =
      std::chrono::duration_cast<std::chrono::minutes>(kTrackerIntervalMax).count();
  if (node.as_string() == "never") return TrackerRetryHint{.never = true};
  const auto minutes = integer_of(node);
  if (!minutes || *minutes <= 0) return std::nullopt;
  return TrackerRetryHint{.after = std::chrono::minutes(std::min(*minutes, kMinutesMax))};
}

// Dictionaries of the original protocol; `ip` is an address as text or, from some, as raw bytes.
std::optional<Endpoint> peer_of(BencodeNode entry) {
  const auto ip = entry.find("ip").as_string();
  const auto port = integer_of(entry.find("port"));
  if (!ip || !port || *port < 1 || *port > 65535) return std::nullopt;
  const auto address = IpAddress::parse(*ip);
  if (!address) return std::nullopt;
  return Endpoint{*address, static_cast<std::uint16_t>(*port)};
}

void add_peers(BencodeNode peers, AddressFamily family, PeerCollector& out) {
  if (const auto compact = peers.as_string()) out.add_compact(as_bytes(*compact), family);
  for (const BencodeNode entry : peers.as_list()) {
    if (out.full()) break;
    if (const auto peer = peer_of(entry)) out.add(*peer);
  }
}

// The dictionary of a reply that is none of the failures.
TrackerResult<BencodeDocument> decode_reply(int status, Bytes body) {
  const auto fail = [](TrackerErrc code, std::string text) {
    return std::unexpected(TrackerError{code, std::move(text), std::nullopt});
  };
  if (body.size() > kTrackerReplyMax) {
    return fail(TrackerErrc::reply_too_large, "the reply is larger than 1 MiB");
  }
  auto limits = BencodeLimits::message();
  limits.depth_max = 16;
  auto document = decode_bencode(body, limits);
  const bool is_dict = document && document->root().is_dict();
  if (is_dict) {
    const BencodeNode root = document->root();
    if (const auto reason = root.find("failure reason").as_string()) {
      return std::unexpected(TrackerError{TrackerErrc::tracker_failure, tracker_text(*reason),
                                          retry_of(root.find("retry in"))});
    }
  }
  if (status < 200 || status > 299) {
    return fail(TrackerErrc::http_status, "HTTP status " + std::to_string(status));
  }
  if (!is_dict) return fail(TrackerErrc::bad_reply, "the reply is not what a tracker sends");
  return std::move(*document);
}

}  // namespace

std::string http_announce_url(const TrackerUrl& tracker, const AnnounceParams& params) {
  WEIR_ASSERT(tracker.scheme != TrackerScheme::udp);
  std::string url = tracker.text();
  add_separator(url);
  url += "info_hash=" + escape(params.info_hash.view());
  url += "&peer_id=" + escape(params.peer_id.view());
  url += "&port=" + std::to_string(params.port);
  url += "&uploaded=" + std::to_string(params.stats.uploaded);
  url += "&downloaded=" + std::to_string(params.stats.downloaded);
  url += "&left=" + std::to_string(params.stats.left);
  if (params.event != AnnounceEvent::none) {
    url += std::string("&event=") + event_name(params.event);
  } else if (params.stats.partial_seed) {
    url += "&event=paused";  // BEP 21; a started or completed is still said first
  }
  url += "&numwant=" + std::to_string(params.numwant);
  url += "&compact=1&no_peer_id=1&key=" + key_text(params.key);
  url += "&corrupt=" + std::to_string(params.stats.corrupt);
  if (params.supports_encryption) url += "&supportcrypto=1";
  if (!params.tracker_id.empty()) url += "&trackerid=" + escape(as_bytes(params.tracker_id));
  return url;
}

TrackerResult<std::string> http_scrape_url(const TrackerUrl& tracker,
                                           std::span<const Sha1Digest> info_hashes) {
  WEIR_ASSERT(tracker.scheme != TrackerScheme::udp);
  WEIR_ASSERT(!info_hashes.empty() && info_hashes.size() <= kHttpScrapeHashesMax);
  if (!tracker.is_announce()) {
    return std::unexpected(
        TrackerError{TrackerErrc::no_scrape, "this tracker has no scrape address", std::nullopt});
  }
  TrackerUrl scrape = tracker;
  const std::size_t last = tracker.path().rfind('/') + 1;
  scrape.target.replace(last, std::string_view("announce").size(), "scrape");
  std::string url = scrape.text();
  for (const Sha1Digest& hash : info_hashes) {
    add_separator(url);
    url += "info_hash=" + escape(hash.view());
  }
  return url;
}

TrackerResult<AnnounceReply> parse_http_announce(int status, Bytes body) {
  WEIR_TRY(document, decode_reply(status, body));
  const BencodeNode root = document.root();
  AnnounceReply reply;
  PeerCollector peers;
  add_peers(root.find("peers"), AddressFamily::v4, peers);
  add_peers(root.find("peers6"), AddressFamily::v6, peers);
  reply.peers = std::move(peers).take();
  if (const auto seconds = root.find("interval").as_integer()) {
    reply.interval = tracker_interval(*seconds);
  }
  if (const auto seconds = root.find("min interval").as_integer()) {
    reply.min_interval = tracker_interval(*seconds);
  }
  reply.seeders = count_of(root.find("complete"));
  reply.leechers = count_of(root.find("incomplete"));
  reply.downloads = count_of(root.find("downloaded"));
  if (const auto raw = root.find("external ip").as_string()) {
    const auto address = IpAddress::from_bytes(as_bytes(*raw));
    if (address && address->scope() != AddressScope::unusable) reply.external_ip = address;
  }
  const auto id = root.find("tracker id").as_string();
  if (id && id->size() <= kTrackerIdMax) reply.tracker_id = std::string(*id);
  if (const auto text = root.find("warning message").as_string()) {
    reply.warning = tracker_text(*text);
  }
  return reply;
}

TrackerResult<ScrapeReply> parse_http_scrape(int status, Bytes body,
                                             std::span<const Sha1Digest> asked) {
  WEIR_TRY(document, decode_reply(status, body));
  const BencodeNode files = document.root().find("files");
  if (!files.is_dict()) {
    return std::unexpected(
        TrackerError{TrackerErrc::bad_reply, "the scrape reply has no files", std::nullopt});
  }
  ScrapeReply out;
  const BencodeNode flags = document.root().find("flags");
  if (const auto seconds = flags.find("min_request_interval").as_integer()) {
    out.min_interval = tracker_interval(*seconds);
  }
  for (const Sha1Digest& hash : asked) {
    const BencodeNode file = files.find(as_text(hash.view()));
    if (!file.is_dict()) continue;
    out.counts.push_back({.info_hash = hash,
                          .seeders = count_of(file.find("complete")).value_or(0),
                          .leechers = count_of(file.find("incomplete")).value_or(0),
                          .downloads = count_of(file.find("downloaded")).value_or(0)});
  }
  return out;
}

}  // namespace weir
