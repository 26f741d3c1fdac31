// SPDX-License-Identifier: MIT OR Apache-2.0
#include "metainfo/magnet.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/assert.h"
#include "base/result.h"
#include "base/utf8.h"
#include "metainfo/url.h"

namespace weir {
namespace {

constexpr std::string_view kScheme = "magnet:?";
// BEP 52: multihash code 0x12 (SHA-256), length 0x20.
constexpr std::string_view kSha256Multihash = "1220";
constexpr std::uint32_t kFileIndexMax = (1U << 20) - 1;

bool starts_with_no_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::equal(prefix.begin(), prefix.end(), text.begin(), [](char p, char c) {
           return p == c || (p >= 'a' && p <= 'z' && c == p - 'a' + 'A');
         });
}

template <class Integer>
std::optional<Integer> read_number(std::string_view text) {
  Integer value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "tr.1" and "xt.2" mean the same as "tr" and "xt".
std::string_view without_number(std::string_view key) {
  const std::size_t dot = key.rfind('.');
  if (dot == std::string_view::npos || !read_number<std::uint32_t>(key.substr(dot + 1))) return key;
  return key.substr(0, dot);
}

void add_once(std::vector<std::string>& list, std::string value, std::size_t limit) {
  if (list.size() >= limit) return;
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(std::move(value));
}

std::optional<TorrentMetadata::Node> read_peer(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const auto port = read_number<std::uint16_t>(text.substr(colon + 1));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;  // where an IPv6 address ends would be a guess
  }
  const bool brackets = host.find_first_of("[]") != std::string_view::npos;
  if (!port || *port == 0 || brackets || !is_host_text(host)) return std::nullopt;
  return TorrentMetadata::Node{std::string(host), *port};
}

class MagnetParser {
 public:
  explicit MagnetParser(std::vector<std::string>* unusable) : unusable_(unusable) {}

  MagnetResult<Magnet> run(std::string_view text) {
    if (text.size() > kMagnetBytesMax) return fail(MagnetErrc::too_long);
    if (!starts_with_no_case(text, kScheme)) return fail(MagnetErrc::not_a_magnet);
    for (std::size_t next = kScheme.size(); next <= text.size();) {
      at_ = next;
      const std::size_t end = std::min(text.find('&', at_), text.size());
      WEIR_CHECK(parameter(text.substr(at_, end - at_)));
      next = end + 1;
    }
    at_ = 0;
    if (!out_.hashes.v1 && !out_.hashes.v2) return fail(MagnetErrc::missing_topic);
    return std::move(out_);
  }

 private:
  using Status = MagnetResult<void>;

  [[nodiscard]] std::unexpected<MagnetError> fail(MagnetErrc code) const {
    return std::unexpected(MagnetError{code, at_});
  }

  Status parameter(std::string_view text) {
    // Links copied out of HTML often keep its "&amp;".
    if (text.starts_with("amp;")) text.remove_prefix(4);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return {};
    const std::string_view key = without_number(text.substr(0, equals));
    std::string raw(text.substr(equals + 1));
    // Only display names are written by form encoders, where a plus means a space.
    if (key == "dn") std::replace(raw.begin(), raw.end(), '+', ' ');
    auto decoded = percent_decode(raw);
    if (!decoded) return fail(MagnetErrc::bad_escape);
    std::string& value = *decoded;
    if (key == "xt") return topic(value);
    if (key == "so") return selection(value);
    if (key == "dn" && out_.name.empty()) out_.name = repair_utf8(value);
    if (key == "xl" && !out_.length) out_.length = read_number<std::uint64_t>(value);
    if (key == "tr") {
      std::vector<std::string>* list = is_tracker_url(value) ? &out_.trackers : unusable_;
      if (list != nullptr) add_once(*list, std::move(value), kMagnetTrackersMax);
    } else if (key == "ws" && is_web_seed_url(value)) {
      add_once(out_.web_seeds, std::move(value), kMagnetWebSeedsMax);
    } else if (key == "xs" && is_web_seed_url(value)) {
      add_once(out_.exact_sources, std::move(value), kMagnetSourcesMax);
    } else if (key == "x.pe" && out_.peers.size() < kMagnetPeersMax) {
      const auto peer = read_peer(value);
      if (peer && std::find(out_.peers.begin(), out_.peers.end(), *peer) == out_.peers.end()) {
        out_.peers.push_back(*peer);
      }
    }
    return {};
  }

  Status topic(std::string_view value) {
    constexpr std::string_view kBtih = "urn:btih:";
    constexpr std::string_view kBtmh = "urn:btmh:";
    if (starts_with_no_case(value, kBtih)) {
      const auto digest = btih(value.substr(kBtih.size()));
      if (!digest) return fail(MagnetErrc::bad_btih);
      return set(out_.hashes.v1, *digest);
    }
    if (starts_with_no_case(value, kBtmh)) {
      const std::string_view text = value.substr(kBtmh.size());
      if (!text.starts_with(kSha256Multihash)) return fail(MagnetErrc::bad_btmh);
      const auto digest = Sha256Digest::from_hex_text(text.substr(kSha256Multihash.size()));
      if (!digest) return fail(MagnetErrc::bad_btmh);
      return set(out_.hashes.v2, *digest);
    }
    return {};  // another network's hash
  }

  static std::optional<Sha1Digest> btih(std::string_view text) {
    if (text.size() == 2 * Sha1Digest::kSize) return Sha1Digest::from_hex_text(text);
    if (text.size() != 32) return std::nullopt;
    const auto raw = from_base32(text);
    return raw ? Sha1Digest::from(*raw) : std::nullopt;
  }

  template <class D>
  Status set(std::optional<D>& known, const D& digest) {
    if (known && *known != digest) return fail(MagnetErrc::conflicting_topics);
    known = digest;
    return {};
  }

  Status selection(std::string_view value) {
    for (std::size_t next = 0; next <= value.size();) {
      const std::size_t end = std::min(value.find(',', next), value.size());
      const std::string_view item = value.substr(next, end - next);
      const std::size_t dash = item.find('-');
      const auto first = read_number<std::uint32_t>(item.substr(0, dash));
      const auto last = dash == std::string_view::npos
                            ? first
                            : read_number<std::uint32_t>(item.substr(dash + 1));
      if (!first || !last || *first > *last || *last > kFileIndexMax ||
          out_.selected.size() == kMagnetRangesMax) {
        return fail(MagnetErrc::bad_file_selection);
      }
      out_.selected.push_back({*first, *last});
      next = end + 1;
    }
    return {};
  }

  Magnet out_;
  std::vector<std::string>* unusable_;
  std::size_t at_ = 0;
};

}  // namespace

MagnetResult<Magnet> parse_magnet(std::string_view text, std::vector<std::string>* unusable) {
  return MagnetParser(unusable).run(text);
}

std::string format_magnet(const Magnet& magnet) {
  WEIR_ASSERT(magnet.hashes.v1 || magnet.hashes.v2);
  std::string out(kScheme);
  const auto add = [&out](std::string_view key, std::string_view value) {
    if (!out.ends_with('?')) out += '&';
    out += key;
    out += '=';
    out += value;
  };
  if (magnet.hashes.v1) add("xt", "urn:btih:" + magnet.hashes.v1->hex());
  if (magnet.hashes.v2) {
    add("xt", "urn:btmh:" + std::string(kSha256Multihash) + magnet.hashes.v2->hex());
  }
  if (!magnet.name.empty()) add("dn", percent_encode(magnet.name));
  if (magnet.length) add("xl", std::to_string(*magnet.length));
  for (const std::string& url : magnet.trackers) add("tr", percent_encode(url));
  for (const std::string& url : magnet.web_seeds) add("ws", percent_encode(url));
  for (const std::string& url : magnet.exact_sources) add("xs", percent_encode(url));
  for (const TorrentMetadata::Node& peer : magnet.peers) {
    const bool v6 = peer.host.find(':') != std::string::npos;
    // BEP 9 examples leave the address readable; none of its characters needs an escape.
    add("x.pe", (v6 ? "[" + peer.host + "]" : peer.host) + ":" + std::to_string(peer.port));
  }
  std::string selected;
  for (const Magnet::FileRange& range : magnet.selected) {
    if (!selected.empty()) selected += ',';
    selected += std::to_string(range.first);
    if (range.last != range.first) selected += '-' + std::to_string(range.last);
  }
  if (!selected.empty()) add("so", selected);
  return out;
}

const char* error_name(MagnetErrc code) {
  switch (code) {
    case MagnetErrc::too_long:
      return "too_long";
    case MagnetErrc::not_a_magnet:
      return "not_a_magnet";
    case MagnetErrc::bad_escape:
      return "bad_escape";
    case MagnetErrc::missing_topic:
      return "missing_topic";
    case MagnetErrc::bad_btih:
      return "bad_btih";
    case MagnetErrc::bad_btmh:
      return "bad_btmh";
    case MagnetErrc::conflicting_topics:
      return "conflicting_topics";
    case MagnetErrc::bad_file_selection:
      return "bad_file_selection";
  }
  return "unknown";
}

}  // namespace weir
