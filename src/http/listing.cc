// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/listing.h"

#include <algorithm>
#include <array>
#include <map>

#include "http/html.h"
#include "http/target.h"

namespace weir::http {
namespace {

std::string joined(std::span<const std::string> path) {
  std::string out;
  for (const std::string& part : path) out += part + '/';
  return out;
}

// A name as a link inside its folder. "./" keeps "a:b" from being read as a scheme.
std::string href_of(const ListingEntry& entry) {
  return "./" + encode_segment(entry.name) + (entry.folder ? "/" : "");
}

void append_crumbs(std::string& out, const Listing& listing) {
  out += "<nav><ol>";
  for (std::size_t i = 0; i <= listing.path.size(); ++i) {
    const std::string& name = i == 0 ? listing.title : listing.path[i - 1];
    const std::size_t up = listing.path.size() - i;
    out += "<li>";
    if (up == 0) {
      out += "<span aria-current=\"page\">" + html_escaped(name) + "</span>";
    } else {
      out += "<a href=\"";
      for (std::size_t step = 0; step < up; ++step) out += "../";
      out += "\">" + html_escaped(name) + "</a>";
    }
    out += "</li>";
  }
  out += "</ol></nav>\n";
}

void append_row(std::string& out, const ListingEntry& entry) {
  out += entry.folder ? "<tr class=\"folder\"><td><a href=\"" : "<tr class=\"file\"><td><a href=\"";
  out += href_of(entry) + "\">" + html_escaped(entry.name) + (entry.folder ? "/" : "") +
         "</a></td><td>" + size_text(entry.size) + "</td></tr>\n";
}

}  // namespace

std::optional<Listing> list_folder(std::string_view title, std::span<const ListedFile> files,
                                   std::span<const std::string> path) {
  const std::string prefix = joined(path);
  std::map<std::string_view, ListingEntry> folders;
  Listing out{std::string(title), {path.begin(), path.end()}, {}, false};
  for (const ListedFile& file : files) {
    if (!file.path.starts_with(prefix)) continue;
    const std::string_view rest = file.path.substr(prefix.size());
    const std::size_t slash = rest.find('/');
    if (slash == std::string_view::npos) {
      out.entries.push_back({std::string(rest), false, file.size, 1});
      continue;
    }
    const std::string_view name = rest.substr(0, slash);
    auto [place, is_new] = folders.try_emplace(name, ListingEntry{std::string(name), true, 0, 0});
    place->second.size += file.size;
    place->second.files += 1;
  }
  if (out.entries.empty() && folders.empty() && !(path.empty() && files.empty())) {
    return std::nullopt;
  }
  for (auto& [name, folder] : folders) out.entries.push_back(std::move(folder));
  std::sort(out.entries.begin(), out.entries.end(),
            [](const ListingEntry& a, const ListingEntry& b) {
              return a.folder != b.folder ? a.folder : a.name < b.name;
            });
  if (out.entries.size() > kListingEntriesMax) {
    out.entries.resize(kListingEntriesMax);
    out.cut = true;
  }
  return out;
}

std::string listing_html(const Listing& listing, std::string_view stylesheet,
                         std::span<const ListingLink> links) {
  std::string out = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  const std::string& name = listing.path.empty() ? listing.title : listing.path.back();
  out += "<title>" + html_escaped(name) + "</title>\n";
  if (!stylesheet.empty()) {
    out += "<link rel=\"stylesheet\" href=\"" + html_escaped(stylesheet) + "\">\n";
  }
  out += "</head>\n<body>\n";
  append_crumbs(out, listing);
  out += "<table>\n<thead><tr><th>Name</th><th>Size</th></tr></thead>\n<tbody>\n";
  if (!listing.path.empty()) {
    out += "<tr class=\"up\"><td><a href=\"../\">../</a></td><td></td></tr>\n";
  }
  for (const ListingEntry& entry : listing.entries) append_row(out, entry);
  out += "</tbody>\n</table>\n";
  for (const ListingLink& link : links) {
    out +=
        "<p><a href=\"" + html_escaped(link.href) + "\">" + html_escaped(link.text) + "</a></p>\n";
  }
  if (listing.cut) out += "<p>There are more entries than are shown here.</p>\n";
  return out += "</body>\n</html>\n";
}

std::string listing_json(const Listing& listing) {
  std::string out = "{\"name\":" + json_quoted(listing.title) + ",\"path\":[";
  for (std::size_t i = 0; i < listing.path.size(); ++i) {
    if (i > 0) out += ',';
    out += json_quoted(listing.path[i]);
  }
  out += "],\"entries\":[";
  for (std::size_t i = 0; i < listing.entries.size(); ++i) {
    const ListingEntry& entry = listing.entries[i];
    out += i > 0 ? ",{\"name\":" : "{\"name\":";
    out += json_quoted(entry.name);
    out += entry.folder ? ",\"type\":\"folder\",\"size\":" : ",\"type\":\"file\",\"size\":";
    out += std::to_string(entry.size);
    if (entry.folder) out += ",\"files\":" + std::to_string(entry.files);
    out += ",\"href\":" + json_quoted(href_of(entry)) + '}';
  }
  out += "],\"truncated\":";
  return out += listing.cut ? "true}" : "false}";
}

std::string size_text(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 7> kUnits = {" B",   " KiB", " MiB", " GiB",
                                                             " TiB", " PiB", " EiB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  std::size_t unit = 0;
  std::uint64_t scale = 1;
  while (bytes / scale >= 1024) {
    scale *= 1024;
    ++unit;
  }
  // The first decimal, rounded down, so that a size is never said to be more than it is.
  const std::uint64_t whole = bytes / scale;
  const std::uint64_t tenth = (bytes % scale) / ((scale + 9) / 10);
  return std::to_string(whole) + '.' + std::to_string(tenth) + std::string(kUnits[unit]);
}

}  // namespace weir::http
