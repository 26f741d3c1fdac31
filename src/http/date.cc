// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/date.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace weir::http {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr UnixSeconds kFirst = -62167219200;  // 0000-01-01 00:00:00
constexpr UnixSeconds kLast = 253402300799;   // 9999-12-31 23:59:59
constexpr int kSecondsPerDay = 86400;

// Fixed-width fields taken one after another; once one is wrong, everything after it is.
class Fields {
 public:
  explicit Fields(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool done() const { return good_ && rest_.empty(); }
  void literal(std::string_view text) {
    good_ = good_ && rest_.starts_with(text);
    if (good_) rest_.remove_prefix(text.size());
  }
  int number(std::size_t digits) {
    if (!good_ || rest_.size() < digits) return fail();
    int value = 0;
    for (const char c : rest_.substr(0, digits)) {
      if (c < '0' || c > '9') return fail();
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }
  // 1 to 12.
  int month() {
    for (std::size_t i = 0; good_ && i < kMonths.size(); ++i) {
      if (!rest_.starts_with(kMonths[i])) continue;
      rest_.remove_prefix(kMonths[i].size());
      return static_cast<int>(i) + 1;
    }
    return fail();
  }
  // A day's name in full, or its first three letters.
  void day_name(bool whole) {
    for (const std::string_view name : kDays) {
      const std::string_view expected = whole ? name : name.substr(0, 3);
      if (!rest_.starts_with(expected)) continue;
      return rest_.remove_prefix(expected.size());
    }
    fail();
  }
  // asctime pads the day of the month with a space.
  int padded_day() {
    if (!rest_.starts_with(' ')) return number(2);
    rest_.remove_prefix(1);
    return number(1);
  }

 private:
  int fail() {
    good_ = false;
    return 0;
  }
  std::string_view rest_;
  bool good_ = true;
};

struct Civil {
  int year = 0, month = 0, day = 0, second_of_day = 0;
};

int take_clock(Fields& in) {
  const int hour = in.number(2);
  in.literal(":");
  const int minute = in.number(2);
  in.literal(":");
  const int second = in.number(2);
  // 60 is a leap second, which the grammar allows.
  if (hour > 23 || minute > 59 || second > 60) in.literal("\n");
  return hour * 3600 + minute * 60 + second;
}

std::optional<UnixSeconds> to_unix(const Civil& civil) {
  using namespace std::chrono;
  const year_month_day date{year(civil.year), month(static_cast<unsigned>(civil.month)),
                            day(static_cast<unsigned>(civil.day))};
  if (!date.ok()) return std::nullopt;
  const auto days = sys_days(date).time_since_epoch().count();
  // A leap second at the very end would have no date of its own.
  return std::min(static_cast<UnixSeconds>(days) * kSecondsPerDay + civil.second_of_day, kLast);
}

std::optional<UnixSeconds> parse_fixdate(std::string_view text) {
  Fields in(text);
  Civil civil;
  in.day_name(false);
  in.literal(", ");
  civil.day = in.number(2);
  in.literal(" ");
  civil.month = in.month();
  in.literal(" ");
  civil.year = in.number(4);
  in.literal(" ");
  civil.second_of_day = take_clock(in);
  in.literal(" GMT");
  return in.done() ? to_unix(civil) : std::nullopt;
}

std::optional<UnixSeconds> parse_asctime(std::string_view text) {
  Fields in(text);
  Civil civil;
  in.day_name(false);
  in.literal(" ");
  civil.month = in.month();
  in.literal(" ");
  civil.day = in.padded_day();
  in.literal(" ");
  civil.second_of_day = take_clock(in);
  in.literal(" ");
  civil.year = in.number(4);
  return in.done() ? to_unix(civil) : std::nullopt;
}

std::chrono::year_month_day date_of(UnixSeconds time) {
  using namespace std::chrono;
  return year_month_day(floor<days>(sys_seconds(seconds(std::clamp(time, kFirst, kLast)))));
}

std::optional<UnixSeconds> parse_rfc850(std::string_view text, UnixSeconds now) {
  Fields in(text);
  Civil civil;
  in.day_name(true);
  in.literal(", ");
  civil.day = in.number(2);
  in.literal("-");
  civil.month = in.month();
  in.literal("-");
  const int two_digits = in.number(2);
  in.literal(" ");
  civil.second_of_day = take_clock(in);
  in.literal(" GMT");
  if (!in.done()) return std::nullopt;
  const int this_year = static_cast<int>(date_of(now).year());
  civil.year = this_year - this_year % 100 + two_digits;
  if (civil.year > this_year + 50) civil.year -= 100;
  return to_unix(civil);
}

void append_number(std::string& out, unsigned value, std::size_t width) {
  const std::string digits = std::to_string(value);
  out.append(width - std::min(width, digits.size()), '0');
  out += digits;
}

}  // namespace

std::string format_http_date(UnixSeconds time) {
  using namespace std::chrono;
  const sys_seconds at{seconds(std::clamp(time, kFirst, kLast))};
  const sys_days day_start = floor<days>(at);
  const year_month_day date(day_start);
  const hh_mm_ss clock(at - day_start);
  std::string out(kDays[weekday(day_start).c_encoding()].substr(0, 3));
  out += ", ";
  append_number(out, static_cast<unsigned>(date.day()), 2);
  out += ' ';
  out += kMonths[static_cast<unsigned>(date.month()) - 1];
  out += ' ';
  append_number(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  out += ' ';
  append_number(out, static_cast<unsigned>(clock.hours().count()), 2);
  out += ':';
  append_number(out, static_cast<unsigned>(clock.minutes().count()), 2);
  out += ':';
  append_number(out, static_cast<unsigned>(clock.seconds().count()), 2);
  return out += " GMT";
}

std::optional<UnixSeconds> parse_http_date(std::string_view text, UnixSeconds now) {
  if (const auto time = parse_fixdate(text)) return time;
  if (const auto time = parse_asctime(text)) return time;
  return parse_rfc850(text, now);
}

}  // namespace weir::http
