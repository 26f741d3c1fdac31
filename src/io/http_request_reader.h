// SPDX-License-Identifier: MIT OR Apache-2.0
// Cuts the bytes of one HTTP/1.1 request into its head and its body (RFC 9112), and refuses what
// two readers could understand in two ways. It does no I/O.
//
// Lines, limits, the fields that decide where a message ends, and chunks are judged here; the
// grammar of heads below them is Boost.Beast's. One reader reads one request: next() is called with
// everything received and not yet used until it gives `end` or `refused`, which are final.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "io/http_server.h"

namespace weir {

struct HttpReaderLimits {
  std::size_t header_bytes_max = 64 * 1024;  // request line, fields and the empty line
  std::size_t header_count_max = 100;
  std::size_t target_bytes_max = 16 * 1024;
};

class HttpRequestReader {
 public:
  // The longest line between chunks, and the most that all trailers may have.
  static constexpr std::size_t kFramingBytesMax = 16 * 1024;

  enum class Event : std::uint8_t {
    more,     // no step without more input, unless `used` says that some was skipped
    head,     // head() and what follows it below is known
    data,     // `data` is the next stretch of the body
    end,      // the request is complete; again when asked again
    refused,  // with `status`; nothing after it can be trusted
  };
  struct Step {
    Event event = Event::more;
    std::size_t used = 0;  // of the input, from its beginning
    Bytes data = {};       // inside the input
    unsigned status = 0;
  };

  explicit HttpRequestReader(const HttpReaderLimits& limits);
  ~HttpRequestReader();

  // `input` continues where the used part of the one before ended.
  [[nodiscard]] Step next(Bytes input);

  // Valid from `head` on; `remote` and `local` are left to the caller.
  [[nodiscard]] HttpRequestHead take_head();
  [[nodiscard]] bool keep_alive() const;        // what the client asks for
  [[nodiscard]] bool is_http11() const;         // else HTTP/1.0: no chunks, no 100
  [[nodiscard]] bool expects_continue() const;  // it waits for a 100 before it sends the body

 private:
  struct Parser;
  [[nodiscard]] Step scan_head(Bytes input);
  [[nodiscard]] Step end_line(Bytes input, std::size_t end);
  [[nodiscard]] Step parse_head(Bytes head);
  [[nodiscard]] Step read_body(Bytes input);
  [[nodiscard]] Step refuse(unsigned status);

  HttpReaderLimits limits_;
  std::unique_ptr<Parser> parser_;
  bool in_body_ = false;
  bool skipped_line_ = false;
  unsigned refused_ = 0;
  // Of the head that is not complete: what was looked at, so that no byte is looked at twice.
  std::size_t scanned_ = 0;
  std::size_t line_ = 0;    // where the current line begins
  std::size_t lines_ = 0;   // complete ones
  std::size_t target_ = 0;  // where the target begins; 0 while the method lasts
};

}  // namespace weir
