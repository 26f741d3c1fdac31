// SPDX-License-Identifier: MIT OR Apache-2.0
// Opening, stopping, and what is known by which name.
#include "node/node.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/result.h"
#include "codex/block.h"
#include "metainfo/parse.h"
#include "node/event_log.h"
#include "node/internal/publication.h"

namespace weir {
namespace {

template <class Map, class Key>
void drop(Map& map, const Key& key, const std::shared_ptr<const Publication>& publication) {
  const auto it = map.find(key);
  if (it == map.end()) return;
  std::erase(it->second, publication);
  if (it->second.empty()) map.erase(it);
}

NodeError state_error(const StateError& error) {
  return {NodeErrc::disk, error.disk.path + ": " +
                              (error.code == StateErrc::disk ? error_name(error.disk.code)
                                                             : error_name(error.code)) +
                              (error.detail.empty() ? "" : " (" + error.detail + ")")};
}

}  // namespace

const char* error_name(NodeErrc code) {
  switch (code) {
    case NodeErrc::no_space:
      return "no_space";
    case NodeErrc::quota_exceeded:
      return "quota_exceeded";
    case NodeErrc::disk:
      return "disk";
    case NodeErrc::empty_content:
      return "empty_content";
    case NodeErrc::too_large:
      return "too_large";
    case NodeErrc::bad_text:
      return "bad_text";
    case NodeErrc::too_many:
      return "too_many";
    case NodeErrc::not_found:
      return "not_found";
    case NodeErrc::timed_out:
      return "timed_out";
    case NodeErrc::bad_torrent:
      return "bad_torrent";
    case NodeErrc::bad_path:
      return "bad_path";
    case NodeErrc::changed:
      return "changed";
    case NodeErrc::cancelled:
      return "cancelled";
    case NodeErrc::already_here:
      return "already_here";
    case NodeErrc::engine:
      return "engine";
    case NodeErrc::stopping:
      return "stopping";
  }
  std::unreachable();
}

NodeError quota_error() {
  return {NodeErrc::quota_exceeded, "The node's quota does not have room for this."};
}

Node::Node(NodeConfig config)
    : config_(std::move(config)), limits_(config_.client.session.limits), work_(config_.workers) {}
Node::~Node() { stop(); }

NodeResult<std::unique_ptr<Node>> Node::open(NodeConfig config) {
  std::unique_ptr<Node> node(new Node(std::move(config)));
  auto content = ContentDir::open(node->config_.content_dir);
  if (!content) return std::unexpected(node_error(content.error()));
  node->content_ = std::move(*content);
  auto folders = FolderIntake::open(node->config_.content_dir + "/folders");
  if (!folders) return std::unexpected(node_error(folders.error()));
  node->folders_ = std::move(*folders);
  auto catalogue = CatalogueStore::open(node->config_.client.state_dir);
  if (!catalogue) return std::unexpected(state_error(catalogue.error()));
  node->catalogue_ = std::move(*catalogue);
  node->contents_ = std::make_shared<ContentStore>(node->content_->path(), *node->catalogue_,
                                                   node->config_.client.warn);
  if (auto loaded = node->contents_->load(); !loaded) {
    return std::unexpected(node_error(loaded.error()));
  }
  node->keeps_ = std::make_unique<Keeps>(*node->catalogue_, node->config_.ttl.count());
  if (auto loaded = node->keeps_->load(); !loaded) {
    return std::unexpected(node_error(loaded.error()));
  }
  node->config_.client.copies = node->contents_;
  node->config_.client.events_max = 0;  // an observer takes them
  auto client = Client::open(node->config_.client);
  if (!client) {
    return std::unexpected(
        NodeError{NodeErrc::engine, client.error().code + ": " + client.error().detail});
  }
  node->client_ = std::move(*client);
  node->contents_->attach(*node->client_);
  node->contents_->set_recheck([n = node.get()](const Copy& copy) {
    for (const InfoHashes& hashes : n->torrents_with(copy)) {
      if (const auto key = n->client_->find(hashes)) n->client_->recheck(*key);
    }
  });
  node->in_place_ = std::make_unique<InPlace>(*node->client_, *node->catalogue_, *node->contents_,
                                              node->config_.client.warn);
  node->client_->set_observer([n = node.get()](const Event& event) { n->on_event(event); });
  WEIR_CHECK(node->restore());
  return node;
}

NodeResult<void> Node::restore() {
  const auto warn = [this](const std::string& text) {
    if (config_.client.warn) config_.client.warn(text);
  };
  auto rows = catalogue_->load_all();
  if (!rows) return std::unexpected(node_error(rows.error()));
  content_->sweep([&rows](const ContentDir::Place& place) {
    return std::any_of(rows->begin(), rows->end(), [&place](const CatalogueRow& row) {
      return row.root == place.root && row.path == place.name;
    });
  });
  if (const auto restored = client_->restore_all(); !restored) {
    return std::unexpected(NodeError{NodeErrc::engine, restored.error().detail});
  }
  restore_folders();
  for (const TorrentKey key : client_->torrents()) {
    restored_.insert(key);
    if (const auto info = client_->info(key)) (void)admit_fetched(key, *info);
  }
  for (CatalogueRow& row : *rows) {
    const std::string cid = row.cid;
    auto publication = publication_of(std::move(row));
    if (!publication) {
      warn("upload " + cid + " is not restored: " + publication.error().detail);
      continue;
    }
    const std::lock_guard lock(mutex_);
    add_names(*publication);
  }
  for (const auto& publication : published()) {
    if (const auto seeded = seed(*publication); !seeded) {
      warn("upload " + publication->cid.text() + " is not seeded: " + seeded.error().detail);
    }
  }
  WEIR_CHECK(in_place_->restore());
  restore_contents();
  plan_upkeep();
  return {};
}

// What is known of contents belongs to torrents and uploads that are here.
void Node::restore_contents() {
  std::set<std::string> owners;
  for (const TorrentKey key : client_->torrents()) {
    if (const auto info = client_->info(key)) owners.insert(torrent_id(info->hashes));
  }
  keeps_->keep_only(owners);
  for (const auto& publication : published()) owners.insert(publication->root);
  contents_->keep_only(owners);
  for (const auto& publication : published()) {
    contents_->upload_known(content_->published(publication->root) + '/' + publication->path,
                            content_of(*publication), publication->root);
  }
}

void Node::stop() {
  std::map<TorrentKey, Pending> pending;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    pending.swap(pending_);
  }
  changed_.notify_all();
  if (client_) {
    for (auto& [key, waited_for] : pending) {
      if (!waited_for.directory.empty()) client_->remove(key, RemoveContent::remove);
    }
  }
  for (auto& [key, waited_for] : pending) {
    for (Waiter& waiter : waited_for.waiters) {
      work_.cancel(waiter.timer);
      waiter.done(std::unexpected(NodeError{NodeErrc::stopping, "the node is stopping"}));
    }
  }
  if (in_place_) in_place_->stop();
  hashing_.stop();
  if (contents_) contents_->stop();
  work_.stop();
  if (keeps_) (void)keeps_->flush();
  if (!client_) return;
  client_->set_observer({});
  client_->stop();
}

// REQUIRES: mutex_ is held.
void Node::add_names(const std::shared_ptr<const Publication>& publication) {
  names_.by_cid[publication->cid] = publication;
  names_.by_tree[publication->manifest.tree_cid].push_back(publication);
  names_.by_v1[publication->info_hash()].push_back(publication);
  const InfoHashes& hybrid = publication->hybrid->info->hashes;
  names_.by_v1[*hybrid.v1].push_back(publication);
  names_.by_v2[*hybrid.v2].push_back(publication);
  const std::uint64_t size = publication->manifest.dataset_size;
  if (published_sizes_.emplace(publication->root, size).second) used_ += size;
}

// REQUIRES: mutex_ is held.
void Node::remove_names(const std::shared_ptr<const Publication>& publication) {
  names_.by_cid.erase(publication->cid);
  drop(names_.by_tree, publication->manifest.tree_cid, publication);
  drop(names_.by_v1, publication->info_hash(), publication);
  const InfoHashes& hybrid = publication->hybrid->info->hashes;
  drop(names_.by_v1, *hybrid.v1, publication);
  drop(names_.by_v2, *hybrid.v2, publication);
  const bool last = std::none_of(names_.by_cid.begin(), names_.by_cid.end(), [&](const auto& e) {
    return e.second->root == publication->root;
  });
  if (last && published_sizes_.erase(publication->root) > 0) {
    used_ -= publication->manifest.dataset_size;
  }
}

// Both torrents read the same file and never write it. The engine is told to trust the content,
// which means that it hashes each piece in this run before it gives it to anybody (decision 0004):
// what an upload hashed a moment ago is hashed once more when it is first asked for, and what was
// uploaded in an earlier run is not hashed until then either.
NodeResult<void> Node::seed(const Publication& publication) {
  const auto add = [&](const std::shared_ptr<const TorrentMetadata>& metadata,
                       const Buffer& file) -> NodeResult<void> {
    if (const auto here = client_->find(metadata->info->hashes)) {
      if (!being_removed(*here)) return {};
      await_removal(*here);
    }
    AddTorrent request;
    request.metadata = metadata;
    request.torrent_file = file;
    request.storage.root = content_->published(publication.root);
    request.check = StartCheck::trust;
    request.seed_only = true;
    const auto added = client_->add(std::move(request));
    if (added) return {};
    return std::unexpected(
        NodeError{NodeErrc::engine, added.error().code + ": " + added.error().detail});
  };
  WEIR_CHECK(add(publication.hybrid, publication.hybrid_file));
  return add(publication.reference, publication.reference_file);
}

std::vector<std::shared_ptr<const Publication>> Node::published() {
  std::vector<std::shared_ptr<const Publication>> out;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [cid, publication] : names_.by_cid) out.push_back(publication);
  }
  // Not stable_sort: Clang warns of what Debian's standard library has it use.
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return std::tie(a->created, a->cid) < std::tie(b->created, b->cid);
  });
  return out;
}

NodeResult<bool> Node::remove(const Cid& manifest) {
  const std::lock_guard one(publish_mutex_);
  const auto publication = this->publication(manifest);
  if (!publication || publication->cid != manifest) return false;
  if (auto removed = catalogue_->remove(manifest.text()); !removed) {
    return std::unexpected(node_error(removed.error()));
  }
  bool torrent_used = false, name_used = false;
  {
    const std::lock_guard lock(mutex_);
    remove_names(publication);
    for (const auto& [cid, other] : names_.by_cid) {
      torrent_used = torrent_used || other->info_hash() == publication->info_hash();
      name_used =
          name_used || (other->root == publication->root && other->path == publication->path);
    }
  }
  if (!torrent_used) {
    for (const auto& metadata : {publication->reference, publication->hybrid}) {
      if (const auto key = client_->find(metadata->info->hashes)) {
        remove_torrent(*key, RemoveContent::keep);
      }
    }
  }
  if (!name_used) {
    contents_->upload_removed(content_->published(publication->root) + '/' + publication->path);
    content_->remove({publication->root, publication->path});
  }
  return true;
}

std::uint64_t Node::in_use() { return used_ - std::min(used_, contents_->totals().shared_bytes); }

NodeSpace Node::space() {
  const std::lock_guard lock(mutex_);
  NodeSpace out;
  for (const auto& [cid, publication] : names_.by_cid) {
    out.blocks += publication->manifest.blocks_count();
  }
  out.quota_bytes = config_.quota_bytes;
  out.used_bytes = in_use();
  out.reserved_bytes = reserved_;
  return out;
}

std::shared_ptr<const Publication> Node::publication(const InfoHashes& hashes) {
  const std::lock_guard lock(mutex_);
  if (hashes.v1) {
    const auto it = names_.by_v1.find(*hashes.v1);
    if (it != names_.by_v1.end()) return it->second.back();
  }
  if (hashes.v2) {
    const auto it = names_.by_v2.find(*hashes.v2);
    if (it != names_.by_v2.end()) return it->second.back();
  }
  return nullptr;
}

std::shared_ptr<const Publication> Node::publication(const Cid& cid) {
  if (cid.codec() == Multicodec::torrent_info) {
    const auto hash = cid.hash().as_sha1();
    return hash ? publication(InfoHashes{*hash, std::nullopt}) : nullptr;
  }
  const std::lock_guard lock(mutex_);
  if (const auto it = names_.by_cid.find(cid); it != names_.by_cid.end()) return it->second;
  const auto it = names_.by_tree.find(cid);
  return it == names_.by_tree.end() ? nullptr : it->second.back();
}

// The hybrid is read, whatever was asked for: its pieces are those of the reference form, and the
// same bytes are not checked twice.
std::optional<Found> Node::found(std::shared_ptr<const Publication> publication) {
  for (const auto& metadata : {publication->hybrid, publication->reference}) {
    const auto key = client_->find(metadata->info->hashes);
    if (key) return Found{*key, metadata->info, publication};
  }
  return std::nullopt;
}

std::optional<Found> Node::find(const InfoHashes& hashes) {
  if (auto uploaded = publication(hashes)) return found(std::move(uploaded));
  const auto key = client_->find(hashes);
  if (!key || being_removed(*key)) return std::nullopt;
  auto info = client_->info(*key);
  // Its removal may have come to its end between the two looks.
  if (client_->find(hashes) != key) return std::nullopt;
  return Found{*key, std::move(info), nullptr};
}

std::optional<Found> Node::find(const Cid& cid) {
  if (auto uploaded = publication(cid)) return found(std::move(uploaded));
  return std::nullopt;
}

}  // namespace weir
