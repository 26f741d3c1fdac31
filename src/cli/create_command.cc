// SPDX-License-Identifier: MIT OR Apache-2.0
// weir create: reads the content once, in parallel, and writes the .torrent.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <mutex>

#include "cli/commands.h"
#include "cli/create_files.h"
#include "cli/error_text.h"
#include "cli/json.h"
#include "cli/render.h"
#include "cli/source.h"
#include "cli/tracker_urls.h"
#include "cli/values.h"
#include "cli/workers.h"
#include "io/clock.h"

namespace weir {
namespace {

using Failure = std::unexpected<CliError>;

CliError usage(std::string text) {
  return {
      .exit = ExitCode::usage, .code = "usage", .text = std::move(text), .offset = {}, .field = {}};
}

std::optional<std::int64_t> parse_seconds(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

CliResult<std::optional<std::int64_t>> creation_date(const Arguments& arguments) {
  const auto option = arguments.value("--date");
  const char* epoch = std::getenv("SOURCE_DATE_EPOCH");
  if (option == "none") return std::nullopt;
  if (!option && (epoch == nullptr || *epoch == 0)) return unix_now();
  const auto seconds = parse_seconds(option ? std::string_view(*option) : epoch);
  if (!seconds) return Failure(usage("the creation date is a number of seconds or none"));
  return seconds;
}

CliError bad_url(std::string_view option, std::string_view url, const UrlProblem& problem) {
  return usage(fmt::format("{}: {}: {}", option, printable(url), problem.text));
}

// What is written into a torrent is there to stay, so nothing is that no program could use.
CliResult<void> read_urls(const Arguments& arguments, CreateOptions& options) {
  for (const std::string& value : arguments.values("--tracker")) {
    std::vector<std::string> tier = split_tier(value);
    for (const std::string& url : tier) {
      if (const auto bad = tracker_url_problem(url)) {
        return Failure(bad_url("--tracker", url, *bad));
      }
    }
    options.tracker_tiers.push_back(std::move(tier));
  }
  options.web_seeds = arguments.values("--web-seed");
  for (const std::string& url : options.web_seeds) {
    if (const auto bad = web_seed_problem(url)) return Failure(bad_url("--web-seed", url, *bad));
  }
  return {};
}

CliResult<CreateOptions> create_options(const Arguments& arguments) {
  CreateOptions options;
  const int kinds =
      int{arguments.has("--v1")} + int{arguments.has("--v2")} + int{arguments.has("--hybrid")};
  if (kinds > 1) return Failure(usage("a torrent is one of --v1, --v2 and --hybrid"));
  if (arguments.has("--v1")) options.kind = TorrentKind::v1;
  if (arguments.has("--v2")) options.kind = TorrentKind::v2;
  if (arguments.has("--directory-order")) {
    if (options.kind != TorrentKind::v1) {
      return Failure(
          usage("--directory-order needs --v1: BEP 52 prescribes the order of the others"));
    }
    options.v1_order = CreateV1Order::as_given;
  }
  if (const auto size = arguments.value("--piece-size")) {
    const auto bytes = parse_size(*size);
    if (!bytes || *bytes < 16 * 1024 || *bytes > 256u * 1024 * 1024 ||
        (*bytes & (*bytes - 1)) != 0) {
      return Failure(usage("the piece size is a power of two from 16K to 256M"));
    }
    options.piece_length = static_cast<std::uint32_t>(*bytes);
  }
  auto date = creation_date(arguments);
  if (!date) return Failure(date.error());
  options.creation_date = *date;
  if (auto read = read_urls(arguments, options); !read) return Failure(read.error());
  options.is_private = arguments.has("--private");
  options.source = arguments.value("--source").value_or("");
  options.comment = arguments.value("--comment").value_or("");
  options.created_by = fmt::format("weir {}", cli_version());
  return options;
}

CliError create_failure(const CreateError& error, const std::string& path) {
  std::string text = fmt::format("{}: no torrent can be made: {}", printable(path),
                                 explain(error_name(error.code), printable(error.path)));
  if (error.metainfo) text += fmt::format(" ({})", explain(error_name(*error.metainfo)));
  return {.exit = ExitCode::bad_input,
          .code = error_name(error.code),
          .text = std::move(text),
          .offset = {},
          .field = error.path};
}

// Hashes all pieces into the builder.
CliResult<void> hash_content(TorrentBuilder& builder, const LocalContent& files, unsigned threads,
                             Output& output) {
  struct Worker {
    Worker(const LocalContent& content, const TorrentBuilder& target) : reader(content, target) {}
    LocalContentReader reader;
    Buffer buffer;
  };
  std::vector<std::unique_ptr<Worker>> workers;
  for (unsigned i = 0; i < threads; ++i) {
    workers.push_back(std::make_unique<Worker>(files, builder));
  }
  std::mutex builder_mutex;
  const Layout& layout = builder.layout();
  const auto run = [&](unsigned thread, PieceRun pieces) -> CliResult<void> {
    Worker& worker = *workers[thread];
    std::size_t bytes = 0;
    for (PieceIndex p = pieces.begin; p < pieces.end; p = next(p)) bytes += layout.piece_size(p);
    if (worker.buffer.size() < bytes) worker.buffer.resize(bytes);
    std::vector<CreatedPieceInput> inputs;
    MutableBytes rest = worker.buffer;
    for (PieceIndex p = pieces.begin; p < pieces.end; p = next(p)) {
      const MutableBytes data = rest.first(layout.piece_size(p));
      rest = rest.subspan(data.size());
      if (auto read = worker.reader.read(p, data); !read) {
        return Failure(local_content_failure(read.error()));
      }
      inputs.push_back({.piece = p, .data = data});
    }
    const auto hashes = hash_created_pieces(layout, inputs);
    const std::lock_guard lock(builder_mutex);
    builder.add(hashes);
    return {};
  };
  return work_on_pieces({.layout = &layout, .threads = threads, .what = "hashing", .run = run},
                        output);
}

// Complete or not at all: written beside the target and moved there. Without `replace` a file that
// is there stays, even one that came meanwhile.
CliResult<void> write_file(const std::string& path, Bytes bytes, bool replace) {
  const std::string temporary = fmt::format("{}.{}.tmp", path, getpid());
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) return Failure(errno_error(errno, path));
  int failed = 0;
  while (failed == 0 && !bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) failed = errno;
    if (written > 0) bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  if (failed == 0 && fsync(fd) != 0) failed = errno;
  if (close(fd) != 0 && failed == 0) failed = errno;
  if (failed == 0) {
    const unsigned flags = replace ? 0 : RENAME_NOREPLACE;
    if (renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), flags) != 0) failed = errno;
    // Not every file system knows RENAME_NOREPLACE; a hard link refuses to replace, too.
    if (failed == EINVAL && !replace) {
      failed = link(temporary.c_str(), path.c_str()) == 0 ? 0 : errno;
      (void)unlink(temporary.c_str());
    }
  }
  if (failed == 0) return {};
  (void)unlink(temporary.c_str());
  return Failure(errno_error(failed, path));
}

void report(const CreatedTorrent& created, const std::string& target, Output& output) {
  const TorrentInfo& info = *created.metadata.info;
  const std::string magnet = magnet_of(created.metadata);
  if (!output.human()) {
    boost::json::object object = torrent_json(created.metadata);
    object.erase("files");
    object["torrent"] = target == "-" ? boost::json::value(nullptr) : json_text(target);
    object["magnet"] = json_text(magnet);
    output.data(json_line(object));
    return;
  }
  std::string text;
  if (target != "-") text += fmt::format("torrent       {}\n", printable(target));
  if (info.hashes.v1) text += fmt::format("info hash v1  {}\n", info.hashes.v1->hex());
  if (info.hashes.v2) text += fmt::format("info hash v2  {}\n", info.hashes.v2->hex());
  text += fmt::format("content       {} in {} of {}\n", render_bytes(info.layout.content_size()),
                      count_of(info.layout.piece_count(), "piece"),
                      render_bytes(info.layout.piece_length()));
  text += fmt::format("magnet        {}\n", magnet);
  // stdout carries the torrent itself when that was asked for.
  if (target == "-") {
    text.pop_back();
    output.note(text);
  } else {
    output.data(text);
  }
}

}  // namespace

ExitCode run_create(const Arguments& arguments, Output& output) {
  auto options = create_options(arguments);
  if (!options) return fail(output, options.error());
  const auto threads = thread_count(arguments.value("--threads"));
  if (!threads) return usage_error(output, "--threads is a number from 1 to 64");
  const std::string& path = arguments.operands[0];
  auto files = list_local_content(path);
  if (!files) return fail(output, local_content_failure(files.error()));
  options->name = arguments.value("--name").value_or(files->name);
  const std::string target = arguments.value("--output").value_or(options->name + ".torrent");
  if (target == "-" && !output.human()) {
    return usage_error(output, "the torrent and --json can't both go to stdout");
  }
  const bool replace = arguments.has("--force");
  if (target != "-" && !replace && access(target.c_str(), F_OK) == 0) {
    CliError error = errno_error(EEXIST, target);
    error.text += " (--force replaces it)";
    return fail(output, error);
  }
  auto builder = TorrentBuilder::make(std::move(*options), files->files);
  if (!builder) return fail(output, create_failure(builder.error(), path));
  if (auto hashed = hash_content(*builder, *files, *threads, output); !hashed) {
    return fail(output, hashed.error());
  }
  auto created = builder->finish();
  if (!created) return fail(output, create_failure(created.error(), path));
  if (target == "-") {
    output.data(as_text(created->bytes));
  } else if (auto written = write_file(target, created->bytes, replace); !written) {
    return fail(output, written.error());
  }
  report(*created, target, output);
  return ExitCode::done;
}

}  // namespace weir
