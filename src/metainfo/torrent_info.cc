// SPDX-License-Identifier: MIT OR Apache-2.0
#include "metainfo/torrent_info.h"

#include "base/assert.h"

namespace weir {

std::optional<Sha1Digest> InfoHashes::v2_truncated() const {
  if (!v2) return std::nullopt;
  return Sha1Digest::from(v2->view().first<Sha1Digest::kSize>());
}

bool InfoHashes::matches(const Sha1Digest& wire_hash) const {
  return v1 == wire_hash || v2_truncated() == wire_hash;
}

std::vector<Sha1Digest> InfoHashes::wire_hashes() const {
  std::vector<Sha1Digest> out;
  if (v1) out.push_back(*v1);
  if (const auto truncated = v2_truncated()) out.push_back(*truncated);
  return out;
}

Sha1Digest InfoHashes::wire_hash() const {
  WEIR_ASSERT(v1 || v2);
  return v1 ? *v1 : *v2_truncated();
}

}  // namespace weir
