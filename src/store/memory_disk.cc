// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/memory_disk.h"

#include <algorithm>
#include <utility>

namespace weir {
namespace {

constexpr std::size_t kNameMax = 255;

std::string join(const DiskPath& path) { return path.root + '/' + path.relative; }

std::unexpected<DiskError> failure(DiskErrc code, const std::string& name) {
  return std::unexpected(DiskError{code, name});
}

}  // namespace

std::uint64_t MemoryDisk::Node::charge() const {
  return std::max(reserved, pages.size() * kPageSize);
}

void MemoryDisk::Node::mark_synced() {
  synced_pages.clear();
  synced_size = size;
  synced_mtime_ns = mtime_ns;
}

void MemoryDisk::Node::tear(Random& random) {
  for (auto& [number, old] : synced_pages) {
    const auto now = pages.find(number);
    if (now == pages.end()) continue;
    const std::uint64_t fate = random.below(3);
    if (fate == 1) continue;  // reached the disk
    if (fate == 0 && !old) {
      pages.erase(now);
      continue;
    }
    for (std::uint64_t at = 0; at < kPageSize; at += kSectorSize) {
      if (fate == 2 && random.chance(0.5)) continue;
      const auto sector = MutableBytes(now->second).subspan(at, kSectorSize);
      if (old) {
        std::copy_n(old->begin() + static_cast<std::ptrdiff_t>(at), kSectorSize, sector.begin());
      } else {
        std::fill(sector.begin(), sector.end(), std::byte{0});
      }
    }
  }
  if (random.chance(0.5)) size = synced_size;
  if (random.chance(0.5)) mtime_ns = synced_mtime_ns;
  pages.erase(pages.lower_bound((size + kPageSize - 1) / kPageSize), pages.end());
  // What is beyond the end must read as zeros should the file grow again.
  if (const auto last = pages.find(size / kPageSize); last != pages.end()) {
    const auto from = static_cast<std::ptrdiff_t>(size % kPageSize);
    std::fill(last->second.begin() + from, last->second.end(), std::byte{0});
  }
  mark_synced();
}

void MemoryDisk::crash(Random& random) {
  halted_ = false;
  const std::uint64_t kept = random.below(pending_.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) {
    for (auto& [name, entry] : pending_[i].assignments) {
      if (entry) {
        durable_names_[name] = *entry;
      } else {
        durable_names_.erase(name);
      }
    }
  }
  pending_.clear();
  names_ = durable_names_;
  for (auto& [name, entry] : names_) {
    if (entry.node) entry.node->tear(random);
  }
  count_used();
}

std::optional<DiskErrc> MemoryDisk::enter(DiskOperation kind, const std::string& name) {
  ++operations_;
  if (halted_) return DiskErrc::io_error;
  return hook_ ? hook_(kind, name) : std::nullopt;
}

// Containment and names, as an openat() walk below the root would find them.
std::optional<DiskErrc> MemoryDisk::judge(const DiskPath& path) const {
  const std::string_view relative = path.relative;
  if (relative.empty()) return DiskErrc::not_contained;
  std::size_t begin = 0;
  while (begin <= relative.size()) {
    const std::size_t end = std::min(relative.find('/', begin), relative.size());
    const std::string_view component = relative.substr(begin, end - begin);
    if (component.empty() || component == "." || component == "..") return DiskErrc::not_contained;
    if (component.size() > kNameMax) return DiskErrc::name_too_long;
    if (end < relative.size()) {
      const auto parent = names_.find(path.root + '/' + path.relative.substr(0, end));
      if (parent != names_.end()) {
        return parent->second.kind == Entry::Kind::symlink ? DiskErrc::not_contained
                                                           : DiskErrc::not_regular;
      }
    }
    begin = end + 1;
  }
  const std::string name = join(path);
  if (directories_.contains(name)) return DiskErrc::not_regular;
  const auto found = names_.find(name);
  if (found != names_.end() && found->second.kind != Entry::Kind::file) {
    return DiskErrc::not_regular;
  }
  return std::nullopt;
}

DiskResult<MemoryDisk::Node*> MemoryDisk::find_file(const std::string& name) const {
  const auto found = names_.find(name);
  if (found == names_.end()) return failure(DiskErrc::not_found, name);
  return found->second.node.get();
}

DiskResult<MemoryDisk::Node*> MemoryDisk::find_or_create(const DiskPath& path,
                                                         const std::string& name) {
  if (const auto error = judge(path)) return failure(*error, name);
  if (const auto found = names_.find(name); found != names_.end()) return found->second.node.get();
  add_parents(name);
  auto node = std::make_shared<Node>();
  node->id = ++last_id_;
  touch(*node);
  node->synced_mtime_ns = node->mtime_ns;
  Node* const raw = node.get();
  change_names({{{name, Entry{Entry::Kind::file, std::move(node), {}}}}});
  return raw;
}

void MemoryDisk::change_names(NameChange change) {
  for (auto& [name, entry] : change.assignments) {
    if (entry) {
      names_[name] = *entry;
    } else {
      names_.erase(name);
    }
  }
  pending_.push_back(std::move(change));
}

void MemoryDisk::add_parents(std::string_view name) {
  for (std::size_t at = name.rfind('/'); at != std::string_view::npos && at > 0;
       at = name.rfind('/', at - 1)) {
    if (!directories_.emplace(name.substr(0, at)).second) return;
  }
}

bool MemoryDisk::directory_empty(const std::string& name) const {
  const std::string prefix = name + '/';
  const auto file = names_.lower_bound(prefix);
  if (file != names_.end() && file->first.starts_with(prefix)) return false;
  const auto directory = directories_.lower_bound(prefix);
  return directory == directories_.end() || !directory->starts_with(prefix);
}

std::optional<DiskErrc> MemoryDisk::write_run(Node& node, std::uint64_t offset, Bytes bytes) {
  while (!bytes.empty()) {
    const std::uint64_t number = offset / kPageSize;
    const std::uint64_t within = offset % kPageSize;
    const std::size_t length = std::min<std::size_t>(bytes.size(), kPageSize - within);
    auto page = node.pages.find(number);
    if (page == node.pages.end()) {
      const bool paid = (node.pages.size() + 1) * kPageSize <= node.reserved;
      if (!paid && used_ + kPageSize > capacity_) return DiskErrc::no_space;
      if (!paid) used_ += kPageSize;
      node.synced_pages.try_emplace(number, std::nullopt);
      page = node.pages.emplace(number, Page(kPageSize)).first;
    } else if (!node.synced_pages.contains(number)) {
      node.synced_pages.emplace(number, page->second);
    }
    std::copy_n(bytes.begin(), length, page->second.begin() + static_cast<std::ptrdiff_t>(within));
    offset += length;
    bytes = bytes.subspan(length);
    node.size = std::max(node.size, offset);
  }
  return std::nullopt;
}

void MemoryDisk::count_used() {
  used_ = 0;
  std::set<const Node*> counted;  // two names may be one file
  for (const auto& [name, entry] : names_) {
    if (entry.node && counted.insert(entry.node.get()).second) used_ += entry.node->charge();
  }
}

DiskResult<FileStat> MemoryDisk::stat(const DiskPath& path) {
  const std::string name = join(path);
  if (const auto error = enter(DiskOperation::stat, name)) return failure(*error, name);
  if (const auto error = judge(path)) return failure(*error, name);
  auto node = find_file(name);
  if (!node) return std::unexpected(node.error());
  return FileStat{(*node)->size, (*node)->mtime_ns, (*node)->id};
}

DiskResult<void> MemoryDisk::read(const DiskPath& path, std::uint64_t offset, MutableBytes out) {
  const std::string name = join(path);
  if (const auto error = enter(DiskOperation::read, name)) return failure(*error, name);
  if (const auto error = judge(path)) return failure(*error, name);
  auto found = find_file(name);
  if (!found) return std::unexpected(found.error());
  const Node& node = **found;
  if (offset > node.size || out.size() > node.size - offset) {
    return failure(DiskErrc::short_read, name);
  }
  while (!out.empty()) {
    const std::uint64_t within = offset % kPageSize;
    const std::size_t length = std::min<std::size_t>(out.size(), kPageSize - within);
    if (const auto page = node.pages.find(offset / kPageSize); page != node.pages.end()) {
      std::copy_n(page->second.begin() + static_cast<std::ptrdiff_t>(within), length, out.begin());
    } else {
      std::fill_n(out.begin(), length, std::byte{0});
    }
    offset += length;
    out = out.subspan(length);
  }
  return {};
}

DiskResult<void> MemoryDisk::write(const DiskPath& path, std::uint64_t offset,
                                   std::span<const Bytes> parts) {
  const std::string name = join(path);
  const bool alive = !halted_;
  auto error = enter(DiskOperation::write, name);
  if (error && !alive) return failure(*error, name);
  auto node = find_or_create(path, name);
  if (!node) return error ? failure(*error, name) : failure(node.error().code, name);
  std::uint64_t total = 0;
  for (const Bytes part : parts) total += part.size();
  if (total > kFileSizeMax || offset > kFileSizeMax - total) {
    return failure(DiskErrc::too_large, name);
  }
  std::uint64_t left = error ? random_.below(total + 1) : total;
  for (const Bytes part : parts) {
    const auto run = part.first(std::min<std::size_t>(part.size(), left));
    if (const auto full = write_run(**node, offset, run)) {
      if (!error) error = full;
      break;
    }
    offset += run.size();
    left -= run.size();
  }
  touch(**node);
  if (error) return failure(*error, name);
  return {};
}

DiskResult<void> MemoryDisk::allocate(const DiskPath& path, std::uint64_t size,
                                      Preallocation mode) {
  const std::string name = join(path);
  if (const auto error = enter(DiskOperation::allocate, name)) return failure(*error, name);
  if (const auto error = judge(path)) return failure(*error, name);
  if (size > kFileSizeMax) return failure(DiskErrc::too_large, name);
  if (mode == Preallocation::full) {
    const auto existing = names_.find(name);
    const std::uint64_t paid = existing == names_.end() ? 0 : existing->second.node->charge();
    // In pages, so that filling the reservation never needs more.
    const std::uint64_t wanted = (size + kPageSize - 1) / kPageSize * kPageSize;
    if (wanted > paid && wanted - paid > capacity_ - std::min(capacity_, used_)) {
      return failure(DiskErrc::no_space, name);
    }
  }
  auto node = find_or_create(path, name);
  if (!node) return std::unexpected(node.error());
  if (mode == Preallocation::full) {
    const std::uint64_t before = (*node)->charge();
    (*node)->reserved = std::max((*node)->reserved, (size + kPageSize - 1) / kPageSize * kPageSize);
    used_ += (*node)->charge() - before;
  }
  if ((*node)->size < size) {
    (*node)->size = size;
    touch(**node);
  }
  return {};
}

DiskResult<void> MemoryDisk::check_writable(const DiskPath& path) {
  const std::string name = join(path);
  // Everything may be written here, unless a test says otherwise.
  if (const auto error = enter(DiskOperation::check_writable, name)) return failure(*error, name);
  return {};
}

DiskResult<void> MemoryDisk::sync(const DiskPath& path) {
  const std::string name = join(path);
  if (const auto error = enter(DiskOperation::sync, name)) return failure(*error, name);
  if (const auto error = judge(path)) return failure(*error, name);
  auto node = find_file(name);
  if (!node) return std::unexpected(node.error());
  (*node)->mark_synced();
  std::size_t durable = 0;
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    for (const auto& assignment : pending_[i].assignments) {
      if (assignment.first == name) durable = i + 1;
    }
  }
  for (std::size_t i = 0; i < durable; ++i) {
    for (auto& [changed, entry] : pending_[i].assignments) {
      if (entry) {
        durable_names_[changed] = *entry;
      } else {
        durable_names_.erase(changed);
      }
    }
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(durable));
  return {};
}

// Whether `to` may become a name of what `from` names.
std::optional<DiskError> MemoryDisk::judge_name(const DiskPath& from, const DiskPath& to) const {
  const std::string old_name = join(from);
  const std::string new_name = join(to);
  if (const auto error = judge(from)) return DiskError{*error, old_name};
  if (!names_.contains(old_name)) return DiskError{DiskErrc::not_found, old_name};
  if (names_.contains(new_name) || directories_.contains(new_name)) {
    return DiskError{DiskErrc::already_exists, new_name};
  }
  if (const auto error = judge(to)) return DiskError{*error, new_name};
  return std::nullopt;
}

DiskResult<void> MemoryDisk::rename(const DiskPath& from, const DiskPath& to) {
  const std::string old_name = join(from);
  if (const auto error = enter(DiskOperation::rename, old_name)) return failure(*error, old_name);
  if (auto error = judge_name(from, to)) return std::unexpected(*std::move(error));
  add_parents(join(to));
  change_names({{{join(to), names_.at(old_name)}, {old_name, std::nullopt}}});
  return {};
}

DiskResult<void> MemoryDisk::link(const DiskPath& from, const DiskPath& to) {
  if (const auto error = enter(DiskOperation::link, join(to))) return failure(*error, join(to));
  if (auto error = judge_name(from, to)) return std::unexpected(*std::move(error));
  add_parents(join(to));
  change_names({{{join(to), names_.at(join(from))}}});
  return {};
}

DiskResult<void> MemoryDisk::remove(const DiskPath& path) {
  const std::string name = join(path);
  if (const auto error = enter(DiskOperation::remove, name)) return failure(*error, name);
  if (const auto error = judge(path)) return failure(*error, name);
  if (auto node = find_file(name); !node) return std::unexpected(node.error());
  change_names({{{name, std::nullopt}}});
  count_used();
  return {};
}

void MemoryDisk::remove_empty_parents(const DiskPath& path) {
  std::string name = join(path);
  if (enter(DiskOperation::remove_empty_parents, name)) return;
  if (judge(path) == DiskErrc::not_contained) return;
  while (true) {
    name.resize(name.rfind('/'));
    if (name.size() <= path.root.size()) return;
    if (directories_.contains(name) && !directory_empty(name)) return;
    directories_.erase(name);
  }
}

DiskResult<void> MemoryDisk::make_symlink(const DiskPath& path, const std::string& target) {
  const std::string name = join(path);
  if (const auto error = enter(DiskOperation::make_symlink, name)) return failure(*error, name);
  if (names_.contains(name) || directories_.contains(name)) {
    return failure(DiskErrc::already_exists, name);
  }
  if (const auto error = judge(path)) return failure(*error, name);
  add_parents(name);
  change_names({{{name, Entry{Entry::Kind::symlink, nullptr, target}}}});
  return {};
}

DiskResult<void> MemoryDisk::set_executable(const DiskPath& path) {
  const std::string name = join(path);
  if (const auto error = enter(DiskOperation::set_executable, name)) return failure(*error, name);
  if (const auto error = judge(path)) return failure(*error, name);
  auto node = find_file(name);
  if (!node) return std::unexpected(node.error());
  (*node)->executable = true;
  return {};
}

DiskResult<std::uint64_t> MemoryDisk::free_space(const std::string& root) {
  if (const auto error = enter(DiskOperation::free_space, root)) return failure(*error, root);
  return capacity_ - std::min(capacity_, used_);
}

std::vector<std::string> MemoryDisk::names() const {
  std::vector<std::string> all;
  for (const auto& [name, entry] : names_) all.push_back(name);
  return all;
}

bool MemoryDisk::has_directory(const std::string& name) const {
  return directories_.contains(name);
}

std::optional<Buffer> MemoryDisk::contents(const std::string& name) const {
  const auto found = names_.find(name);
  if (found == names_.end() || !found->second.node) return std::nullopt;
  const Node& node = *found->second.node;
  Buffer all(node.size);
  for (const auto& [number, page] : node.pages) {
    const std::uint64_t at = number * kPageSize;
    const auto length = std::min<std::uint64_t>(kPageSize, node.size - at);
    std::copy_n(page.begin(), length, all.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return all;
}

std::optional<std::string> MemoryDisk::symlink_target(const std::string& name) const {
  const auto found = names_.find(name);
  if (found == names_.end() || found->second.kind != Entry::Kind::symlink) return std::nullopt;
  return found->second.target;
}

bool MemoryDisk::executable(const std::string& name) const {
  const auto found = names_.find(name);
  return found != names_.end() && found->second.node && found->second.node->executable;
}

void MemoryDisk::put_file(const std::string& name, Bytes contents) {
  auto node = std::make_shared<Node>();
  node->id = ++last_id_;
  (void)write_run(*node, 0, contents);
  touch(*node);
  node->mark_synced();
  add_parents(name);
  names_[name] = durable_names_[name] = Entry{Entry::Kind::file, std::move(node), {}};
  count_used();
}

void MemoryDisk::put_directory(const std::string& name) {
  add_parents(name);
  directories_.insert(name);
}

void MemoryDisk::put_symlink(const std::string& name, const std::string& target) {
  add_parents(name);
  names_[name] = durable_names_[name] = Entry{Entry::Kind::symlink, nullptr, target};
}

void MemoryDisk::put_special(const std::string& name) {
  add_parents(name);
  names_[name] = durable_names_[name] = Entry{Entry::Kind::special, nullptr, {}};
}

}  // namespace weir
