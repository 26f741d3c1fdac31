// SPDX-License-Identifier: MIT OR Apache-2.0
// Where a command's words go: data to stdout, everything else to stderr. On a terminal progress is
// a block of lines drawn over itself; otherwise it is plain lines now and then.
//
// One per run, used from the main thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cli/exit_code.h"

namespace weir {

enum class OutputFormat : unsigned char { human, json, jsonl };

class Output {
 public:
  Output(OutputFormat format, bool quiet);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  [[nodiscard]] OutputFormat format() const { return format_; }
  [[nodiscard]] bool quiet() const { return quiet_; }
  [[nodiscard]] bool human() const { return format_ == OutputFormat::human; }
  // Progress is redrawn: stderr is a terminal that can.
  [[nodiscard]] bool live() const { return live_; }
  [[nodiscard]] std::size_t columns() const;

  // As it is, to stdout. A failure (disk full, reader gone) is remembered, see data_failed().
  void data(std::string_view text);
  // A line on stderr, unless quiet.
  void note(std::string_view line);
  // A line on stderr in any case.
  void warning(std::string_view line);
  // "weir: TEXT [CODE]" on stderr; as JSON on stdout too when that is the format.
  void error(const CliError& error);
  // The line alone, of an error that the JSON object at the end will tell.
  void error_line(const CliError& error);
  // Replaces the lines drawn before. Does nothing unless live.
  void draw(const std::vector<std::string>& lines);
  void clear();
  // Whether a plain progress line is due: not live, not quiet, and the last one is long ago.
  [[nodiscard]] bool plain_due(std::chrono::steady_clock::time_point now);

  // stdout could not be written.
  [[nodiscard]] bool data_failed() const { return data_errno_ != 0; }
  [[nodiscard]] CliError data_error() const;

 private:
  void write_line(std::string_view line);

  OutputFormat format_;
  bool quiet_;
  bool live_;
  bool colour_;
  int data_errno_ = 0;
  std::size_t drawn_ = 0;  // lines on the screen that the next draw() replaces
  std::vector<std::string> before_;
  std::chrono::steady_clock::time_point plain_at_{};
};

}  // namespace weir
