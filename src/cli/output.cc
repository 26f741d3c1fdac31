// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/output.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "cli/error_text.h"
#include "cli/json.h"

namespace weir {
namespace {

constexpr std::chrono::seconds kPlainInterval(5);

bool variable_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != 0;
}

bool can_redraw() {
  const char* term = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

// 0, or why not everything was written.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

Output::Output(OutputFormat format, bool quiet)
    : format_(format),
      quiet_(quiet),
      live_(!quiet && can_redraw()),
      colour_(can_redraw() && !variable_set("NO_COLOR")) {}

Output::~Output() { clear(); }

std::size_t Output::columns() const {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1) return size.ws_col - 1u;
  return 79;
}

void Output::data(std::string_view text) {
  clear();
  if (data_errno_ == 0) data_errno_ = write_all(STDOUT_FILENO, text);
}

CliError Output::data_error() const { return errno_error(data_errno_, "stdout"); }

void Output::write_line(std::string_view line) {
  clear();
  // Nobody can be told when stderr is closed.
  (void)write_all(STDERR_FILENO, fmt::format("{}\n", line));
}

void Output::note(std::string_view line) {
  if (!quiet_) write_line(line);
}

void Output::warning(std::string_view line) {
  write_line(colour_ ? fmt::format("weir: \x1b[33mwarning:\x1b[0m {}", line)
                     : fmt::format("weir: warning: {}", line));
}

void Output::error(const CliError& error) {
  error_line(error);
  if (!human()) data(error_json(error));
}

void Output::error_line(const CliError& error) {
  const std::string text = with_code(error.text, error.code);
  write_line(colour_ ? fmt::format("weir: \x1b[31m{}\x1b[0m", text)
                     : fmt::format("weir: {}", text));
}

void Output::draw(const std::vector<std::string>& lines) {
  if (!live_ || (lines == before_ && drawn_ > 0)) return;
  std::string text;
  if (drawn_ > 1) text += fmt::format("\x1b[{}A", drawn_ - 1);
  text += '\r';
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text += fmt::format("{}\x1b[K{}", lines[i], i + 1 < lines.size() ? "\n" : "");
  }
  text += "\x1b[J";
  (void)write_all(STDERR_FILENO, text);
  drawn_ = lines.size();
  before_ = lines;
}

void Output::clear() {
  if (drawn_ == 0) return;
  const std::string up = drawn_ > 1 ? fmt::format("\x1b[{}A", drawn_ - 1) : "";
  (void)write_all(STDERR_FILENO, fmt::format("{}\r\x1b[J", up));
  drawn_ = 0;
}

bool Output::plain_due(std::chrono::steady_clock::time_point now) {
  if (live_ || quiet_ || now - plain_at_ < kPlainInterval) return false;
  plain_at_ = now;
  return true;
}

}  // namespace weir
