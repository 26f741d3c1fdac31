// SPDX-License-Identifier: MIT OR Apache-2.0
// Bodies that are published: streamed to the disk with constant memory, never held whole.
#include <atomic>
#include <boost/json.hpp>
#include <limits>
#include <utility>

#include "api/internal/folder_uploads.h"
#include "api/internal/names_json.h"
#include "api/internal/routes.h"
#include "http/accept.h"
#include "http/content_disposition.h"
#include "http/media_type.h"
#include "node/upload.h"

namespace weir::api {
namespace {

class UploadSink final : public HttpBodySink {
 public:
  using Done = std::function<void(const RequestPtr&, const Publication&)>;
  UploadSink(RequestPtr request, std::unique_ptr<Upload> upload, Done done)
      : request_(std::move(request)), upload_(std::move(upload)), done_(std::move(done)) {}

  void data(Bytes bytes, std::function<void()> done) override {
    if (failed_->load()) return done();
    upload_->write(bytes, [request = request_, failed = failed_,
                           done = std::move(done)](const NodeResult<void>& written) {
      // The reason goes out at once: who sends a terabyte need not send it all to learn of it.
      if (!written && !failed->exchange(true)) request->error(written.error());
      done();
    });
  }
  void end() override {
    if (failed_->load()) return;
    upload_->finish([request = request_, done = done_](
                        const NodeResult<std::shared_ptr<const Publication>>& published) {
      if (published) return done(request, **published);
      if (published.error().code == NodeErrc::empty_content) {
        return request->text(500, "Unable to store BitTorrent data");
      }
      request->error(published.error());
    });
  }

 private:
  RequestPtr request_;
  std::unique_ptr<Upload> upload_;
  Done done_;
  // Kept alive by a write under way too.
  std::shared_ptr<std::atomic<bool>> failed_ = std::make_shared<std::atomic<bool>>(false);
};

// What the fields of an upload say, or the sentence to refuse it with.
std::expected<UploadOptions, std::string> options_of(const Request& request, UploadKind kind) {
  UploadOptions out;
  out.kind = kind;
  const auto type = upload_type(request);
  if (!type) return std::unexpected(type.error());
  if (*type) out.mimetype = http::format_media_type(**type);
  auto name = upload_name(request);
  if (!name) return std::unexpected(name.error());
  out.name = std::move(*name);
  return out;
}

void receive(Context& context, const RequestPtr& request, UploadKind kind, UploadSink::Done done) {
  auto options = options_of(*request, kind);
  if (!options) return request->text(422, options.error());
  const NodeSpace space = context.node.space();
  const std::uint64_t declared = request->call.head().content_length.value_or(0);
  if (space.quota_bytes > 0) {
    const std::uint64_t taken = space.used_bytes + space.reserved_bytes;
    if (declared > space.quota_bytes - std::min(space.quota_bytes, taken)) {
      return request->error(quota_error());
    }
  }
  auto upload = context.node.begin_upload(std::move(*options));
  if (!upload) return request->error(upload.error());
  auto sink = std::make_unique<UploadSink>(request, std::move(*upload), std::move(done));
  if (!request->call.head().has_body) return sink->end();
  request->call.receive(std::move(sink), std::numeric_limits<std::uint64_t>::max());
}

void answer_names(const RequestPtr& request, const Publication& publication, std::string plain) {
  HttpAnswer out;
  const bool json = wants_json(*request);
  out.fields.push_back({"Content-Type", json ? "application/json" : "text/plain"});
  out.fields.push_back({"Vary", "Accept"});
  out.body = json ? names_json(publication) : std::move(plain);
  request->answer(std::move(out));
}

void post_torrent(Context& context, const RequestPtr& request) {
  receive(context, request, UploadKind::torrent,
          [](const RequestPtr& r, const Publication& publication) {
            answer_names(r, publication, Multihash::of(publication.info_hash()).text());
          });
}

void post_data(Context& context, const RequestPtr& request) {
  receive(context, request, UploadKind::data,
          [](const RequestPtr& r, const Publication& publication) {
            answer_names(r, publication, publication.cid.text());
          });
}

constexpr Route kRoutes[] = {
    {http::Method::post, "/api/codex/v1/torrent", http::Scope::add, true, post_torrent},
    {http::Method::post, "/api/codex/v1/data", http::Scope::add, true, post_data},
};

}  // namespace

std::span<const Route> upload_routes() { return kRoutes; }

std::expected<std::string, std::string> upload_name(const Request& request) {
  const auto field = request.field("Content-Disposition");
  if (!field) return std::string();
  auto disposition = http::parse_content_disposition(*field);
  // Clients of the reference leave the type out: `filename="x"` alone.
  if (!disposition || disposition->type.starts_with("filename")) {
    disposition = http::parse_content_disposition("attachment; " + std::string(*field));
  }
  if (!disposition) return std::unexpected("The filename is not valid.");
  if (!disposition->file_name) return std::string();
  const auto safe = http::safe_file_name(*disposition->file_name);
  if (!safe) return std::unexpected("The filename is not valid.");
  return *safe;
}

std::expected<std::optional<http::MediaType>, std::string> upload_type(const Request& request) {
  const auto type = request.field("Content-Type");
  if (!type || type->empty()) return std::nullopt;
  auto media = http::parse_media_type(*type);
  if (!media) return std::unexpected("The MIME type '" + std::string(*type) + "' is not valid.");
  // `curl -F`: the parts' headers would be published with the file between them.
  if (media->type == "multipart" && media->subtype == "form-data") {
    return std::unexpected(
        "The body is the content itself, not a form. With curl it is: curl -T FILE -X POST …");
  }
  // `curl --data-binary` says so of any file, and nobody publishes a form on purpose.
  if (media->type == "application" && media->subtype == "x-www-form-urlencoded") {
    return std::nullopt;
  }
  return std::optional(std::move(*media));
}

bool wants_json(const Request& request) {
  constexpr std::array<std::string_view, 2> kOffers{"text/plain", "application/json"};
  return http::negotiate(request.field("Accept"), kOffers) == 1;
}

std::string names_json(const Publication& publication) {
  const InfoHashes& hybrid = publication.hybrid->info->hashes;
  const auto magnet = [&](const InfoHashes& hashes) {
    Magnet out;
    out.hashes = hashes;
    out.name = publication.manifest.filename;
    out.length = publication.manifest.dataset_size;
    return format_magnet(out);
  };
  const std::string v1 = publication.info_hash().hex();
  boost::json::object out;
  out["infoHash"] = Multihash::of(publication.info_hash()).text();
  out["magnet"] = magnet({publication.info_hash(), std::nullopt});
  out["hybrid"] = {{"v1", hybrid.v1->hex()}, {"v2", hybrid.v2->hex()}, {"magnet", magnet(hybrid)}};
  out["cid"] = publication.cid.text();
  out["treeCid"] = publication.manifest.tree_cid.text();
  out["size"] = publication.manifest.dataset_size;
  out["links"] = {{"btih", "/btih/" + v1},
                  {"btmh", "/btmh/" + hybrid.v2->hex()},
                  {"cid", "/cid/" + publication.cid.text()},
                  {"torrent", "/btih/" + v1 + ".torrent"},
                  {"hybridTorrent", "/btmh/" + hybrid.v2->hex() + ".torrent"}};
  return boost::json::serialize(out);
}

}  // namespace weir::api
