// SPDX-License-Identifier: MIT OR Apache-2.0
// Folders as tar archives: unpacked onto the disk while they come in, never held whole.
#include "api/internal/folder_uploads.h"

#include <atomic>
#include <boost/json.hpp>
#include <limits>
#include <utility>

#include "api/internal/weir.h"
#include "http/playlist.h"
#include "http/tar_reader.h"

namespace weir::api {
namespace {

// The folder of an archive whose files lie in none, and that has no name.
constexpr const char* kNameless = "folder";

using Done = std::function<void(const RequestPtr&, const PublishedFolder&)>;

// Shared by the sink, which the server may destroy at any time, and the work under way.
struct Unpacking {
  void refuse(unsigned status, std::string_view code, const std::string& text) {
    failed = true;
    upload.reset();
    if (errors == ErrorForm::json) return answer_error(request, status, code, text);
    request->text(status, std::string(code) + ": " + text);
  }
  void refuse(const http::TarError& error) {
    refuse(http::is_limit(error.code) ? 413 : 422, http::error_name(error.code),
           std::string(http::text_of(error.code)) + " (at byte " + std::to_string(error.offset) +
               ").");
  }
  void refuse(const NodeError& error) {
    failed = true;
    upload.reset();
    if (errors == ErrorForm::json) return request->answer(weir_error(error));
    request->error(error);
  }
  void take(Bytes bytes);
  bool take(const http::TarEvent& event);
  void finish(const std::shared_ptr<Unpacking>& self);

  RequestPtr request;
  std::unique_ptr<FolderUpload> upload;
  http::TarReader reader;
  ErrorForm errors{};
  std::string name;
  Done done;
  bool failed = false;
};

void Unpacking::take(Bytes bytes) {
  if (failed) return;
  reader.feed(bytes);
  while (!failed) {
    const auto event = reader.next();
    // The reason goes out at once: who sends a terabyte need not send it all to learn of it.
    if (!event) return refuse(event.error());
    if (!*event || !take(**event)) return;
  }
}

bool Unpacking::take(const http::TarEvent& event) {
  NodeResult<void> taken;
  if (const auto* entry = std::get_if<http::TarEntry>(&event)) {
    // A torrent has no empty folders.
    if (entry->kind == http::TarKind::file)
      taken = upload->add_file(entry->path, entry->executable);
  } else if (const auto* content = std::get_if<http::TarContent>(&event)) {
    taken = upload->write(content->bytes);
  }
  if (!taken) refuse(taken.error());
  return taken.has_value();
}

void Unpacking::finish(const std::shared_ptr<Unpacking>& self) {
  if (failed) return;
  if (auto whole = reader.finish(); !whole) {
    // Less than one header came: something else, such as a small archive that is compressed.
    if (whole.error().offset > 0 && whole.error().offset < http::kTarBlock) {
      whole.error().code = http::TarErrc::not_tar;
    }
    return refuse(whole.error());
  }
  upload->finish(
      name, [self] { return self->request->call.connected(); },
      [self](const NodeResult<PublishedFolder>& published) {
        if (!published && published.error().code == NodeErrc::empty_content) {
          return self->refuse(422, "empty", "There is no content in this archive.");
        }
        if (!published) return self->refuse(published.error());
        self->done(self->request, *published);
      });
}

class FolderSink final : public HttpBodySink {
 public:
  FolderSink(Context& context, std::shared_ptr<Unpacking> unpacking)
      : context_(context), unpacking_(std::move(unpacking)) {}

  // The bytes stay while `done` does.
  void data(Bytes bytes, std::function<void()> done) override {
    auto shared = std::make_shared<std::function<void()>>(std::move(done));
    context_.later(unpacking_->request, [unpacking = unpacking_, bytes, shared] {
      unpacking->take(bytes);
      (*shared)();
    });
  }
  void end() override { unpacking_->finish(unpacking_); }

 private:
  Context& context_;
  std::shared_ptr<Unpacking> unpacking_;
};

bool has_playable(const TorrentInfo& info) {
  const auto& files = info.layout.files();
  return std::any_of(files.begin(), files.end(), [](const TorrentFile& file) {
    return !file.attributes.pad && http::is_playable(file.path);
  });
}

std::string folder_json(const TorrentInfo& info) {
  Magnet magnet;
  magnet.hashes = info.hashes;
  magnet.name = info.name;
  magnet.length = info.layout.content_size();
  const std::string text = format_magnet(magnet);
  const std::string v1 = info.hashes.v1->hex();
  const std::string v2 = info.hashes.v2->hex();
  std::size_t files = 0;
  for (const TorrentFile& file : info.layout.files()) files += file.attributes.pad ? 0 : 1;
  boost::json::object out;
  out["infoHash"] = Multihash::of(*info.hashes.v1).text();
  out["magnet"] = text;
  out["hybrid"] = {{"v1", v1}, {"v2", v2}, {"magnet", text}};
  out["name"] = info.name;
  out["files"] = files;
  out["size"] = info.layout.content_size();
  boost::json::object links{{"btih", "/btih/" + v1 + "/"},
                            {"btmh", "/btmh/" + v2 + "/"},
                            {"torrent", "/btih/" + v1 + ".torrent"},
                            {"tar", "/btih/" + v1 + "/?format=tar"}};
  if (has_playable(info)) links["m3u"] = "/btih/" + v1 + ".m3u";
  out["links"] = std::move(links);
  return boost::json::serialize(out);
}

void post_tar(Context& context, const RequestPtr& request) {
  const ErrorForm errors = wants_json(*request) ? ErrorForm::json : ErrorForm::text;
  receive_folder(
      context, request, errors, [](const RequestPtr& r, const PublishedFolder& published) {
        const bool json = wants_json(*r);
        HttpAnswer out;
        out.fields.push_back({"Content-Type", json ? "application/json" : "text/plain"});
        out.fields.push_back({"Vary", "Accept"});
        out.body =
            json ? folder_json(*published.info) : Multihash::of(*published.info->hashes.v1).text();
        r->answer(std::move(out));
      });
}

constexpr Route kRoutes[] = {
    {http::Method::post, "/api/codex/v1/torrent/tar", http::Scope::add, true, post_tar},
};

}  // namespace

void receive_folder(Context& context, const RequestPtr& request, ErrorForm errors, Done done) {
  auto unpacking = std::make_shared<Unpacking>();
  unpacking->request = request;
  unpacking->reader = http::TarReader(context.config.tar);
  unpacking->errors = errors;
  unpacking->done = std::move(done);
  if (const auto type = upload_type(*request); !type) {
    return unpacking->refuse(422, "bad_type", type.error());
  }
  auto name = upload_name(*request);
  if (!name) return unpacking->refuse(422, "bad_name", name.error());
  constexpr std::string_view kSuffix = ".tar";
  if (name->size() > kSuffix.size() && name->ends_with(kSuffix)) {
    name->resize(name->size() - kSuffix.size());
  }
  unpacking->name = name->empty() ? kNameless : *name;
  auto upload = context.node.begin_folder();
  if (!upload) return unpacking->refuse(upload.error());
  unpacking->upload = std::move(*upload);
  if (!request->call.head().has_body) return unpacking->finish(unpacking);
  request->call.receive(std::make_unique<FolderSink>(context, unpacking),
                        std::numeric_limits<std::uint64_t>::max());
}

std::span<const Route> folder_routes() { return kRoutes; }

}  // namespace weir::api
