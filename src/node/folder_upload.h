// SPDX-License-Identifier: MIT OR Apache-2.0
// One folder that comes in file by file and becomes one hybrid torrent, made as in-place publishing
// makes it. It is a torrent like any that was fetched: it lies below fetched/, the engine keeps it
// on record, and it is removed with its content. A folder that is destroyed before finish() was
// answered leaves nothing behind, unless finish() has got as far as giving it its place.
//
//   auto folder = node.begin_folder();
//   folder->add_file("album/a.flac", false);  folder->write(bytes); …
//   folder->finish("album", still_wanted, [](NodeResult<PublishedFolder> published) { … });
//
// One call at a time, any thread but the engine's.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "node/node_types.h"

namespace weir {

class Node;

struct PublishedFolder {
  TorrentKey key{};
  std::shared_ptr<const TorrentInfo> info;
  bool is_new = true;  // false: the torrent was here, as a whole
};

class FolderUpload {
 public:
  using Done = std::function<void(NodeResult<PublishedFolder>)>;

  ~FolderUpload();
  FolderUpload(const FolderUpload&) = delete;
  FolderUpload& operator=(const FolderUpload&) = delete;

  // These two block. After an error, which repeats, nothing more is taken. Errors: no_space,
  // quota_exceeded, disk. REQUIRES: a path of safe components (metainfo/path.h) that was not added
  // before; write() comes after add_file() and is of that file.
  NodeResult<void> add_file(const std::string& path, bool executable);
  NodeResult<void> write(Bytes bytes);
  // Where all files lie in one folder, that is the torrent; else they are put into a folder called
  // `name`, a safe component. Reads and hashes the content, after other folders whose turn it is;
  // ends early when `wanted` says no, from another thread. Errors: the above, empty_content,
  // too_large, bad_path, already_here (in place, and damaged), cancelled, engine, stopping.
  void finish(std::string name, std::function<bool()> wanted, Done done);

 private:
  friend class Node;
  struct State;
  explicit FolderUpload(std::shared_ptr<State> state);
  // Kept alive by the work under way too.
  std::shared_ptr<State> state_;
};

}  // namespace weir
