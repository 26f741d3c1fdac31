// SPDX-License-Identifier: MIT OR Apache-2.0
// Several streams of one length, hashed side by side from strips: for content that is read piece by
// piece from a disk. A strip that is hashed while it is still in the processor's cache costs one
// trip to memory; whole pieces, read first and hashed then, cost three.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/digest.h"
#include "hash/sha.h"

namespace weir {

// update() any number of times, then finish() once. Groups of streams run in the kernel's lanes,
// streams that would leave too many lanes empty one after another. Belongs to one thread.
template <class D>
class ShaStreams {
 public:
  // REQUIRES: the kernel is supported.
  explicit ShaStreams(std::size_t count, ShaKernel kernel = sha_kernel());
  ~ShaStreams();
  ShaStreams(ShaStreams&&) noexcept;
  ShaStreams& operator=(ShaStreams&&) noexcept;

  [[nodiscard]] std::size_t count() const { return count_; }
  // Appends strips[i] to stream i.
  // REQUIRES: count() strips, all of the same length; a multiple of 64 but in the last update.
  void update(std::span<const Bytes> strips);
  // Gives each stream's digest. No update may follow. REQUIRES: out.size() == count().
  void finish(std::span<D> out);

 private:
  struct Lanes;

  std::size_t count_;
  std::vector<Lanes> groups_;          // the first streams, so many in each as the kernel has lanes
  std::vector<ShaStream<D>> singles_;  // the rest
};
using Sha1Streams = ShaStreams<Sha1Digest>;

}  // namespace weir
