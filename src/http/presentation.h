// SPDX-License-Identifier: MIT OR Apache-2.0
// How content that strangers made is shown without letting it act as us (HTT-19).
//
// A browser treats what we serve as part of our origin. A page, an SVG image or a script from a
// torrent that ran there could call the API. So only what a browser can't execute is shown; all
// else is for saving, or, where the owner asks for previews, in a sandbox without scripts and
// without our origin. Every answer carries `nosniff` and a policy, whatever its type: a type we
// misjudge is still confined.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/content_disposition.h"
#include "http/media_type.h"

namespace weir::http {

using HeaderFields = std::vector<std::pair<std::string, std::string>>;

enum class ContentDanger : std::uint8_t {
  passive,  // images, sound, video, plain text: nothing in it runs
  active,   // markup, scripts, styles, documents with scripts, and everything we don't know
};

// Judged by the type that will be sent, never by the bytes.
[[nodiscard]] ContentDanger danger_of(const MediaType& media);

enum class PreviewRule : std::uint8_t {
  never,      // active content is an attachment
  sandboxed,  // text markup is shown in a sandbox; the rest of it is still an attachment
};

struct PresentationRequest {
  bool download = false;  // the client asked for a file to save
  PreviewRule preview = PreviewRule::never;
};

// Content-Type, Content-Disposition, X-Content-Type-Options, Content-Security-Policy and
// Cross-Origin-Resource-Policy for this content. `name` may be empty.
[[nodiscard]] HeaderFields present(const MediaType& media, std::string_view name,
                                   const PresentationRequest& request);

// The policy of our own pages: nothing from elsewhere, no inline scripts or styles, no framing.
inline constexpr std::string_view kOwnPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'";

}  // namespace weir::http
