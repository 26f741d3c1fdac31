// SPDX-License-Identifier: MIT OR Apache-2.0
#include "daemon/log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

#include "base/utf8.h"

namespace weir {
namespace {

constexpr std::chrono::seconds kInterval(1);
// Twice the text, the fields and what else a line has stay below kLogLineBytesMax.
constexpr std::size_t kTextBytesMax = 768;
constexpr std::size_t kValueBytesMax = 512;
constexpr std::size_t kFieldsBytesMax = 2048;

std::string rfc3339(std::chrono::system_clock::time_point when) {
  const auto since = when.time_since_epoch();
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(since);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(milliseconds);
  const auto part = static_cast<int>((milliseconds - seconds).count());
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(static_cast<std::time_t>(seconds.count())), part);
}

// A JSON string. What is no UTF-8 was replaced before.
std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// A field's value in a line for people: quoted where it would run into the next one.
std::string text_value(std::string_view text) {
  const bool plain = !text.empty() && std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f && c != '"' && c != '=' && c != '\\';
  });
  return plain ? std::string(text) : json_quoted(text);
}

// Nothing in a message may act on a terminal or pretend to be a line of its own.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  return out;
}

// Makes text from anywhere fit for a line. Quoting makes it twice as long at most.
std::string tamed(std::string_view text, std::size_t bytes_max) {
  const std::string whole = one_line(repair_utf8(text));
  if (whole.size() <= bytes_max) return whole;
  return std::string(utf8_prefix(whole, bytes_max)) + "...";
}

std::string field_text(const LogField& field, LogFormat format) {
  if (const auto* number = std::get_if<std::int64_t>(&field.value)) return std::to_string(*number);
  if (const auto* flag = std::get_if<bool>(&field.value)) return *flag ? "true" : "false";
  const std::string text = tamed(std::get<std::string_view>(field.value), kValueBytesMax);
  return format == LogFormat::json ? json_quoted(text) : text_value(text);
}

struct Line {
  LogLevel level;
  std::string_view cause;
  std::string_view text;
  std::initializer_list<LogField> fields;
  std::uint64_t left_out;
  std::uint64_t lost;
};

std::string format_line(const Line& line, LogFormat format, const std::string& time) {
  std::string fields;
  const auto add = [&](const LogField& field) {
    std::string text = field_text(field, format);
    const std::string next = format == LogFormat::json
                                 ? fmt::format(",{}:{}", json_quoted(field.key), text)
                                 : fmt::format(" {}={}", field.key, text);
    if (fields.size() + next.size() <= kFieldsBytesMax) fields += next;
  };
  if (line.left_out > 0) add({"left_out", static_cast<std::int64_t>(line.left_out)});
  if (line.lost > 0) add({"lost", static_cast<std::int64_t>(line.lost)});
  for (const LogField& field : line.fields) add(field);
  const std::string text = tamed(line.text, kTextBytesMax);
  if (format == LogFormat::text) {
    return fmt::format("{} {:<5} {}: {}{}\n", time, level_name(line.level), line.cause, text,
                       fields);
  }
  return fmt::format("{{\"time\":\"{}\",\"level\":\"{}\",\"cause\":{},\"text\":{}{}}}\n", time,
                     level_name(line.level), json_quoted(line.cause), json_quoted(text), fields);
}

}  // namespace

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return "error";
    case LogLevel::warn:
      return "warn";
    case LogLevel::info:
      return "info";
    case LogLevel::debug:
      return "debug";
  }
  return "";
}

Log::Log(LogLevel level, LogFormat format, Sink sink, Clock clock)
    : level_(level), format_(format), sink_(std::move(sink)), clock_(std::move(clock)) {}

bool Log::is_due(std::string_view cause, std::chrono::steady_clock::time_point now,
                 std::uint64_t& left_out) {
  const auto found = causes_.find(cause);
  if (found == causes_.end()) {
    if (causes_.size() == kLogCausesMax) {
      causes_.erase(std::ranges::min_element(
          causes_, {}, [](const auto& entry) { return entry.second.written; }));
    }
    causes_.emplace(cause, Cause{.written = now});
    return true;
  }
  if (now - found->second.written < kInterval) {
    ++found->second.left_out;
    return false;
  }
  left_out = std::exchange(found->second.left_out, 0);
  found->second.written = now;
  return true;
}

void Log::write(LogLevel level, std::string_view cause, std::string_view text,
                std::initializer_list<LogField> fields) {
  if (level > level_) return;
  const LogTime now = clock_();
  const std::lock_guard guard(mutex_);
  std::uint64_t left_out = 0;
  if (!is_due(cause, now.steady, left_out)) return;
  const Line line{.level = level,
                  .cause = cause,
                  .text = text,
                  .fields = fields,
                  .left_out = left_out,
                  .lost = lost_};
  if (sink_(format_line(line, format_, rfc3339(now.wall)))) {
    lost_ = 0;
  } else {
    lost_ += left_out + 1;
  }
}

Log::Sink stderr_sink() {
  return [](std::string_view line) {
    // A pipe that is ready takes PIPE_BUF bytes without waiting.
    pollfd ready{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    if (poll(&ready, 1, 0) <= 0) return false;
    while (!line.empty()) {
      const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      line.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  };
}

LogTime log_time_now() {
  return {std::chrono::system_clock::now(), std::chrono::steady_clock::now()};
}

}  // namespace weir
