// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/values.h"

#include <algorithm>
#include <iterator>

#include "swarm/piece_picker.h"

namespace weir {
namespace {

// Whether `c` is in the bracket expression at the start of `pattern`; sets how long it is. An
// expression that does not end is an ordinary '['.
std::optional<bool> in_brackets(std::string_view pattern, char c, std::size_t& length) {
  std::size_t at = 1;
  const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (negated) ++at;
  bool found = false;
  for (bool first = true; at < pattern.size() && (first || pattern[at] != ']'); first = false) {
    const auto low = static_cast<unsigned char>(pattern[at++]);
    auto high = low;
    if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
      high = static_cast<unsigned char>(pattern[at + 1]);
      at += 2;
    }
    const auto byte = static_cast<unsigned char>(c);
    found = found || (low <= byte && byte <= high);
  }
  if (at >= pattern.size()) return std::nullopt;
  length = at + 1;
  return found != negated;
}

// How much of the pattern matches `c`; 0 when it does not. REQUIRES: pattern is not empty and does
// not start with '*'.
std::size_t match_one(std::string_view pattern, char c) {
  if (pattern[0] == '?') return 1;
  if (pattern[0] == '[') {
    std::size_t length = 0;
    if (const auto inside = in_brackets(pattern, c, length)) return *inside ? length : 0;
  }
  if (pattern[0] == '\\' && pattern.size() > 1) return pattern[1] == c ? 2 : 0;
  return pattern[0] == c ? 1 : 0;
}

bool selects_path(std::string_view pattern, std::string_view path) {
  for (std::size_t end = path.size(); end != path.npos && end > 0; end = path.rfind('/', end - 1)) {
    if (glob_matches(pattern, path.substr(0, end))) return true;
    if (end == 0) break;
  }
  return false;
}

}  // namespace

std::optional<HostPort> parse_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return std::nullopt;
  const auto port = parse_port(text.substr(colon + 1));
  if (!port || *port == 0) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return std::nullopt;
    host = host.substr(1, host.size() - 2);
    if (!IpAddress::parse(host)) return std::nullopt;
  } else if (host.find(':') != host.npos) {
    return std::nullopt;  // an IPv6 address needs its brackets
  }
  if (host.empty() || host.find_first_of("/@ ") != host.npos) return std::nullopt;
  return HostPort{std::string(host), *port};
}

bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  // Where to continue when a later part does not fit: the last '*' takes one character more.
  std::size_t star = pattern.npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
      continue;
    }
    const std::size_t used = p < pattern.size() ? match_one(pattern.substr(p), text[t]) : 0;
    if (used > 0) {
      p += used;
      ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool glob_selects(std::string_view pattern, const TorrentFile& file) {
  if (pattern.size() > 1 && pattern.ends_with('/')) pattern.remove_suffix(1);
  const std::string_view path = file.path;
  const std::size_t slash = path.find('/');
  if (slash != path.npos && selects_path(pattern, path.substr(slash + 1))) return true;
  return selects_path(pattern, path);
}

std::vector<std::uint8_t> select_files(const Layout& layout,
                                       const std::vector<std::string>& patterns) {
  std::vector<std::uint8_t> priorities;
  if (patterns.empty()) return priorities;
  priorities.reserve(layout.files().size());
  for (const TorrentFile& file : layout.files()) {
    const bool selected =
        !file.attributes.pad && std::ranges::any_of(patterns, [&](const std::string& pattern) {
          return glob_selects(pattern, file);
        });
    priorities.push_back(selected ? kPriorityNormal : kPriorityNone);
  }
  return priorities;
}

std::vector<std::string> patterns_without_files(const Layout& layout,
                                                const std::vector<std::string>& patterns) {
  std::vector<std::string> out;
  std::ranges::copy_if(patterns, std::back_inserter(out), [&](const std::string& pattern) {
    const auto priorities = select_files(layout, {pattern});
    return std::ranges::all_of(priorities, [](std::uint8_t p) { return p == kPriorityNone; });
  });
  return out;
}

std::string shown_path(const TorrentFile& file) {
  const std::size_t slash = file.path.find('/');
  return slash == file.path.npos ? file.path : file.path.substr(slash + 1);
}

std::string name_some_files(const Layout& layout) {
  constexpr std::size_t kNamedMax = 5;
  std::string out;
  std::size_t files = 0;
  for (const TorrentFile& file : layout.files()) {
    if (file.attributes.pad || ++files > kNamedMax) continue;
    out += (files == 1 ? "" : ", ") + shown_path(file);
  }
  if (files > kNamedMax) out += " and " + std::to_string(files - kNamedMax) + " more";
  return out;
}

std::optional<InfoHashes> parse_info_hash(std::string_view text) {
  InfoHashes hashes;
  if (text.size() == 40) {
    hashes.v1 = Sha1Digest::from_hex_text(text);
  } else if (text.size() == 32) {
    if (const auto raw = from_base32(text)) hashes.v1 = Sha1Digest::from(*raw);
  } else if (text.size() == 64) {
    hashes.v2 = Sha256Digest::from_hex_text(text);
  }
  if (!hashes.v1 && !hashes.v2) return std::nullopt;
  return hashes;
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) parts.emplace_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return parts;
}

}  // namespace weir
