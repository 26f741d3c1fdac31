// SPDX-License-Identifier: MIT OR Apache-2.0
// The disk of shards in the program: files from the shared table, jobs on the shared pool.
#pragma once

#include "io/shard_disk.h"

namespace weir {

class FileTable;
class JobPool;

class PooledDisk final : public ShardDisk {
 public:
  // Both outlive this.
  PooledDisk(FileTable& files, JobPool& jobs) : files_(files), jobs_(jobs) {}

  DiskResult<SendFile> open_read(const DiskPath& path) override;
  void run(Job job, std::function<void(JobResult)> done) override;

 private:
  FileTable& files_;
  JobPool& jobs_;
};

}  // namespace weir
