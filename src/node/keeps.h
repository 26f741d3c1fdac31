// SPDX-License-Identifier: MIT OR Apache-2.0
// How long torrents are kept: pinned for good, until a date, or for a while after their last use.
//
// An owner is a torrent's name in this node (torrent_id()); an upload goes by that of its reference
// form. Who is not known here is kept.
//
// What was fetched because somebody asked for it over HTTP, and is neither pinned nor was added on
// purpose, expires `ttl` after its last use. A last use is saved by the next flush(), so a kill
// forgets those since; everything else is saved before the call returns.
//
// Thread-safe. Calls that save block.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "io/catalogue_store.h"

namespace weir {

struct Keep {
  bool pinned = false;
  std::optional<std::int64_t> expires;  // seconds since 1970; nothing: never
  bool on_behalf = false;
  std::optional<std::int64_t> used;  // of what was fetched on behalf of somebody
};

// What is to be changed; what is left out stays.
struct KeepChange {
  std::optional<bool> pinned;
  // Set to a date, or set to nothing: no date of its own.
  std::optional<std::optional<std::int64_t>> expires;
};

class Keeps {
 public:
  // `ttl_seconds` 0: never.
  Keeps(CatalogueStore& catalogue, std::int64_t ttl_seconds)
      : catalogue_(catalogue), ttl_seconds_(ttl_seconds) {}

  DiskResult<void> load();
  // Drops those that are not here any more.
  void keep_only(const std::set<std::string>& owners);
  [[nodiscard]] Keep of(const std::string& owner);
  DiskResult<void> change(const std::string& owner, const KeepChange& change);
  // It was added for somebody who asked for it; nothing changes for one that is here on purpose.
  DiskResult<void> fetched(const std::string& owner, std::int64_t now);
  // It is here on purpose now.
  DiskResult<void> wanted(const std::string& owner);
  void used(const std::string& owner, std::int64_t now);
  void forget(const std::string& owner);
  DiskResult<void> flush();

  // Those whose time has come, the one that expired first in front.
  [[nodiscard]] std::vector<std::string> expired(std::int64_t now);
  // When the next one expires.
  [[nodiscard]] std::optional<std::int64_t> next_expiry();
  [[nodiscard]] std::size_t pinned_count();

 private:
  [[nodiscard]] std::optional<std::int64_t> expiry(const KeepRow& row) const;
  // Saves what the row has become, or that there is none any more.
  DiskResult<void> save(const std::string& owner);

  CatalogueStore& catalogue_;
  const std::int64_t ttl_seconds_;
  std::mutex mutex_;  // everything below; held while saving, so that saves keep their order
  std::map<std::string, KeepRow> rows_;
  std::set<std::string> used_lately_;
};

}  // namespace weir
