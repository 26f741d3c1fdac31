// SPDX-License-Identifier: MIT OR Apache-2.0
// What a shard needs of the disk: open files to send from, and background jobs.
#pragma once

#include <functional>
#include <memory>

#include "store/disk.h"
#include "store/jobs.h"

namespace weir {

// An open file to send from. `fd` stays open at least as long as `keep` lives.
struct SendFile {
  int fd = -1;
  std::shared_ptr<const void> keep;
  FileStat stat = {};  // when it was asked for
};

class ShardDisk {
 public:
  virtual ~ShardDisk() = default;
  // Called on shard threads, from several at once; should seldom block (a table of open files).
  // `stat` is of this moment, not of when the file was first opened.
  virtual DiskResult<SendFile> open_read(const DiskPath& path) = 0;
  // Runs the job in the background, then calls `done` once, on any thread.
  virtual void run(Job job, std::function<void(JobResult)> done) = 0;
};

}  // namespace weir
