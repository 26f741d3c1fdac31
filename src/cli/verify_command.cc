// SPDX-License-Identifier: MIT OR Apache-2.0
// weir verify: hashes what is on disk, in parallel, and says which files are not what the torrent
// says.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <memory>

#include "base/bitfield.h"
#include "cli/commands.h"
#include "cli/content_check.h"
#include "cli/error_text.h"
#include "cli/json.h"
#include "cli/render.h"
#include "cli/source.h"
#include "cli/workers.h"
#include "io/posix_disk.h"
#include "store/jobs.h"
#include "store/memory_state_store.h"

namespace weir {
namespace {

namespace json = boost::json;

class ContentVerifier {
 public:
  ContentVerifier(const TorrentMetadata& metadata, const ContentPlace& place)
      : info_(metadata.info),
        layers_(std::make_shared<const PieceLayers>(info_->layout, metadata.piece_layers)),
        pieces_(info_->layout.piece_count()) {
    const std::size_t files = info_->layout.files().size();
    Bitfield all(files);
    for (std::size_t i = 0; i < files; ++i) all.set(i, true);
    storage_ = std::make_shared<const TorrentStorage>(
        info_, StorageOptions{.root = place.root, .side_root = {}, .names = place.names}, all, all);
  }

  CliResult<void> run(unsigned threads, Output& output) {
    stats_ = storage_->stat_files(disk_);
    const auto check = [this](unsigned, PieceRun run) { return check_pieces(run); };
    return work_on_pieces(
        {.layout = &info_->layout, .threads = threads, .what = "verifying", .run = check}, output);
  }

  [[nodiscard]] std::vector<FileCheck> files() const {
    return judge_files(info_->layout, pieces_, stats_);
  }
  [[nodiscard]] std::size_t good_pieces() const {
    return static_cast<std::size_t>(std::ranges::count_if(pieces_, [](const PieceCheck& check) {
      return check.verdict == PieceVerdict::good && !check.unreadable;
    }));
  }

 private:
  // Threads write to different elements of pieces_.
  CliResult<void> check_pieces(PieceRun run) {
    CheckPiecesJob work{.storage = storage_, .layers = layers_, .pieces = {}};
    for (PieceIndex p = run.begin; p < run.end; p = next(p)) work.pieces.push_back(p);
    const JobResult result = run_job(Job{.work = std::move(work)}, disk_, state_);
    for (const PieceOutcome& outcome : result.pieces) {
      pieces_[to_int(outcome.piece)] = {.verdict = outcome.verdict,
                                        .unreadable = outcome.error.has_value()};
      if (outcome.error && outcome.error->code == DiskErrc::permission) {
        const std::string& path = outcome.error->path;
        return std::unexpected(
            CliError{.exit = ExitCode::permission,
                     .code = "permission",
                     .text = fmt::format("{}: {}", printable(path), explain("permission")),
                     .offset = {},
                     .field = path});
      }
    }
    return {};
  }

  std::shared_ptr<const TorrentInfo> info_;
  std::shared_ptr<const PieceLayers> layers_;
  std::shared_ptr<const TorrentStorage> storage_;
  PosixDisk disk_;
  MemoryStateStore state_;  // a check saves nothing
  std::vector<PieceCheck> pieces_;
  std::vector<std::optional<FileStat>> stats_;
};

std::string file_line(const FileCheck& check, const TorrentFile& file) {
  std::string line = fmt::format("{:<12}  {}", verdict_name(check.verdict), printable(file.path));
  if (check.verdict == FileVerdict::wrong_size) {
    line += fmt::format("  ({} bytes instead of {})", check.size.value_or(0), file.length);
  } else if (check.verdict != FileVerdict::missing) {
    line += fmt::format("  ({})", count_of(check.bad_pieces, "bad piece"));
  }
  return line + "\n";
}

void report(const TorrentInfo& info, const ContentVerifier& verifier,
            const std::vector<FileCheck>& checks, bool good, Output& output) {
  const Layout& layout = info.layout;
  const std::size_t good_pieces = verifier.good_pieces();
  json::array files;
  std::string text;
  std::size_t good_files = 0;
  for (const FileCheck& check : checks) {
    const TorrentFile& file = layout.file(check.file);
    if (check.verdict == FileVerdict::good) {
      ++good_files;
    } else {
      text += file_line(check, file);
    }
    files.push_back(
        json::object{{"path", json_text(file.path)},
                     {"verdict", verdict_name(check.verdict)},
                     {"bad_pieces", check.bad_pieces},
                     {"length", file.length},
                     {"size", check.size ? json::value(*check.size) : json::value(nullptr)}});
  }
  if (output.human()) {
    output.data(text);
    output.note(fmt::format("{}: {} of {} and {} of {} are good", printable(info.name), good_pieces,
                            count_of(layout.piece_count(), "piece"), good_files,
                            count_of(checks.size(), "file")));
    return;
  }
  json::object object{{"name", json_text(info.name)}, {"good", good}};
  add_hashes(object, info.hashes);
  object["pieces_good"] = good_pieces;
  object["pieces_total"] = layout.piece_count();
  object["files"] = std::move(files);
  output.data(json_line(object));
}

}  // namespace

ExitCode run_verify(const Arguments& arguments, Output& output) {
  const auto threads = thread_count(arguments.value("--threads"));
  if (!threads) return usage_error(output, "--threads is a number from 1 to 64");
  const auto data = arguments.value("--data");
  if (!data) return usage_error(output, "weir verify needs --data DIR, where the content is");
  const auto source = load_torrent_file(arguments.operands[0]);
  if (!source) return fail(output, source.error());
  const TorrentInfo& info = *source->metadata->info;
  const auto place = find_content(info, *data);
  if (!place) return fail(output, place.error());
  ContentVerifier verifier(*source->metadata, *place);
  if (auto ran = verifier.run(*threads, output); !ran) return fail(output, ran.error());
  const auto checks = verifier.files();
  const bool good = std::ranges::all_of(
      checks, [](const FileCheck& check) { return check.verdict == FileVerdict::good; });
  report(info, verifier, checks, good, output);
  return good ? ExitCode::done : ExitCode::verification_failed;
}

}  // namespace weir
