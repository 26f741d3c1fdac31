// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tracker/tracker_types.h"

#include <utility>

#include "base/utf8.h"

namespace weir {

const char* error_name(TrackerErrc code) {
  switch (code) {
    case TrackerErrc::unsupported_scheme:
      return "unsupported_scheme";
    case TrackerErrc::bad_url:
      return "bad_url";
    case TrackerErrc::url_too_long:
      return "url_too_long";
    case TrackerErrc::bad_host:
      return "bad_host";
    case TrackerErrc::user_info:
      return "user_info";
    case TrackerErrc::preset_parameter:
      return "preset_parameter";
    case TrackerErrc::no_scrape:
      return "no_scrape";
    case TrackerErrc::reply_too_large:
      return "reply_too_large";
    case TrackerErrc::bad_reply:
      return "bad_reply";
    case TrackerErrc::tracker_failure:
      return "tracker_failure";
    case TrackerErrc::http_status:
      return "http_status";
    case TrackerErrc::unresolved:
      return "unresolved";
    case TrackerErrc::address_refused:
      return "address_refused";
    case TrackerErrc::redirect_refused:
      return "redirect_refused";
    case TrackerErrc::connection_failed:
      return "connection_failed";
    case TrackerErrc::timed_out:
      return "timed_out";
  }
  std::unreachable();
}

const char* event_name(AnnounceEvent event) {
  switch (event) {
    case AnnounceEvent::none:
      return "";
    case AnnounceEvent::completed:
      return "completed";
    case AnnounceEvent::started:
      return "started";
    case AnnounceEvent::stopped:
      return "stopped";
  }
  std::unreachable();
}

std::string tracker_text(std::string_view raw) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  // A character has at most 4 bytes, so nothing beyond this can be shown anyway.
  const std::string valid = repair_utf8(raw.substr(0, kTrackerTextMax * 4));
  std::string text;
  std::size_t characters = 0;
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const auto byte = static_cast<unsigned char>(valid[i]);
    const bool continues = (byte & 0xc0) == 0x80;
    if (!continues && characters++ == kTrackerTextMax) break;
    // C1 controls are two bytes in UTF-8, 0xc2 and 0x80 to 0x9f; terminals obey them too.
    const bool c1 =
        byte == 0xc2 && i + 1 < valid.size() && static_cast<unsigned char>(valid[i + 1]) < 0xa0;
    if (byte >= 0x20 && byte != 0x7f && !c1) {
      text += valid[i];
      continue;
    }
    const auto shown = c1 ? static_cast<unsigned char>(valid[++i]) : byte;
    text += "\\x";
    text += kDigits[shown >> 4];
    text += kDigits[shown & 15];
  }
  return text;
}

}  // namespace weir
