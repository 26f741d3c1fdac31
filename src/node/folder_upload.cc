// SPDX-License-Identifier: MIT OR Apache-2.0
#include "node/folder_upload.h"

#include <filesystem>
#include <optional>
#include <utility>

#include "base/result.h"
#include "io/folder_intake.h"
#include "metainfo/original_names.h"
#include "metainfo/parse.h"
#include "node/internal/local_torrent.h"
#include "node/internal/publication.h"
#include "node/node.h"

namespace weir {

struct FolderUpload::State {
  explicit State(Node& its_node) : node(its_node) {}
  ~State() {
    tree.reset();
    node.release(reserved);
    const std::lock_guard lock(node.mutex_);
    --node.uploads_;
  }
  NodeResult<void> fail(NodeError error);
  NodeResult<PublishedFolder> publish(std::string name, const std::function<bool()>& wanted);

  Node& node;
  std::unique_ptr<FolderIntake::Tree> tree;
  std::string top;     // the one folder that everything is in
  bool loose = false;  // there is no such folder
  std::uint64_t reserved = 0;
  std::optional<NodeError> failed;
};

// Gives back what was taken; nothing more is.
NodeResult<void> FolderUpload::State::fail(NodeError error) {
  // Before anybody hears of it: who looks or tries again at once finds nothing left, and the room.
  tree.reset();
  node.release(std::exchange(reserved, 0));
  failed = std::move(error);
  return std::unexpected(*failed);
}

FolderUpload::FolderUpload(std::shared_ptr<State> state) : state_(std::move(state)) {}
FolderUpload::~FolderUpload() = default;

NodeResult<void> FolderUpload::add_file(const std::string& path, bool executable) {
  State& s = *state_;
  if (s.failed) return std::unexpected(*s.failed);
  if (!s.tree) {
    auto tree = s.node.folders_->begin();
    if (!tree) return s.fail(node_error(tree.error()));
    s.tree = std::move(*tree);
  }
  const std::string first = path.substr(0, path.find('/'));
  if (first.size() == path.size() || (!s.top.empty() && s.top != first)) s.loose = true;
  s.top = first;
  const auto added = s.tree->add_file(path, executable);
  return added ? NodeResult<void>{} : s.fail(node_error(added.error()));
}

NodeResult<void> FolderUpload::write(Bytes bytes) {
  State& s = *state_;
  if (s.failed) return std::unexpected(*s.failed);
  if (!s.node.reserve(bytes.size())) return s.fail(quota_error());
  s.reserved += bytes.size();
  const auto written = s.tree->write(bytes);
  return written ? NodeResult<void>{} : s.fail(node_error(written.error()));
}

void FolderUpload::finish(std::string name, std::function<bool()> wanted, Done done) {
  auto tell = std::make_shared<Done>(std::move(done));
  const bool posted = state_->node.hashing_.post(
      [state = state_, name = std::move(name), wanted = std::move(wanted), tell] {
        auto published = state->publish(name, wanted);
        // Of what was published nothing is in the tree any more.
        (void)state->fail(published ? NodeError{} : published.error());
        (*tell)(std::move(published));
      });
  if (!posted) (*tell)(std::unexpected(NodeError{NodeErrc::stopping, "the node is stopping"}));
}

NodeResult<PublishedFolder> FolderUpload::State::publish(std::string name,
                                                         const std::function<bool()>& wanted) {
  if (failed) return std::unexpected(*failed);
  if (reserved == 0) {
    return std::unexpected(NodeError{NodeErrc::empty_content, "there is no content"});
  }
  if (!loose) {
    name = top;
  } else if (const auto wrapped = tree->wrap(name); !wrapped) {
    return std::unexpected(node_error(wrapped.error()));
  }
  // What goes wrong with a file that nobody else knows is the disk's doing.
  const auto disk_error = [](NodeError error) {
    return std::unexpected(NodeError{NodeErrc::disk, std::move(error.detail)});
  };
  const auto content = list_local_content(tree->root() + '/' + name);
  if (!content) return disk_error(content_error(content.error()));
  HashingWatch watch;
  watch.cancelled = [this, &wanted] { return node.stops() || !wanted(); };
  auto created = hash_local_content(*content, name, watch);
  if (!created && node.stops()) {
    return std::unexpected(NodeError{NodeErrc::stopping, "the node is stopping"});
  }
  if (!created && created.error().detail.starts_with(tree->root())) {
    return disk_error(created.error());
  }
  if (!created) return std::unexpected(created.error());
  // Files have the names that everybody gives them who gets them from here.
  const Layout& layout = created->metadata.info->layout;
  for (const auto& [file, original] : original_names(*created->metadata.info).files) {
    const auto named = tree->rename_file(name + '/' + original, layout.file(file).path);
    if (!named) return std::unexpected(node_error(named.error()));
  }
  return node.take_folder(*tree, std::move(*created), reserved);
}

NodeResult<std::unique_ptr<FolderUpload>> Node::begin_folder() {
  WEIR_CHECK(count_upload());
  return std::unique_ptr<FolderUpload>(
      new FolderUpload(std::make_shared<FolderUpload::State>(*this)));
}

bool Node::stops() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

NodeResult<PublishedFolder> Node::take_folder(FolderIntake::Tree& tree, CreatedTorrent created,
                                              std::uint64_t& reserved) {
  constexpr int kAttemptsMax = 8;
  auto metadata = std::make_shared<const TorrentMetadata>(std::move(created.metadata));
  const InfoHashes& hashes = metadata->info->hashes;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    std::optional<TorrentKey> leaving;
    {
      const std::lock_guard one(add_mutex_);
      leaving = client_->find(hashes);
      if (!leaving) return place_folder(tree, metadata, std::move(created.bytes), reserved);
      if (!being_removed(*leaving)) {
        const auto status = client_->status(*leaving);
        const bool sound = status && !status->error;
        const bool whole =
            sound && status->pieces_total > 0 && status->pieces_done == status->pieces_total;
        if (whole || (sound && is_settling(*leaving))) {
          return PublishedFolder{*leaving, metadata->info, false};
        }
        if (in_place_->path_of(hashes)) {
          return std::unexpected(
              NodeError{NodeErrc::already_here, "the node has this torrent in place, not whole"});
        }
        // A download gives way to the whole that has come.
        remove_torrent(*leaving, RemoveContent::remove);
      }
    }
    await_removal(*leaving);
  }
  return std::unexpected(NodeError{NodeErrc::engine, "the torrent is being removed"});
}

// REQUIRES: add_mutex_ is held, so that the quota is not asked about the torrent in between.
NodeResult<PublishedFolder> Node::place_folder(FolderIntake::Tree& tree,
                                               std::shared_ptr<const TorrentMetadata> metadata,
                                               Buffer torrent_file, std::uint64_t& reserved) {
  const std::string hash = metadata->info->hashes.v1->hex();
  const std::string place = content_->fetched(hash);
  const auto placed = folders_->place(tree, hash, torrent_file, place);
  if (!placed) return std::unexpected(node_error(placed.error()));
  AddTorrent request;
  request.metadata = metadata;
  request.torrent_file = std::move(torrent_file);
  request.storage.root = place;
  // Hashed a moment ago, and once more when somebody asks for it (decision 0004).
  request.check = StartCheck::trust;
  auto added = add_folder(std::move(request));
  if (!added) {
    folders_->take_back(tree, hash, place);
    return std::unexpected(added.error());
  }
  const std::lock_guard lock(mutex_);
  // What was held is in use now.
  reserved_ -= std::exchange(reserved, 0);
  if (fetched_sizes_.emplace(*added, metadata->info->layout.content_size()).second) {
    used_ += metadata->info->layout.content_size();
  }
  return PublishedFolder{*added, metadata->info, true};
}

NodeResult<TorrentKey> Node::add_folder(AddTorrent request) {
  const std::string hash = request.metadata->info->hashes.v1->hex();
  const auto added = [&] {
    ++unsettled_count_;  // before the engine can say that it is done
    return client_->add(std::move(request));
  }();
  if (!added) {
    --unsettled_count_;
    return std::unexpected(
        NodeError{NodeErrc::engine, added.error().code + ": " + added.error().detail});
  }
  const std::lock_guard lock(mutex_);
  unsettled_.emplace(*added, hash);
  return *added;
}

// Uploaded a moment ago: the engine has yet to look at it.
bool Node::is_settling(TorrentKey key) {
  const std::lock_guard lock(mutex_);
  return unsettled_.contains(key);
}

void Node::settle_folder(TorrentKey key) {
  const std::lock_guard one(add_mutex_);  // who adds it has noted it by now
  std::string hash;
  {
    const std::lock_guard lock(mutex_);
    const auto it = unsettled_.find(key);
    if (it == unsettled_.end()) return;
    hash = it->second;
    unsettled_.erase(it);
  }
  --unsettled_count_;
  folders_->settled(hash);
}

// A folder that was placed when the node was killed, before the engine had it on record.
void Node::restore_folders() {
  const std::lock_guard one(add_mutex_);
  for (FolderIntake::Left& left : folders_->sweep()) {
    auto metadata = parse_torrent(left.torrent);
    const std::string place = content_->fetched(left.hash);
    std::error_code ignored;
    const bool sound =
        metadata && metadata->info->hashes.v1 && metadata->info->hashes.v1->hex() == left.hash;
    if (!sound || client_->find(metadata->info->hashes) ||
        !std::filesystem::exists(place + '/' + metadata->info->name, ignored)) {
      folders_->settled(left.hash);
      continue;
    }
    AddTorrent request;
    request.metadata = std::make_shared<const TorrentMetadata>(std::move(*metadata));
    request.torrent_file = std::move(left.torrent);
    request.storage.root = place;
    request.check = StartCheck::full;
    if (const auto added = add_folder(std::move(request)); !added && config_.client.warn) {
      config_.client.warn("the folder " + left.hash + " is not restored: " + added.error().detail);
    }
  }
}

}  // namespace weir
