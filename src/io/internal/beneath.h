// SPDX-License-Identifier: MIT OR Apache-2.0
// Names below a root, resolved by descriptors: no symlink below the root is followed, no "..", and
// nothing but regular files is opened, whatever happens to the directory tree meanwhile (STO-01,
// STO-03, MET-15). Symlinks in the root itself are followed: the user named it.
//
// The root is opened anew for every walk. A descriptor kept for it would hold its volume busy for
// as long as the process lives, and would miss that something else was mounted there.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "io/internal/descriptor.h"
#include "store/disk.h"

namespace weir {

// What an errno means to the disk's users. ELOOP is not_contained: a symlink on the way.
[[nodiscard]] DiskErrc disk_errc(int error);
[[nodiscard]] std::string full_name(const DiskPath& path);
[[nodiscard]] std::unexpected<DiskError> disk_failure(DiskErrc code, const DiskPath& path);
[[nodiscard]] std::unexpected<DiskError> errno_failure(int error, const DiskPath& path);

// The same of a whole path.
[[nodiscard]] std::unexpected<DiskError> path_failure(int error, const std::string& path);
// What was made, renamed or removed in the directory is durable.
DiskResult<void> sync_directory(const std::string& path);

enum class MissingDirectories : bool { fail, create };

// Part of a relative path that names its directory, empty for the root itself, and the rest.
[[nodiscard]] std::string_view parent_of(std::string_view relative);
[[nodiscard]] std::string_view leaf_of(std::string_view relative);

// An O_PATH descriptor of `directory`, which is path.root itself (empty) or some parent of
// path.relative. Missing directories are created below the root, never the root itself: a missing
// root is more likely a volume that is not mounted. Errors name the whole path.
[[nodiscard]] DiskResult<Descriptor> open_directory(
    const DiskPath& path, std::string_view directory,
    MissingDirectories missing = MissingDirectories::fail);
// The same one component at a time, for kernels without openat2(2) and for creating.
[[nodiscard]] DiskResult<Descriptor> walk_to_directory(const DiskPath& path,
                                                       std::string_view directory,
                                                       MissingDirectories missing);

// The directory a path's last component lies in, and that component.
struct Place {
  Descriptor parent;
  std::string leaf;
};
[[nodiscard]] DiskResult<Place> find_place(const DiskPath& path,
                                           MissingDirectories missing = MissingDirectories::fail);

// Opens the regular file at `place`; `flags` as for open(2), never O_TRUNC. Does not block.
[[nodiscard]] DiskResult<Descriptor> open_regular(const Place& place, int flags,
                                                  const DiskPath& path);

}  // namespace weir
