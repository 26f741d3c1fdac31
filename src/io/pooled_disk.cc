// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/pooled_disk.h"

#include <utility>

#include "base/result.h"
#include "io/file_table.h"
#include "io/job_pool.h"
#include "io/posix_disk.h"

namespace weir {

DiskResult<SendFile> PooledDisk::open_read(const DiskPath& path) {
  WEIR_TRY(file, files_.open_read(path));
  const int fd = file->fd();
  const auto stat = file_stat(fd);
  if (!stat) return std::unexpected(DiskError{DiskErrc::io_error, path.root + "/" + path.relative});
  return SendFile{fd, std::move(file), *stat};
}

void PooledDisk::run(Job job, std::function<void(JobResult)> done) {
  jobs_.run(std::move(job), std::move(done));
}

}  // namespace weir
