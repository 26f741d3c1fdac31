// SPDX-License-Identifier: MIT OR Apache-2.0
// What a client sends on one HTTP connection: requests, one after the other. Input: a byte that
// says in what stretches the rest arrives. Each request is read as it arrives and once more whole;
// both readings must agree, and what is accepted must leave no doubt where it ends.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "http/accept.h"
#include "http/field.h"
#include "http/target.h"
#include "io/http_request_reader.h"

namespace {

using namespace weir;
using Event = HttpRequestReader::Event;

struct Reading {
  Event last = Event::more;
  unsigned status = 0;
  std::size_t used = 0;
  std::string target;
  std::string body;

  bool operator==(const Reading&) const = default;
};

void check_head(const HttpRequestReader& reader, const HttpRequestHead& head) {
  WEIR_ASSERT(http::is_token(head.method) && !head.target.empty());
  WEIR_ASSERT(head.fields.size() <= 20 && head.target.size() <= 200);
  WEIR_ASSERT(head.values("host").size() == 1);
  const std::size_t lengths = head.values("content-length").size();
  const std::size_t codings = head.values("transfer-encoding").size();
  WEIR_ASSERT(lengths + codings <= 1);
  WEIR_ASSERT(codings == 0 || (reader.is_http11() && !head.content_length));
  WEIR_ASSERT(head.has_body == (codings == 1 || head.content_length.value_or(0) > 0));
  for (const HttpField& field : head.fields) {
    WEIR_ASSERT(http::is_token(field.name));
    WEIR_ASSERT(field.value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
  }
  (void)reader.keep_alive();
  (void)reader.expects_continue();
  // What the routes do with it.
  if (const auto target = http::parse_target(head.target);
      target && target->path.starts_with('/')) {
    (void)http::decode_path(target->path);
    (void)http::Query::parse(target->query);
  }
}

Reading read(std::string_view text, std::size_t stretch) {
  HttpRequestReader reader(
      {.header_bytes_max = 2000, .header_count_max = 20, .target_bytes_max = 200});
  Reading out;
  std::size_t known = 0;
  for (;;) {
    const auto step = reader.next(as_bytes(text.substr(out.used, known - out.used)));
    WEIR_ASSERT(step.used <= known - out.used);
    out.used += step.used;
    out.last = step.event;
    if (step.event == Event::head) {
      const HttpRequestHead head = reader.take_head();
      check_head(reader, head);
      out.target = head.target;
    } else if (step.event == Event::data) {
      WEIR_ASSERT(!step.data.empty());
      out.body += as_text(step.data);
    } else if (step.event == Event::refused) {
      WEIR_ASSERT(step.status >= 400 && step.status <= 505);
      out.status = step.status;
      out.used = 0;  // where it was noticed depends on what had come
      return out;
    } else if (step.event == Event::end) {
      return out;
    } else if (step.used == 0) {
      // A reader that waits with this much before it would let a client fill the memory.
      WEIR_ASSERT(known - out.used <= HttpRequestReader::kFramingBytesMax + stretch);
      if (known == text.size()) return out;
      known = std::min(text.size(), known + stretch);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t stretch = std::size_t{1} + data[0];
  for (int requests = 0; requests < 8 && !rest.empty(); ++requests) {
    const Reading whole = read(rest, rest.size());
    WEIR_ASSERT(read(rest, stretch) == whole);
    if (whole.last != Event::end) break;
    rest.remove_prefix(whole.used);
  }
  return 0;
}
