// SPDX-License-Identifier: MIT OR Apache-2.0
// One upload: bytes go in, in order, and are written and hashed on the node's threads; at the end
// the content has its place and its names. An upload that is destroyed before finish() was answered
// leaves nothing behind, unless finish() has got as far as the catalogue.
//
// One call at a time: the next write() or finish() comes after the `done` of the one before.
#pragma once

#include <functional>
#include <memory>

#include "node/node_types.h"

namespace weir {

class Node;

class Upload {
 public:
  ~Upload();
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  // `bytes` is copied. After an error, which repeats, nothing more is taken.
  // Errors: no_space, quota_exceeded, disk, stopping.
  void write(Bytes bytes, std::function<void(NodeResult<void>)> done);
  // Syncs, names and publishes. Errors: the above, empty_content, too_large, bad_text, engine.
  void finish(std::function<void(NodeResult<std::shared_ptr<const Publication>>)> done);

 private:
  friend class Node;
  struct State;
  explicit Upload(std::shared_ptr<State> state);
  // Kept alive by the work under way too.
  std::shared_ptr<State> state_;
};

}  // namespace weir
