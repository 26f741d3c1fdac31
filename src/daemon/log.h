// SPDX-License-Identifier: MIT OR Apache-2.0
// The daemon's log: lines with a level, a cause and fields, as text or JSON.
//
// Of each cause at most one line a second is written; the next one says how many were left out. A
// cause is a constant name ("peer.listen"), never something that came from the network. Any thread
// may write, and none ever waits for whoever reads the log: a line that the sink can't take at once
// is counted and told with the next one.
//
// Decision 0011 says why this is no library.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>

namespace weir {

enum class LogLevel : std::uint8_t { error, warn, info, debug };
enum class LogFormat : std::uint8_t { text, json };
[[nodiscard]] std::string_view level_name(LogLevel level);

inline constexpr std::size_t kLogLineBytesMax = 4096;  // what a pipe takes whole (PIPE_BUF)
inline constexpr std::size_t kLogCausesMax = 256;      // remembered; then the eldest is forgotten

struct LogField {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, bool> value;
};

struct LogTime {
  std::chrono::system_clock::time_point wall;
  std::chrono::steady_clock::time_point steady;
};

class Log {
 public:
  // Takes a line with its newline, or answers that it can't now. Called by one thread at a time.
  using Sink = std::function<bool(std::string_view line)>;
  using Clock = std::function<LogTime()>;

  Log(LogLevel level, LogFormat format, Sink sink, Clock clock);

  void write(LogLevel level, std::string_view cause, std::string_view text,
             std::initializer_list<LogField> fields = {});
  void set_level(LogLevel level) { level_ = level; }
  [[nodiscard]] LogLevel level() const { return level_; }

 private:
  struct Cause {
    std::chrono::steady_clock::time_point written;
    std::uint64_t left_out = 0;
  };
  [[nodiscard]] bool is_due(std::string_view cause, std::chrono::steady_clock::time_point now,
                            std::uint64_t& left_out);

  std::atomic<LogLevel> level_;
  const LogFormat format_;
  const Sink sink_;
  const Clock clock_;
  std::mutex mutex_;  // of what follows
  std::map<std::string, Cause, std::less<>> causes_;
  std::uint64_t lost_ = 0;
};

// Standard error, never waiting for it.
[[nodiscard]] Log::Sink stderr_sink();
[[nodiscard]] LogTime log_time_now();

}  // namespace weir
