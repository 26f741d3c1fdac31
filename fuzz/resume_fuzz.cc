// SPDX-License-Identifier: MIT OR Apache-2.0
// Resume records: arbitrary bytes are refused with an error or decode to a value that encodes and
// decodes to itself, and a plan made from it trusts nothing that it does not say.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "store/resume.h"

namespace weir {
namespace {

Layout layout() {
  std::vector<TorrentFile> files(3);
  const std::uint64_t lengths[] = {20000, 20000, 40000};
  std::uint64_t offset = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    files[i].path = "t/" + std::to_string(i);
    files[i].length = lengths[i];
    files[i].offset = offset;
    offset += lengths[i];
  }
  return {TorrentKind::v1, 16 * 1024, std::move(files)};
}

void check_same_boot(const TorrentProgress& progress,
                     const std::vector<std::optional<FileStat>>& now) {
  static const Layout kLayout = layout();
  const ResumePlan plan = plan_resume(kLayout, progress, now, nullptr, progress.boot);
  WEIR_ASSERT(!plan.unsynced.has_any_not_in(plan.trusted));
  WEIR_ASSERT(!plan.unsynced.has_any_not_in(progress.written));
  for (std::size_t i = 0; i < plan.trusted.size(); ++i) {
    WEIR_ASSERT(!plan.trusted.test(i) || !plan.recheck.test(i));
    WEIR_ASSERT(!plan.trusted.test(i) || progress.have.test(i) || plan.unsynced.test(i));
    WEIR_ASSERT(!plan.unsynced.test(i) || !progress.have.test(i));
  }
}

void check(Bytes input) {
  static const Layout kLayout = layout();
  if (const auto record = decode_record(input)) {
    const auto again = decode_record(encode_record(*record));
    WEIR_ASSERT(again && *again == *record);
  } else {
    WEIR_ASSERT(error_name(record.error().code) != nullptr);
  }
  if (const auto progress = decode_progress(input, kLayout)) {
    const auto again = decode_progress(encode_progress(*progress), kLayout);
    WEIR_ASSERT(again && *again == *progress);
    const std::vector<std::optional<FileStat>> none(kLayout.files().size());
    for (const auto& now : {progress->files, none}) {
      if (now.empty()) continue;
      const ResumePlan plan = plan_resume(kLayout, *progress, now);
      WEIR_ASSERT(!plan.trusted.has_any_not_in(progress->have));
      WEIR_ASSERT(plan.unsynced.find_set(0) == plan.unsynced.size());
      check_same_boot(*progress, now);
      for (std::size_t i = 0; i < plan.trusted.size(); ++i) {
        WEIR_ASSERT(!plan.trusted.test(i) || !plan.recheck.test(i));
      }
    }
  }
}

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::check(std::as_bytes(std::span(data, size)));
  return 0;
}
