// SPDX-License-Identifier: MIT OR Apache-2.0
#include "api/internal/content.h"

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <utility>

#include "http/conditional.h"
#include "http/etag.h"
#include "http/media_type.h"
#include "http/multipart.h"
#include "io/clock.h"
#include "io/os_random.h"
#include "node/reader.h"

namespace weir::api {
namespace {

class ContentSource final : public HttpBodySource {
 public:
  ContentSource(Node& node, Found found, std::vector<BodyPiece> pieces)
      : node_(node), found_(std::move(found)), pieces_(pieces.begin(), pieces.end()) {}

  void next(std::size_t bytes_max, std::function<void(HttpBodyPart)> done) override {
    if (reader_ && left_->load() > 0) return read(bytes_max, std::move(done));
    reader_.reset();
    if (pieces_.empty()) return done(HttpBodyEnd{});
    BodyPiece piece = std::move(pieces_.front());
    pieces_.pop_front();
    if (const auto* text = std::get_if<std::string>(&piece)) {
      return done(std::make_shared<const Buffer>(to_buffer(as_bytes(*text))));
    }
    const auto& stretch = std::get<FileStretch>(piece);
    reader_ = node_.read(found_, stretch.file, stretch.range.offset, stretch.range.length);
    left_->store(stretch.range.length);
    read(bytes_max, std::move(done));
  }

 private:
  // What `done` of the reader touches is its own: this object may be gone by then.
  void read(std::size_t bytes_max, std::function<void(HttpBodyPart)> done) {
    reader_->next_part(
        bytes_max, [done = std::move(done), left = left_](NodeResult<ReadPart> part) {
          if (!part || part->size() == 0) return done(HttpBodyAbort{});
          left->fetch_sub(part->size());
          if (!part->stored) return done(std::move(part->bytes));
          StoredContent& stored = *part->stored;
          done(HttpFileRange{
              {stored.fd, std::move(stored.keep), stored.stat}, stored.offset, stored.length});
        });
  }

  Node& node_;
  const Found found_;
  std::deque<BodyPiece> pieces_;
  std::unique_ptr<Reader> reader_;
  // Of the reader's stretch. Kept alive by the read under way too.
  std::shared_ptr<std::atomic<std::uint64_t>> left_ =
      std::make_shared<std::atomic<std::uint64_t>>(0);
};

http::MediaType media_type_of(const ContentView& view) {
  if (!view.mimetype.empty()) {
    if (auto said = http::parse_media_type(view.mimetype)) return *said;
  }
  return *http::parse_media_type(http::media_type_by_name(view.name));
}

// Strong: the same tag means the same bytes. The BEP 52 root where there is one; else the torrent
// and the file's number in it.
http::EntityTag etag_of(const Found& found, FileIndex file) {
  if (found.publication) return {found.publication->root};
  const TorrentFile& entry = found.info->layout.file(file);
  if (!entry.pieces_root.is_zero()) return {entry.pieces_root.hex()};
  return {found.info->hashes.wire_hash().hex() + "-" + std::to_string(to_int(file))};
}

http::ConditionalFields conditions_of(const Request& request) {
  return {.if_match = request.field("If-Match"),
          .if_unmodified_since = request.field("If-Unmodified-Since"),
          .if_none_match = request.field("If-None-Match"),
          .if_modified_since = request.field("If-Modified-Since"),
          .if_range = request.field("If-Range"),
          .range = request.field("Range")};
}

void set_field(HttpAnswer& answer, std::string_view name, std::string value) {
  for (HttpField& field : answer.fields) {
    if (field.name != name) continue;
    field.value = std::move(value);
    return;
  }
  answer.fields.push_back({std::string(name), std::move(value)});
}

void set_body(HttpAnswer& answer, const RequestPtr& request, Node& node, const Found& found,
              std::vector<BodyPiece> pieces, std::uint64_t length) {
  answer.length = length;
  if (request->method == http::Method::head) pieces.clear();
  answer.body = content_source(node, found, std::move(pieces));
}

}  // namespace

std::optional<FileIndex> only_file(const TorrentInfo& info) {
  std::optional<FileIndex> only;
  const auto& files = info.layout.files();
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].attributes.pad) continue;
    if (only || files[i].path.find('/') != std::string::npos) return std::nullopt;
    only = static_cast<FileIndex>(i);
  }
  return only;
}

std::unique_ptr<HttpBodySource> content_source(Node& node, const Found& found,
                                               std::vector<BodyPiece> pieces) {
  return std::make_unique<ContentSource>(node, found, std::move(pieces));
}

void send_content(const RequestPtr& request, Node& node, const Found& found,
                  const ContentView& view) {
  const std::uint64_t length = found.info->layout.file(view.file).length;
  const http::Representation content{length, etag_of(found, view.file), std::nullopt};
  const bool head = request->method == http::Method::head;
  const http::Selection selected =
      http::select(head ? http::RetrievalMethod::head : http::RetrievalMethod::get,
                   conditions_of(*request), content, unix_now());
  const http::MediaType media = media_type_of(view);

  HttpAnswer answer;
  answer.status = static_cast<unsigned>(selected.status);
  answer.fields.push_back({"ETag", http::format_etag(*content.etag)});
  answer.fields.push_back({"Accept-Ranges", "bytes"});
  const std::string scope = request->with_token ? "private" : "public";
  answer.fields.push_back({"Cache-Control", scope + ", max-age=31536000, immutable"});
  if (selected.status == 304) return request->answer(std::move(answer));
  if (selected.status >= 400) {
    set_field(answer, "Cache-Control", "no-store");
    if (selected.status == 416) {
      set_field(answer, "Content-Range", http::content_range_unsatisfied(length));
    }
    return request->answer(std::move(answer));
  }
  for (auto& [name, value] : http::present(media, view.name, view.presentation)) {
    answer.fields.push_back({name, value});
  }
  if (view.exposes_disposition) {
    answer.fields.push_back({"Access-Control-Expose-Headers", "Content-Disposition"});
  }
  if (selected.status == 200) {
    std::vector<BodyPiece> whole;
    if (length > 0) whole.emplace_back(FileStretch{view.file, {0, length}});
    set_body(answer, request, node, found, std::move(whole), length);
    return request->answer(std::move(answer));
  }
  if (selected.ranges.size() == 1) {
    const http::ByteRange range = selected.ranges[0];
    set_field(answer, "Content-Range", http::content_range(range, length));
    set_body(answer, request, node, found, {FileStretch{view.file, range}}, range.length);
    return request->answer(std::move(answer));
  }
  std::array<std::byte, 16> nonce{};
  os_random(nonce);
  http::MultipartPlan plan =
      http::plan_multipart(selected.ranges, length, http::format_media_type(media), nonce);
  std::vector<BodyPiece> pieces;
  for (http::MultipartPart& part : plan.parts) {
    pieces.emplace_back(std::move(part.before));
    pieces.emplace_back(FileStretch{view.file, part.range});
  }
  pieces.emplace_back(std::move(plan.end));
  set_field(answer, "Content-Type", std::move(plan.content_type));
  set_body(answer, request, node, found, std::move(pieces), plan.content_length);
  request->answer(std::move(answer));
}

}  // namespace weir::api
