// SPDX-License-Identifier: MIT OR Apache-2.0
// What the layers over the system calls cost: writing through PosixDisk against pwrite on a
// descriptor, and saves of progress. The counter `ratio` is the speed relative to plain pwrite of
// the same bytes, measured in the same run in turns, so that it means something on a busy machine.
// Files are in memory where /dev/shm is; $WEIR_BENCH_DIR names another place.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "io/posix_disk.h"
#include "io/sqlite_state.h"

namespace weir {
namespace {

constexpr std::uint64_t kFileSize = 64 << 20;

class BenchDir {
 public:
  BenchDir() {
    const char* chosen = std::getenv("WEIR_BENCH_DIR");
    const std::string parent = chosen ? chosen
                               : std::filesystem::is_directory("/dev/shm")
                                   ? "/dev/shm"
                                   : std::filesystem::temp_directory_path().string();
    path_ = parent + "/weir-bench-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~BenchDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  BenchDir(const BenchDir&) = delete;
  BenchDir& operator=(const BenchDir&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Writes of `bytes` in parts of `part` each.
void write_through_disk(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const auto part_size = static_cast<std::size_t>(state.range(1));
  const BenchDir directory;
  PosixDisk disk;
  Buffer data(size);
  Random(1).fill(data);
  std::vector<Bytes> parts;
  for (std::size_t at = 0; at < size; at += part_size) {
    parts.push_back(Bytes(data).subspan(at, part_size));
  }
  const DiskPath path{directory.path(), "t/through"};
  const int plain = ::open((directory.path() + "/plain").c_str(), O_RDWR | O_CREAT, 0666);
  // Both files exist in full, so that neither pays for new pages.
  for (std::uint64_t at = 0; at < kFileSize; at += size) {
    if (!disk.write(path, at, parts) ||
        ::pwrite(plain, data.data(), size, static_cast<off_t>(at)) < 0) {
      std::abort();
    }
  }
  double through = 0;
  double direct = 0;
  std::uint64_t at = 0;
  bool disk_first = true;  // in turns: the first of the two finds the bytes less warm
  for (auto _ : state) {
    double took = 0;
    for (const bool through_disk : {disk_first, !disk_first}) {
      const auto begin = Clock::now();
      const bool done = through_disk ? disk.write(path, at, parts).has_value()
                                     : ::pwrite(plain, data.data(), size, static_cast<off_t>(at)) ==
                                           ssize_t(size);
      if (!done) std::abort();
      (through_disk ? took : direct) += seconds_since(begin);
    }
    through += took;
    state.SetIterationTime(took);
    disk_first = !disk_first;
    at = (at + size) % kFileSize;
  }
  ::close(plain);
  state.SetBytesProcessed(state.iterations() * state.range(0));
  state.counters["ratio"] = direct / through;
}
BENCHMARK(write_through_disk)
    ->ArgNames({"bytes", "part"})
    ->Args({1 << 20, 1 << 20})
    ->Args({1 << 20, 16 << 10})
    ->Args({16 << 10, 16 << 10})
    ->UseManualTime();

// Opening and closing, as with more files in use than the table keeps.
void write_with_every_file_opened_anew(benchmark::State& state) {
  const BenchDir directory;
  PosixDisk disk(1);
  const Buffer data(16 << 10, std::byte{1});
  const Bytes part = data;
  const DiskPath paths[] = {{directory.path(), "torrent/folder/one"},
                            {directory.path(), "torrent/folder/two"}};
  std::size_t i = 0;
  for (auto _ : state) {
    if (!disk.write(paths[i++ % 2], 0, std::span(&part, 1))) std::abort();
  }
}
BENCHMARK(write_with_every_file_opened_anew)->UseRealTime();

void save_progress(benchmark::State& state) {
  const BenchDir directory;
  auto store = SqliteStateStore::open(directory.path());
  if (!store) std::abort();
  Buffer value(static_cast<std::size_t>(state.range(0)));
  Random(1).fill(value);
  std::uint64_t i = 0;
  for (auto _ : state) {
    value.front() = static_cast<std::byte>(i);
    if (!(*store)->save_progress(std::to_string(i++ % 100), value)) std::abort();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(save_progress)->UseRealTime()->ArgName("bytes")->Arg(4 << 10)->Arg(64 << 10);

}  // namespace
}  // namespace weir
