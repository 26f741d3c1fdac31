// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/options.h"

#include <algorithm>
#include <array>

#include "cli/remote_options.h"
#include "daemon/settings.h"

namespace weir {
namespace {

using remote_options::kJson;
constexpr CliOption kJsonl{.name = "--jsonl",
                           .help = "print events as they happen on stdout, one JSON object a line"};
constexpr CliOption kListen{
    .name = "--listen",
    .value = "ADDR:PORT",
    .repeats = true,
    .help =
        "accept peers here; PORT alone means all addresses, port 0 lets the system choose, "
        "none turns it off (default: the first free port from 6981 on)"};
constexpr CliOption kPeer{.name = "--peer",
                          .value = "HOST:PORT",
                          .repeats = true,
                          .help = "a peer to connect to, besides those from trackers"};
constexpr CliOption kTracker{.name = "--tracker",
                             .value = "URL",
                             .repeats = true,
                             .help = "a tracker to use besides the torrent's own"};
constexpr CliOption kMaxUp{.name = "--max-up",
                           .value = "RATE",
                           .help = "upload at most so many bytes a second (K, M, G: times 1024)"};
constexpr CliOption kTorrentConnections{
    .name = "--torrent-connections",
    .value = "N",
    .help = "connect to at most so many peers of one torrent (default: 55)"};
constexpr CliOption kDialBelow{.name = "--dial-below",
                               .value = "N",
                               .help =
                                   "call peers of a torrent until so many are connected (default: "
                                   "30)"};
constexpr CliOption kStateDir{.name = "--state-dir",
                              .value = "DIR",
                              .words = CliWords::directory,
                              .help =
                                  "where progress is kept between runs (default: "
                                  "$XDG_STATE_HOME/weir)"};
constexpr CliOption kThreads{.name = "--threads",
                             .value = "N",
                             .help =
                                 "hash with so many threads (default: one for each core, at "
                                 "least 2)"};
constexpr CliOption kData{.name = "--data",
                          .value = "DIR",
                          .words = CliWords::directory,
                          .help =
                              "the directory that holds the torrent's content under the "
                              "torrent's name, or the content itself"};

constexpr std::array kGet{
    CliOption{.name = "--output",
              .letter = 'o',
              .value = "DIR",
              .words = CliWords::directory,
              .help = "download into this directory (default: the current one)"},
    CliOption{.name = "--select",
              .value = "GLOB",
              .repeats = true,
              .help =
                  "only files whose path within the torrent matches, as weir show lists them; * "
                  "matches / too, a directory's path selects what is in it"},
    CliOption{.name = "--sequential", .help = "fetch pieces from first to last"},
    CliOption{.name = "--seed", .help = "go on uploading when all is here, until stopped"},
    kPeer,
    kListen,
    CliOption{.name = "--max-down",
              .value = "RATE",
              .help = "download at most so many bytes a second (K, M, G: times 1024)"},
    kMaxUp,
    kTracker,
    kTorrentConnections,
    kDialBelow,
    CliOption{.name = "--timeout",
              .value = "TIME",
              .help = "give up when not complete after so many seconds (or 10m, 2h)"},
    kStateDir,
    CliOption{.name = "--part",
              .help = "add .part to the names of files while incomplete; may differ between runs"},
    CliOption{.name = "--preallocate", .help = "reserve the disk space of every file first"},
    CliOption{.name = "--check",
              .value = "HOW",
              .words = CliWords::choices,
              .choices = "resume full",
              .help = "resume: continue from the saved progress (default); full: hash what is on "
                      "disk again"},
    kJson,
    kJsonl,
};

constexpr std::array kSeed{
    kData,
    CliOption{.name = "--trust",
              .help = "start at once without hashing the content; a piece is checked before it is "
                      "first sent"},
    kListen,
    kPeer,
    kMaxUp,
    kTracker,
    kTorrentConnections,
    kDialBelow,
    kStateDir,
    kJson,
    kJsonl,
};

constexpr std::array kCreate{
    CliOption{.name = "--output",
              .letter = 'o',
              .value = "FILE",
              .words = CliWords::any_path,
              .help = "write the torrent here, - for stdout (default: NAME.torrent)"},
    CliOption{.name = "--force", .letter = 'f', .help = "replace the output file if it exists"},
    CliOption{.name = "--v1", .help = "make a v1 torrent, for old clients"},
    CliOption{.name = "--v2", .help = "make a v2 torrent"},
    CliOption{.name = "--hybrid", .help = "make a torrent for both (default)"},
    CliOption{.name = "--piece-size",
              .value = "SIZE",
              .help = "a power of two from 16K to 256M (default: chosen by the content's size)"},
    CliOption{.name = "--tracker",
              .value = "URL",
              .repeats = true,
              .help = "a tracker; each use is a tier of its own, commas separate trackers of one "
                      "tier"},
    CliOption{.name = "--web-seed",
              .value = "URL",
              .repeats = true,
              .help = "a web server that has the content"},
    CliOption{.name = "--directory-order",
              .help = "with --v1: files in the order in which the directory lists them"},
    CliOption{.name = "--private", .help = "peers come from the trackers only"},
    CliOption{.name = "--source", .value = "TEXT", .help = "the source field, part of the hash"},
    CliOption{.name = "--comment", .value = "TEXT", .help = "a comment"},
    CliOption{.name = "--date",
              .value = "SECONDS",
              .help = "the creation date in seconds since 1970, or none (default: now)"},
    CliOption{.name = "--name", .value = "NAME", .help = "the torrent's name (default: PATH's)"},
    kThreads,
    kJson,
};

constexpr std::array kVerify{kData, kThreads, kJson};

constexpr CliOption kConfig{.name = "--config",
                            .value = "FILE",
                            .words = CliWords::any_path,
                            .help =
                                "read the configuration from this file (default: "
                                "$XDG_CONFIG_HOME/weir/weir.toml, which may be absent)"};

constexpr CliOption option_of(const Setting& setting) {
  CliWords words = CliWords::none;
  if (setting.type == SettingType::choice) words = CliWords::choices;
  if (setting.type == SettingType::socket) words = CliWords::any_path;
  if (setting.type == SettingType::path) {
    words = setting.value == "DIR" ? CliWords::directory : CliWords::any_path;
  }
  return {.name = setting.flag,
          .value = setting.value,
          .repeats = is_list(setting.type),
          .words = words,
          .choices = setting.choices,
          .help = setting.help,
          .fallback = setting.fallback.empty() ? setting.fallback_text : setting.fallback};
}

constexpr std::size_t kFlags = static_cast<std::size_t>(
    std::ranges::count_if(kSettings, [](const Setting& setting) { return !setting.flag.empty(); }));

// The flags of the settings, and what no configuration file can say.
constexpr auto kServe = [] {
  std::array<CliOption, kFlags + 2> options{};
  std::size_t at = 0;
  for (const Setting& setting : kSettings) {
    if (!setting.flag.empty()) options[at++] = option_of(setting);
  }
  options[at++] = kConfig;
  options[at++] = kJsonl;
  return options;
}();

constexpr std::array kConfigOptions{kConfig, kJson};

constexpr std::array kCommon{
    CliOption{.name = "--quiet", .letter = 'q', .help = "no progress and no notes, only errors"},
    CliOption{.name = "--help", .letter = 'h', .help = "print this help"},
};

constexpr std::array kCommands{
    CliCommand{.name = "get",
               .operands = "ID...",
               .operands_min = 1,
               .operands_max = kOperandsMax,
               .operand_words = CliWords::torrent_file,
               .summary = "download torrents",
               .description =
                   "ID is a .torrent file, a magnet link or an info hash (40 hexadecimal or 32 "
                   "base32 digits for v1, 64 hexadecimal digits for v2). What is on disk already "
                   "is kept and completed. Ends as soon as the content is complete and on disk.",
               .options = kGet},
    CliCommand{.name = "seed",
               .operands = "TORRENT...",
               .operands_min = 1,
               .operands_max = kOperandsMax,
               .operand_words = CliWords::torrent_file,
               .summary = "upload content that is here",
               .description = "Checks the content, then uploads it until stopped with Ctrl-C. "
                              "Nothing on disk is ever changed. Where pieces are missing or bad, "
                              "the others are uploaded, and the exit code at the end is 5.",
               .options = kSeed},
    CliCommand{.name = "create",
               .operands = "PATH",
               .operands_min = 1,
               .operands_max = 1,
               .operand_words = CliWords::any_path,
               .summary = "make a torrent of a file or directory",
               .description =
                   "Reads the content once for all hashes. Every file in the directory becomes "
                   "part of the torrent; a symbolic link, a special file or one that can't be "
                   "read is an error.",
               .options = kCreate},
    CliCommand{.name = "show",
               .operands = "ID",
               .operands_min = 1,
               .operands_max = 1,
               .operand_words = CliWords::torrent_file,
               .summary = "print what is in a torrent or magnet link",
               .description =
                   "ID is a .torrent file (- for stdin), a magnet link or an info hash. Of a "
                   "torrent that a running node has, it tells how that is doing; there ID may "
                   "also be a name, a CID or the beginning of a hash. With --scrape the exit code "
                   "is 6 when no tracker answers.",
               .options = remote_options::kShow},
    CliCommand{.name = "verify",
               .operands = "TORRENT",
               .operands_min = 1,
               .operands_max = 1,
               .operand_words = CliWords::torrent_file,
               .summary = "hash content and compare it with its torrent",
               .description = "Lists the files that are missing or damaged. The exit code is 5 "
                              "unless everything is good.",
               .options = kVerify},
    CliCommand{.name = "serve",
               .operands = "",
               .summary = "run a node",
               .description =
                   "Runs a node until stopped: uploads over HTTP become torrents and are seeded, "
                   "content is fetched by hash and streamed over HTTP, and everything is back "
                   "after a restart. Every option but --config and --jsonl is also a setting of "
                   "the configuration file and an environment variable; see docs/configuration.md. "
                   "The addresses are printed once the node is ready, the log goes to stderr. "
                   "SIGHUP reads the log level again.",
               .options = kServe},
    CliCommand{.name = "add",
               .operands = "ID|PATH...",
               .operands_min = 1,
               .operands_max = kOperandsMax,
               .operand_words = CliWords::any_path,
               .summary = "give torrents or content to the node",
               .description =
                   "ID is a .torrent file, a magnet link, an info hash or the CID of one: the node "
                   "downloads it and keeps it. PATH is any other file or directory: the node "
                   "publishes it where it lies, as a hybrid torrent, and copies nothing.",
               .options = remote_options::kAdd},
    CliCommand{.name = "ls",
               .operands = "",
               .summary = "list the node's torrents",
               .description = "One line for each torrent; --json has all that is known of them.",
               .options = remote_options::kList},
    CliCommand{.name = "rm",
               .operands = "ID...",
               .operands_min = 1,
               .operands_max = kOperandsMax,
               .summary = "remove torrents from the node",
               .description =
                   "Content stays where it is unless --content is given. What was uploaded is "
                   "only kept under its torrent, so it needs --content; what was published in "
                   "place is never removed. Says what was freed.",
               .options = remote_options::kRemove},
    CliCommand{.name = "start",
               .operands = "ID...",
               .operands_min = 1,
               .operands_max = kOperandsMax,
               .summary = "let paused torrents go on",
               .description = "The torrents go on downloading and uploading.",
               .options = remote_options::kNode},
    CliCommand{.name = "stop",
               .operands = "ID...",
               .operands_min = 1,
               .operands_max = kOperandsMax,
               .summary = "pause torrents",
               .description = "The torrents stay known and keep what they have.",
               .options = remote_options::kNode},
    CliCommand{.name = "pin",
               .operands = "ID...",
               .operands_min = 1,
               .operands_max = kOperandsMax,
               .summary = "keep torrents for good",
               .description = "A pinned torrent never expires, whatever the node's store.ttl and "
                              "quota.",
               .options = remote_options::kNode},
    CliCommand{.name = "unpin",
               .operands = "ID...",
               .operands_min = 1,
               .operands_max = kOperandsMax,
               .summary = "let torrents go again",
               .description = "Without --expire they are kept as if they had never been pinned.",
               .options = remote_options::kUnpin},
    CliCommand{.name = "store",
               .operands = "ACTION [ID]",
               .operands_min = 1,
               .operands_max = 2,
               .operand_words = CliWords::choices,
               .operand_choices = "stat verify repair gc",
               .summary = "show, check or clear up what the node keeps",
               .description =
                   "ACTION is stat, which tells how much is kept and what sharing saves; verify, "
                   "which hashes complete files again, of the torrent ID or all, and exits with 5 "
                   "unless all are good; repair, which brings back what verify found damaged, "
                   "from another copy or from peers; or gc, which removes torrents that have "
                   "expired and what killed processes left, and names directories that nothing "
                   "knows.",
               .options = remote_options::kStore},
    CliCommand{.name = "link",
               .operands = "ID",
               .operands_min = 1,
               .operands_max = 1,
               .summary = "print a torrent's magnet and HTTP links",
               .description = "The HTTP links are at the node's first address.",
               .options = remote_options::kNode},
    CliCommand{.name = "cat",
               .operands = "ID[/PATH]",
               .operands_min = 1,
               .operands_max = 1,
               .operand_words = CliWords::torrent_file,
               .summary = "write a file's bytes to stdout",
               .description =
                   "Verified bytes in order, from the node that has the torrent. Without a node, "
                   "or for a torrent that it does not have, they are fetched from peers, and no "
                   "more than what was asked for and a little ahead of it. Nothing is kept.",
               .options = remote_options::kCat},
    CliCommand{.name = "status",
               .operands = "",
               .summary = "print how the node is doing",
               .description = "Rates, torrents by state, space, and where it listens.",
               .options = remote_options::kNode},
    CliCommand{.name = "config",
               .operands = "ACTION",
               .operands_min = 1,
               .operands_max = 1,
               .operand_words = CliWords::choices,
               .operand_choices = "check show",
               .summary = "check or show a node's configuration",
               .description =
                   "ACTION is check, which says what is wrong and where, or show, which prints "
                   "what is in force as a configuration file and where each value comes from.",
               .options = kConfigOptions},
    CliCommand{.name = "completion",
               .operands = "SHELL",
               .operands_min = 1,
               .operands_max = 1,
               .operand_words = CliWords::choices,
               .operand_choices = "bash zsh fish",
               .summary = "print a shell's completion script",
               .description = "SHELL is bash, zsh or fish.",
               .options = {}},
    CliCommand{.name = "manual",
               .operands = "",
               .summary = "print the manual page in roff",
               .description = "To read it here: weir manual | man -l -",
               .options = {}},
};

constexpr std::array kExitRows{
    CliExitRow{0, "done"},
    CliExitRow{1, "another failure"},
    CliExitRow{2, "wrong usage"},
    CliExitRow{3, "not found: a file, a torrent, or no file matches"},
    CliExitRow{4, "timed out"},
    CliExitRow{5, "verification failed: content is missing or damaged"},
    CliExitRow{6, "network failure"},
    CliExitRow{7, "stopped with work unfinished"},
    CliExitRow{8, "disk full or over quota"},
    CliExitRow{9, "permission or token denied, or the disk is read-only"},
    CliExitRow{10, "no node is running there"},
    CliExitRow{11, "exists already, or a node runs on the directory already"},
    CliExitRow{12, "bad input: the torrent, magnet link or configuration is not valid"},
};

constexpr std::array kVariables{
    CliVariable{"NO_COLOR", "when set and not empty, no colour"},
    CliVariable{"TERM", "dumb turns off redrawing and colour"},
    CliVariable{"XDG_STATE_HOME",
                "the state directory is weir below it, that of a node weir/node (default: "
                "~/.local/state)"},
    CliVariable{"XDG_CONFIG_HOME",
                "a node's configuration is weir/weir.toml below it (default: ~/.config)"},
    CliVariable{"XDG_DATA_HOME", "a node's content is in weir below it (default: ~/.local/share)"},
    CliVariable{"WEIR_API", "the node that commands speak to, as --api has it"},
    CliVariable{"WEIR_TOKEN", "the token for a node at a URL"},
    CliVariable{"WEIR_...", "a node's settings, see docs/configuration.md"},
    CliVariable{"SSL_CERT_FILE",
                "a file of certificates (PEM) trusted for HTTPS trackers in place of the system's"},
    CliVariable{"SOURCE_DATE_EPOCH", "the creation date of a new torrent unless --date gives one"},
};

}  // namespace

std::span<const CliCommand> cli_commands() { return kCommands; }
std::span<const CliOption> cli_common_options() { return kCommon; }
std::span<const CliExitRow> cli_exit_rows() { return kExitRows; }
std::span<const CliVariable> cli_variables() { return kVariables; }
std::string_view cli_version() { return WEIR_VERSION; }

const CliCommand* find_command(std::string_view name) {
  const auto found = std::ranges::find(kCommands, name, &CliCommand::name);
  return found == kCommands.end() ? nullptr : &*found;
}

const CliOption* find_option(const CliCommand& command, std::string_view name) {
  for (const auto options : {command.options, cli_common_options()}) {
    const auto found = std::ranges::find(options, name, &CliOption::name);
    if (found != options.end()) return &*found;
  }
  return nullptr;
}

const CliOption* find_option(const CliCommand& command, char letter) {
  for (const auto options : {command.options, cli_common_options()}) {
    const auto found = std::ranges::find(options, letter, &CliOption::letter);
    if (letter != 0 && found != options.end()) return &*found;
  }
  return nullptr;
}

}  // namespace weir
