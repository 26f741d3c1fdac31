// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/presentation.h"

#include <algorithm>
#include <array>

namespace weir::http {
namespace {

// `sandbox` gives the document an origin of its own and takes scripts, forms and plug-ins away;
// 'self' still means our address, so that a player's page can load the file it shows.
constexpr std::string_view kContentPolicy =
    "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'";

// Only what is named: a new active type under image/ or text/ is not shown by accident.
constexpr std::array kPassive = std::to_array<std::string_view>({
    "application/json",
    "application/jsonl",
    "application/toml",
    "application/yaml",
    "audio/aac",
    "audio/flac",
    "audio/midi",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "audio/webm",
    "audio/x-matroska",
    "image/apng",
    "image/avif",
    "image/bmp",
    "image/gif",
    "image/heic",
    "image/jpeg",
    "image/jxl",
    "image/png",
    "image/tiff",
    "image/webp",
    "image/vnd.microsoft.icon",
    "text/csv",
    "text/markdown",
    "text/plain",
    "text/vtt",
    "video/3gpp",
    "video/mp2t",
    "video/mp4",
    "video/mpeg",
    "video/ogg",
    "video/quicktime",
    "video/webm",
    "video/x-flv",
    "video/x-matroska",
    "video/x-msvideo",
    "video/x-ms-wmv",
    "text/x-bibtex",
    "text/x-c",
    "text/x-fasta",
    "text/x-python",
    "text/x-rust",
    "text/x-ssa",
    "text/x-tex",
    "text/tab-separated-values",
});

// Markup that is worth a look even when nothing in it runs.
constexpr std::array kPreviewable = std::to_array<std::string_view>(
    {"application/xhtml+xml", "application/xml", "image/svg+xml", "text/html", "text/xml"});

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

Disposition disposition_of(const MediaType& media, const PresentationRequest& request) {
  if (request.download) return Disposition::attachment;
  if (danger_of(media) == ContentDanger::passive) return Disposition::show;
  const bool preview =
      request.preview == PreviewRule::sandboxed && contains(kPreviewable, media.essence());
  return preview ? Disposition::show : Disposition::attachment;
}

}  // namespace

ContentDanger danger_of(const MediaType& media) {
  return contains(kPassive, media.essence()) ? ContentDanger::passive : ContentDanger::active;
}

HeaderFields present(const MediaType& media, std::string_view name,
                     const PresentationRequest& request) {
  HeaderFields out;
  out.emplace_back("Content-Type", format_media_type(media));
  out.emplace_back("Content-Disposition",
                   format_content_disposition(disposition_of(media, request), name));
  out.emplace_back("X-Content-Type-Options", "nosniff");
  out.emplace_back("Content-Security-Policy", kContentPolicy);
  out.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
  return out;
}

}  // namespace weir::http
