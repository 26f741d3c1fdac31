// SPDX-License-Identifier: MIT OR Apache-2.0
// Answers with content: conditions, ranges, how it is presented, and bytes that are verified before
// they go out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "api/internal/request.h"
#include "http/presentation.h"
#include "http/range.h"
#include "node/node.h"

namespace weir::api {

// The one file of a torrent that is a single file; nothing when it is a folder.
[[nodiscard]] std::optional<FileIndex> only_file(const TorrentInfo& info);

// A stretch of a file, or bytes of our own around such stretches.
struct FileStretch {
  FileIndex file{};
  http::ByteRange range;
};
using BodyPiece = std::variant<std::string, FileStretch>;

// Gives the pieces one after another; aborts when bytes can't be had.
[[nodiscard]] std::unique_ptr<HttpBodySource> content_source(Node& node, const Found& found,
                                                             std::vector<BodyPiece> pieces);

struct ContentView {
  FileIndex file{};
  std::string name;      // for saving it
  std::string mimetype;  // as the uploader said; empty: by the name
  http::PresentationRequest presentation;
  bool exposes_disposition = false;  // to pages of allowed origins, as the reference does
};

// Answers a GET or HEAD with 200, 206, 304, 412 or 416.
void send_content(const RequestPtr& request, Node& node, const Found& found,
                  const ContentView& view);

}  // namespace weir::api
