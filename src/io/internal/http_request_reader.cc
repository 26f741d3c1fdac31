// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/http_request_reader.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <optional>
#include <string>
#include <utility>

#include "http/field.h"
#include "io/internal/http_chunks.h"

namespace weir {
namespace {

namespace beast = boost::beast;
using beast::error_code;

constexpr std::size_t kMethodBytesMax = 32;
constexpr unsigned kBadRequest = 400;
static_assert(HttpRequestReader::kFramingBytesMax == HttpChunks::kFramingBytesMax);

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

// 0 when the line is a request line of a version that is spoken here.
unsigned judge_request_line(std::string_view line, std::size_t target_bytes_max) {
  const std::size_t first = line.find(' ');
  if (first == std::string_view::npos || !http::is_token(line.substr(0, first))) return kBadRequest;
  line.remove_prefix(first + 1);
  const std::size_t second = line.find(' ');
  const std::string_view target = line.substr(0, second);
  if (target.size() > target_bytes_max) return 414;
  if (second == std::string_view::npos || target.empty()) return kBadRequest;
  if (std::ranges::any_of(target, [](char c) { return is_control(c) || c == '\t'; })) {
    return kBadRequest;
  }
  const std::string_view version = line.substr(second + 1);
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (version.size() != 8 || !version.starts_with("HTTP/") || !digit(version[5]) ||
      version[6] != '.' || !digit(version[7])) {
    return kBadRequest;
  }
  return version == "HTTP/1.1" || version == "HTTP/1.0" ? 0 : 505;
}

// A body ends where its last coding says, so the last one must be chunked (RFC 9112 section 6.1).
unsigned judge_transfer_coding(std::string_view value) {
  std::size_t codings = 0, chunked = 0;
  bool last = false;
  for (bool more = true; more;) {
    const std::size_t comma = value.find(',');
    more = comma != std::string_view::npos;
    last = http::equals_ignoring_case(http::trimmed(value.substr(0, comma)), "chunked");
    ++codings;
    chunked += last ? 1 : 0;
    if (more) value.remove_prefix(comma + 1);
  }
  if (!last || chunked > 1) return kBadRequest;
  return codings == 1 ? 0 : 501;
}

}  // namespace

struct HttpRequestReader::Parser final : beast::http::basic_parser<true> {
  HttpRequestHead head;
  bool http11 = false;
  bool expects_continue = false;
  unsigned status = kBadRequest;  // what an error means
  std::size_t hosts = 0, lengths = 0, codings = 0;
  HttpChunks chunks;
  std::uint64_t left = 0;  // of a body with a length
  bool chunked = false;

  Parser() {
    header_limit(UINT32_MAX);  // the reader has its own limits
    body_limit(boost::none);
  }

  void fail(unsigned why, error_code& ec) {
    status = why;
    ec = beast::http::error::bad_value;
  }

  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target,
                       int version, error_code&) override {
    head.method = view(method);
    head.target = view(target);
    http11 = version == 11;
  }
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     error_code& ec) override {
    judge_field(view(name), view(value), ec);
    head.fields.push_back({std::string(view(name)), std::string(view(value))});
  }
  void judge_field(std::string_view name, std::string_view value, error_code& ec) {
    using http::equals_ignoring_case;
    if (std::ranges::any_of(value, is_control)) return fail(kBadRequest, ec);
    if (equals_ignoring_case(name, "host")) {
      if (++hosts > 1) fail(kBadRequest, ec);
    } else if (equals_ignoring_case(name, "content-length")) {
      // Lists of equal lengths are allowed to a recipient, and are what smuggling is made of.
      const bool digits = std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
      if (++lengths > 1 || value.empty() || !digits) fail(kBadRequest, ec);
    } else if (equals_ignoring_case(name, "transfer-encoding")) {
      const unsigned refused = judge_transfer_coding(value);
      if (++codings > 1 || !http11) return fail(kBadRequest, ec);
      if (refused != 0) fail(refused, ec);
    } else if (equals_ignoring_case(name, "expect") && http11) {
      expects_continue = equals_ignoring_case(value, "100-continue");
      if (!expects_continue) fail(417, ec);
    }
  }
  void on_header_impl(error_code& ec) override {
    if (hosts != 1 || (lengths > 0 && codings > 0)) fail(kBadRequest, ec);
    chunked = codings > 0;
  }
  // Bodies are not given to this parser.
  std::size_t on_body_impl(beast::string_view, error_code&) override { return 0; }
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view, error_code&) override {
    return 0;
  }
  void on_response_impl(int, beast::string_view, int, error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
  void on_finish_impl(error_code&) override {}
};

HttpRequestReader::HttpRequestReader(const HttpReaderLimits& limits)
    : limits_(limits), parser_(std::make_unique<Parser>()) {}
HttpRequestReader::~HttpRequestReader() = default;

HttpRequestHead HttpRequestReader::take_head() { return std::move(parser_->head); }
bool HttpRequestReader::keep_alive() const { return parser_->keep_alive(); }
bool HttpRequestReader::is_http11() const { return parser_->http11; }
bool HttpRequestReader::expects_continue() const { return parser_->expects_continue; }

HttpRequestReader::Step HttpRequestReader::next(Bytes input) {
  if (refused_ != 0) return refuse(refused_);
  return in_body_ ? read_body(input) : scan_head(input);
}

HttpRequestReader::Step HttpRequestReader::refuse(unsigned status) {
  refused_ = status;
  return {.event = Event::refused, .status = status};
}

HttpRequestReader::Step HttpRequestReader::scan_head(Bytes input) {
  const std::string_view text = as_text(input);
  for (; scanned_ < text.size(); ++scanned_) {
    const char c = text[scanned_];
    const bool in_first = lines_ == 0;
    if (scanned_ >= limits_.header_bytes_max) return refuse(431);
    if (c == '\n') {
      if (scanned_ == line_ || text[scanned_ - 1] != '\r') return refuse(kBadRequest);
      const Step step = end_line(input, scanned_ + 1);
      if (step.event != Event::more || step.used > 0) return step;
      continue;
    }
    // A lone CR ends a line for some readers, NUL ends a string, a space goes on with the field.
    if (scanned_ > line_ && text[scanned_ - 1] == '\r') return refuse(kBadRequest);
    if (c == '\0' || (scanned_ == line_ && (c == ' ' || c == '\t'))) return refuse(kBadRequest);
    if (!in_first || c == '\r') continue;
    if (target_ == 0) {
      if (c == ' ') {
        target_ = scanned_ + 1;
      } else if (!http::is_token_char(c) || scanned_ - line_ >= kMethodBytesMax) {
        return refuse(kBadRequest);  // at once: what comes is no HTTP
      }
    } else if (scanned_ - target_ > limits_.target_bytes_max + sizeof(" HTTP/1.1")) {
      return refuse(414);
    }
  }
  return {};
}

HttpRequestReader::Step HttpRequestReader::end_line(Bytes input, std::size_t end) {
  const std::string_view line = as_text(input).substr(line_, end - 2 - line_);
  if (line.empty() && lines_ == 0) {
    // One empty line before a request is forgiven (RFC 9112 section 2.2).
    if (std::exchange(skipped_line_, true)) return refuse(kBadRequest);
    scanned_ = 0;
    return {.used = end};
  }
  if (line.empty()) return parse_head(input.first(end));
  if (lines_ == 0) {
    if (const unsigned status = judge_request_line(line, limits_.target_bytes_max)) {
      return refuse(status);
    }
  } else if (lines_ > limits_.header_count_max) {
    return refuse(431);
  }
  ++lines_;
  line_ = end;
  return {};
}

HttpRequestReader::Step HttpRequestReader::parse_head(Bytes head) {
  error_code ec;
  const std::size_t used = parser_->put(boost::asio::const_buffer(head.data(), head.size()), ec);
  if (ec || used != head.size()) return refuse(parser_->status);
  in_body_ = true;
  if (const auto length = parser_->content_length()) {
    parser_->head.content_length = *length;
    parser_->left = *length;
  }
  parser_->head.has_body = parser_->chunked || parser_->left > 0;
  parser_->expects_continue &= parser_->head.has_body;
  return {.event = Event::head, .used = used};
}

HttpRequestReader::Step HttpRequestReader::read_body(Bytes input) {
  if (parser_->chunked) {
    const HttpChunks::Step step = parser_->chunks.next(input);
    switch (step.event) {
      case HttpChunks::Event::more:
        return {.used = step.used};
      case HttpChunks::Event::data:
        return {.event = Event::data, .used = step.used, .data = step.data};
      case HttpChunks::Event::end:
        return {.event = Event::end, .used = step.used};
      case HttpChunks::Event::malformed:
        return refuse(kBadRequest);
    }
    std::unreachable();
  }
  if (parser_->left == 0) return {.event = Event::end};
  const std::size_t size = std::min<std::uint64_t>(parser_->left, input.size());
  if (size == 0) return {};
  parser_->left -= size;
  return {.event = Event::data, .used = size, .data = input.first(size)};
}

}  // namespace weir
