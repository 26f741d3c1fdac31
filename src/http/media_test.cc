// SPDX-License-Identifier: MIT OR Apache-2.0
#include <gtest/gtest.h>

#include "http/media_type.h"
#include "http/presentation.h"

namespace weir::http {
namespace {

std::string field_of(const HeaderFields& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return "";
}

std::string disposition(std::string_view media, const PresentationRequest& request = {}) {
  return field_of(present(*parse_media_type(media), "", request), "Content-Disposition");
}

TEST(HttpMediaType, KeepsParameters) {
  const auto media = parse_media_type("Text/HTML;Charset=\"utf-8\" ; q=a; charset=x");
  ASSERT_TRUE(media);
  EXPECT_EQ(media->essence(), "text/html");
  EXPECT_EQ(media->parameter("charset"), "utf-8");
  EXPECT_EQ(media->parameter("boundary"), std::nullopt);
  EXPECT_EQ(format_media_type(*media), "text/html; charset=utf-8; q=a");
  EXPECT_EQ(format_media_type(*parse_media_type("a/b; c=\"d \\\"e\"")), "a/b; c=\"d \\\"e\"");
}

TEST(HttpMediaType, RefusesWhatIsNone) {
  for (const std::string_view bad :
       {"", "text", "text/", "/html", "text /html", "text/html x", "text/html; a", "text/html, a/b",
        "text/html;a=\"b", "text/html; a = b", "te\nxt/html"}) {
    EXPECT_EQ(parse_media_type(bad).error(), HttpErrc::malformed) << bad;
  }
}

TEST(HttpMediaType, IsBounded) {
  EXPECT_TRUE(parse_media_type("a/" + std::string(kMediaTypeBytesMax - 2, 'b')));
  EXPECT_EQ(parse_media_type("a/" + std::string(kMediaTypeBytesMax - 1, 'b')).error(),
            HttpErrc::too_long);
}

TEST(HttpMediaType, GuessesByTheLastExtension) {
  EXPECT_EQ(media_type_by_name("movie.MKV"), "video/x-matroska");
  EXPECT_EQ(media_type_by_name("data.tar.gz"), "application/gzip");
  EXPECT_EQ(media_type_by_name("index.html"), "text/html");
  for (const std::string_view unknown :
       {"", "file", "file.", "a.unknown", "a.extensionlong", ".", "a.\xff"}) {
    EXPECT_EQ(media_type_by_name(unknown), "application/octet-stream") << unknown;
  }
}

TEST(HttpPresentation, HTT_19_OnlyWhatCannotRunIsShown) {
  for (const std::string_view shown : {"image/png", "video/mp4", "audio/flac", "text/plain",
                                       "text/plain; charset=utf-8", "application/json"}) {
    EXPECT_EQ(disposition(shown), "inline") << shown;
  }
  for (const std::string_view saved : {"text/html",
                                       "text/html; charset=utf-8",
                                       "TEXT/HTML",
                                       "application/xhtml+xml",
                                       "image/svg+xml",
                                       "application/xml",
                                       "text/xml",
                                       "text/xsl",
                                       "application/xslt+xml",
                                       "text/javascript",
                                       "application/javascript",
                                       "application/ecmascript",
                                       "text/css",
                                       "application/wasm",
                                       "application/pdf",
                                       "multipart/related",
                                       "multipart/x-mixed-replace",
                                       "message/rfc822",
                                       "application/x-shockwave-flash",
                                       "application/octet-stream",
                                       "application/rss+xml",
                                       "image/unknown",
                                       "text/unknown",
                                       "text/vbscript",
                                       "application/x-bittorrent",
                                       "model/x3d+xml",
                                       "font/woff2",
                                       "text/html+x"}) {
    EXPECT_EQ(disposition(saved), "attachment") << saved;
  }
}

TEST(HttpPresentation, HTT_19_EveryAnswerIsConfined) {
  for (const std::string_view media : {"image/png", "text/html", "image/svg+xml", "a/b"}) {
    for (const PreviewRule rule : {PreviewRule::never, PreviewRule::sandboxed}) {
      const HeaderFields fields = present(*parse_media_type(media), "x", {.preview = rule});
      EXPECT_EQ(field_of(fields, "X-Content-Type-Options"), "nosniff");
      const std::string policy = field_of(fields, "Content-Security-Policy");
      EXPECT_TRUE(policy.starts_with("sandbox; default-src 'none';")) << policy;
      EXPECT_EQ(policy.find("allow-"), std::string::npos);
      EXPECT_EQ(policy.find("script-src"), std::string::npos);
      EXPECT_EQ(field_of(fields, "Cross-Origin-Resource-Policy"), "same-origin");
    }
  }
}

TEST(HttpPresentation, PreviewsAreOnlyForMarkup) {
  const PresentationRequest preview{.preview = PreviewRule::sandboxed};
  EXPECT_EQ(disposition("text/html", preview), "inline");
  EXPECT_EQ(disposition("image/svg+xml", preview), "inline");
  EXPECT_EQ(disposition("text/javascript", preview), "attachment");
  EXPECT_EQ(disposition("application/pdf", preview), "attachment");
  EXPECT_EQ(disposition("text/html", {.download = true, .preview = PreviewRule::sandboxed}),
            "attachment");
  EXPECT_EQ(disposition("image/png", {.download = true}), "attachment");
}

TEST(HttpPresentation, OwnPagesAllowNothingInlineOrForeign) {
  EXPECT_EQ(kOwnPagePolicy.find("unsafe"), std::string_view::npos);
  EXPECT_EQ(kOwnPagePolicy.find("http"), std::string_view::npos);
  EXPECT_EQ(kOwnPagePolicy.find('*'), std::string_view::npos);
}

}  // namespace
}  // namespace weir::http
