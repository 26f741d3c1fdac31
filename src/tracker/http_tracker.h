// SPDX-License-Identifier: MIT OR Apache-2.0
// The HTTP tracker protocol as functions: request URLs out, reply bodies in. BEP 3 "trackers",
// BEP 7 (peers6), 23 (compact), 24 (external ip), 31 (retry in), 48 (scrape).
//
// Transport belongs to `io`: it sends the GET, inflates, enforces kTrackerReplyMax while receiving
// and judges redirects with tracker_url.h. Our addresses are never put into the URL (no `ip`,
// `ipv4`, `ipv6`): each family announces for itself, and the tracker sees the source.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "tracker/tracker_types.h"
#include "tracker/tracker_url.h"

namespace weir {

inline constexpr std::size_t kHttpScrapeHashesMax = 50;  // keeps the URL below 4 KiB

// REQUIRES: `tracker` is http or https.
[[nodiscard]] std::string http_announce_url(const TrackerUrl& tracker,
                                            const AnnounceParams& params);

// BEP 48: the last path component's "announce" becomes "scrape"; no_scrape when it does not begin
// so. REQUIRES: http or https, 1 to kHttpScrapeHashesMax hashes.
[[nodiscard]] TrackerResult<std::string> http_scrape_url(const TrackerUrl& tracker,
                                                         std::span<const Sha1Digest> info_hashes);

// `status`: the HTTP status; a failure reason in the body of an error page counts before it.
// Errors: reply_too_large, bad_reply, tracker_failure (with the retry hint), http_status.
// Peers in one bad entry never spoil the others; host names are skipped, not resolved (TRH-09).
[[nodiscard]] TrackerResult<AnnounceReply> parse_http_announce(int status, Bytes body);

// Counts for those of `asked` that the reply names, in the order asked; others are ignored
// (TRH-16).
[[nodiscard]] TrackerResult<ScrapeReply> parse_http_scrape(int status, Bytes body,
                                                           std::span<const Sha1Digest> asked);

}  // namespace weir
