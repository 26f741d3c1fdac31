// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/utf8.h"
#include "cli/error_text.h"

namespace weir {
namespace {

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, starts_character));
}

// The byte position of the character number `index`.
std::size_t position(std::string_view text, std::size_t index) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (starts_character(text[at]) && index-- == 0) return at;
  }
  return text.size();
}

std::string render_eta(std::uint64_t missing, double rate) {
  if (missing == 0 || rate < 1) return "-";
  const double seconds = std::ceil(static_cast<double>(missing) / rate);
  if (seconds > 99 * 86400.0) return "-";
  return render_duration(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
}

std::string bar(std::uint64_t done, std::uint64_t total, std::size_t columns) {
  const std::size_t full =
      total == 0 ? columns
                 : static_cast<std::size_t>(static_cast<double>(columns) *
                                            static_cast<double>(done) / static_cast<double>(total));
  return fmt::format("[{:=<{}}{: <{}}]", "", full, "", columns - std::min(full, columns));
}

}  // namespace

std::size_t control_length(std::string_view text) {
  const auto byte = [&](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
  };
  if (byte(0) < 0x20 || byte(0) == 0x7f) return 1;
  if (byte(0) == 0xc2 && byte(1) < 0xa0) return 2;
  if (byte(0) == 0xe2 && byte(1) == 0x80 && byte(2) >= 0xaa && byte(2) <= 0xae) return 3;
  if (byte(0) == 0xe2 && byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9) return 3;
  return 0;
}

std::string render_bytes(std::uint64_t bytes) {
  constexpr std::array kUnits{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f} {}", value, decimals, kUnits[unit]);
}

std::string render_rate(double bytes_per_second) {
  return render_bytes(static_cast<std::uint64_t>(std::max(0.0, bytes_per_second))) + "/s";
}

std::string render_duration(std::chrono::seconds duration) {
  const auto s = std::max<std::int64_t>(0, duration.count());
  if (s < 60) return fmt::format("{}s", s);
  if (s < 3600) return fmt::format("{}m{:02}s", s / 60, s % 60);
  if (s < 86400) return fmt::format("{}h{:02}m", s / 3600, s / 60 % 60);
  return fmt::format("{}d{:02}h", s / 86400, s / 3600 % 24);
}

std::optional<std::string> render_date(std::int64_t seconds_since_1970) {
  if (seconds_since_1970 < 0 || seconds_since_1970 > 253402300799) return std::nullopt;
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds_since_1970)};
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(days);
  const std::chrono::hh_mm_ss clock(time - days);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string count_of(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

const char* kind_name(TorrentKind kind) {
  switch (kind) {
    case TorrentKind::v1:
      return "v1";
    case TorrentKind::v2:
      return "v2";
    case TorrentKind::hybrid:
      return "hybrid";
  }
  return "";
}

std::string printable(std::string_view text) {
  const std::string valid = repair_utf8(text);
  std::string out;
  for (std::size_t at = 0; at < valid.size();) {
    const std::size_t control = control_length(std::string_view(valid).substr(at));
    if (control > 0) {
      out += "\xef\xbf\xbd";
      at += control;
    } else {
      out += valid[at++];
    }
  }
  return out;
}

std::string shorten(std::string_view text, std::size_t columns) {
  const std::size_t size = count_characters(text);
  if (size <= columns) return std::string(text);
  if (columns < 3) return std::string(text.substr(0, position(text, columns)));
  const std::size_t head = (columns - 1) / 2;
  const std::size_t tail = columns - 1 - head;
  return fmt::format("{}…{}", text.substr(0, position(text, head)),
                     text.substr(position(text, size - tail)));
}

std::string render_percent(std::uint64_t done, std::uint64_t total) {
  if (done >= total) return "100.0%";
  const double percent = 100.0 * static_cast<double>(done) / static_cast<double>(total);
  return fmt::format("{:.1f}%", std::min(percent, 99.9));
}

std::string render_transfer(const TorrentStatus& status, std::size_t columns,
                            WhenComplete complete) {
  const SwarmStats& swarm = status.swarm;
  std::string numbers;
  const std::string peers = count_of(swarm.peers, "peer");
  switch (status.state) {
    case TorrentState::fetching_metadata:
      numbers = fmt::format("fetching metadata  {}  {} known", peers, status.known_peers);
      break;
    case TorrentState::checking:
      numbers =
          fmt::format("checking {}  {}/{}", render_percent(status.check_done, status.check_total),
                      status.check_done, count_of(status.check_total, "piece"));
      break;
    case TorrentState::seeding:
      if (complete != WhenComplete::seeds) {
        numbers = fmt::format("{}  {}  {} sent",
                              complete == WhenComplete::is_done ? "complete" : "finishing",
                              render_bytes(status.total_bytes), render_bytes(swarm.uploaded_bytes));
        break;
      }
      numbers = fmt::format("seeding  up {}  {} sent  {}", render_rate(swarm.up_rate),
                            render_bytes(swarm.uploaded_bytes), peers);
      break;
    case TorrentState::downloading:
      numbers = fmt::format(
          "{}  {}/{}  {}  up {}  ETA {}  {}  {}/{}",
          render_percent(status.done_bytes, status.total_bytes), render_bytes(status.done_bytes),
          render_bytes(status.total_bytes), render_rate(swarm.down_rate),
          render_rate(swarm.up_rate),
          render_eta(status.total_bytes - std::min(status.done_bytes, status.total_bytes),
                     swarm.down_rate),
          peers, status.pieces_done, count_of(status.pieces_total, "piece"));
      break;
    case TorrentState::preparing:
    case TorrentState::paused:
    case TorrentState::stopping:
      numbers = state_name(status.state);
      break;
    case TorrentState::failed:
      numbers =
          "waiting: " + (status.error ? explain(status.error->code, printable(status.error->detail))
                                      : std::string("failed"));
      break;
  }
  std::string name = printable(status.name);
  if (name.empty()) name = status.hashes.wire_hash().hex();
  if (columns == 0) return fmt::format("{}: {}", name, numbers);
  numbers = shorten(numbers, columns);
  const std::size_t used = count_characters(numbers) + 2;
  if (used + 4 > columns) return numbers;
  return fmt::format("{}  {}", shorten(name, columns - used), numbers);
}

std::string render_hashing(const HashingProgress& progress, std::size_t columns) {
  const double seconds = static_cast<double>(progress.elapsed.count()) / 1000;
  const double rate = seconds > 0 ? static_cast<double>(progress.done_bytes) / seconds : 0;
  const std::string numbers = fmt::format(
      "{}  {}/{}  {}  ETA {}", render_percent(progress.done_bytes, progress.total_bytes),
      render_bytes(progress.done_bytes), render_bytes(progress.total_bytes), render_rate(rate),
      render_eta(progress.total_bytes - progress.done_bytes, rate));
  const std::size_t used = count_characters(numbers) + progress.what.size() + 6;
  if (columns == 0) return fmt::format("{} {}", progress.what, numbers);
  if (used + 10 > columns) return shorten(numbers, columns);
  return fmt::format(
      "{} {}  {}", progress.what,
      bar(progress.done_bytes, progress.total_bytes, std::min<std::size_t>(columns - used, 40)),
      numbers);
}

}  // namespace weir
