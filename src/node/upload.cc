// SPDX-License-Identifier: MIT OR Apache-2.0
#include "node/upload.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/result.h"
#include "io/clock.h"
#include "node/internal/publication.h"
#include "node/node.h"

namespace weir {

struct Upload::State {
  State(Node& its_node, UploadOptions its_options)
      : node(its_node), options(std::move(its_options)), torrent(codex::HashPlan::torrent()) {
    if (options.kind == UploadKind::data) data.emplace(codex::HashPlan::data());
  }
  ~State() {
    node.release(reserved);
    const std::lock_guard lock(node.mutex_);
    --node.uploads_;
  }
  NodeResult<void> take(Bytes bytes);
  NodeResult<std::shared_ptr<const Publication>> publish();

  // All of it belongs to the one call that is under way.
  Node& node;
  const UploadOptions options;
  std::unique_ptr<ContentDir::Incoming> file;
  codex::ContentHasher torrent;
  std::optional<codex::ContentHasher> data;
  std::uint64_t reserved = 0;
  std::optional<NodeError> failed;
};

NodeResult<void> Upload::State::take(Bytes bytes) {
  if (failed) return std::unexpected(*failed);
  const auto fail = [this](NodeError error) {
    // Before anybody hears of it: whoever tries again at once finds the room.
    file.reset();
    node.release(std::exchange(reserved, 0));
    failed = std::move(error);
    return std::unexpected(*failed);
  };
  if (!file) {
    auto begun = node.content_->begin();
    if (!begun) return fail(node_error(begun.error()));
    file = std::move(*begun);
  }
  if (!node.reserve(bytes.size())) return fail(quota_error());
  reserved += bytes.size();
  if (auto written = file->write(bytes); !written) return fail(node_error(written.error()));
  torrent.feed(bytes);
  if (data) data->feed(bytes);
  return {};
}

NodeResult<std::shared_ptr<const Publication>> Upload::State::publish() {
  if (failed) return std::unexpected(*failed);
  if (!file || file->size() == 0) {
    return std::unexpected(NodeError{NodeErrc::empty_content, "there is no content"});
  }
  std::optional<codex::HashedContent> hashed_data;
  if (data) hashed_data = data->finish();
  WEIR_TRY(publication,
           make_publication(options, torrent.finish(), std::move(hashed_data), unix_now()));
  WEIR_CHECK(node.publish(std::move(file), publication, reserved));
  return publication;
}

Upload::Upload(std::shared_ptr<State> state) : state_(std::move(state)) {}

// What a call under way still needs lives until it is through, and its file goes then.
Upload::~Upload() = default;

void Upload::write(Bytes bytes, std::function<void(NodeResult<void>)> done) {
  auto shared = std::make_shared<std::function<void(NodeResult<void>)>>(std::move(done));
  const bool posted = state_->node.work().post(
      [state = state_, copy = to_buffer(bytes), shared] { (*shared)(state->take(copy)); });
  if (!posted) (*shared)(std::unexpected(NodeError{NodeErrc::stopping, "the node is stopping"}));
}

void Upload::finish(std::function<void(NodeResult<std::shared_ptr<const Publication>>)> done) {
  using Done = std::function<void(NodeResult<std::shared_ptr<const Publication>>)>;
  auto shared = std::make_shared<Done>(std::move(done));
  const bool posted =
      state_->node.work().post([state = state_, shared] { (*shared)(state->publish()); });
  if (!posted) (*shared)(std::unexpected(NodeError{NodeErrc::stopping, "the node is stopping"}));
}

NodeResult<void> Node::count_upload() {
  const std::lock_guard lock(mutex_);
  if (stopping_) return std::unexpected(NodeError{NodeErrc::stopping, "the node is stopping"});
  if (uploads_ >= config_.uploads_max) {
    return std::unexpected(NodeError{NodeErrc::too_many, "too many uploads at a time"});
  }
  ++uploads_;
  return {};
}

NodeResult<std::unique_ptr<Upload>> Node::begin_upload(UploadOptions options) {
  WEIR_CHECK(count_upload());
  auto state = std::make_shared<Upload::State>(*this, std::move(options));
  return std::unique_ptr<Upload>(new Upload(std::move(state)));
}

bool Node::reserve(std::uint64_t bytes) {
  const auto reserve_now = [&] {
    const std::lock_guard lock(mutex_);
    if (!fits(bytes)) return false;
    reserved_ += bytes;
    return true;
  };
  return reserve_now() || (make_room(bytes) && reserve_now());
}

void Node::release(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  reserved_ -= bytes;
}

NodeResult<void> Node::publish(std::unique_ptr<ContentDir::Incoming> file,
                               const std::shared_ptr<const Publication>& publication,
                               std::uint64_t& reserved) {
  const std::lock_guard one(publish_mutex_);
  // The order is what a kill can't spoil: the file gets its place while its name in incoming/ tells
  // that it is on its way, the catalogue learns of it, and then that name goes.
  auto moving = content_->place(std::move(file), {publication->root, publication->path});
  if (!moving) return std::unexpected(node_error(moving.error()));
  if (auto saved = catalogue_->save(row_of(*publication)); !saved) {
    const auto kept = published();
    const bool known = std::any_of(kept.begin(), kept.end(), [&](const auto& other) {
      return other->root == publication->root && other->path == publication->path;
    });
    if (!known) content_->remove({publication->root, publication->path});
    return std::unexpected(node_error(saved.error()));
  }
  moving->reset();
  contents_->uploaded(content_->published(publication->root) + '/' + publication->path,
                      content_of(*publication), publication->root);
  {
    const std::lock_guard lock(mutex_);
    const auto it = names_.by_cid.find(publication->cid);
    if (it != names_.by_cid.end()) {
      const std::shared_ptr<const Publication> before = it->second;
      remove_names(before);
    }
    add_names(publication);
    // What was held is in use now. Were it both for a moment, others would find less room than
    // there is.
    reserved_ -= std::exchange(reserved, 0);
  }
  for (const auto& metadata : {publication->hybrid, publication->reference}) {
    const auto key = client_->find(metadata->info->hashes);
    const auto status = key ? client_->status(*key) : std::nullopt;
    // The file that was there had lost pieces; what has just been uploaded has them.
    if (status && (status->error || status->pieces_done < status->pieces_total)) {
      client_->recheck(*key);
    }
  }
  return seed(*publication);
}

}  // namespace weir
