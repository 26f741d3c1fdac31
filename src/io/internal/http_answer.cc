// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/internal/http_answer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "http/field.h"

namespace weir {
namespace {

constexpr std::array<std::pair<unsigned, std::string_view>, 38> kReasons{{
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
}};

bool is_written_here(std::string_view name) {
  return std::ranges::any_of(
      std::array<std::string_view, 4>{"content-length", "transfer-encoding", "connection", "date"},
      [&](std::string_view own) { return http::equals_ignoring_case(name, own); });
}

bool is_writable_value(std::string_view value) {
  return std::ranges::none_of(value, [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

void add_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string_view reason_phrase(unsigned status) {
  const auto at = std::ranges::lower_bound(kReasons, status, {},
                                           [](const auto& reason) { return reason.first; });
  return at != kReasons.end() && at->first == status ? at->second : std::string_view();
}

bool is_bodiless(unsigned status) { return status == 204 || status == 304; }

bool is_writable(const HttpAnswer& answer) {
  return answer.status >= 200 && answer.status <= 599 &&
         std::ranges::all_of(answer.fields, [](const HttpField& field) {
           return http::is_token(field.name) && is_writable_value(field.value);
         });
}

std::string format_answer_head(const HttpAnswer& answer, const HttpHeadFacts& facts) {
  std::string out = "HTTP/1.1 " + std::to_string(answer.status) + ' ';
  out.append(reason_phrase(answer.status)).append("\r\n");
  add_field(out, "Date", facts.date);
  for (const HttpField& field : answer.fields) {
    if (!is_written_here(field.name)) add_field(out, field.name, field.value);
  }
  if (facts.framing == HttpFraming::length) {
    add_field(out, "Content-Length", std::to_string(facts.length));
  }
  if (facts.framing == HttpFraming::chunked) add_field(out, "Transfer-Encoding", "chunked");
  if (facts.close) {
    add_field(out, "Connection", "close");
  } else if (!facts.http11) {
    add_field(out, "Connection", "keep-alive");
  }
  return out += "\r\n";
}

HttpAnswer plain_answer(unsigned status) {
  HttpAnswer answer;
  answer.status = status;
  answer.fields.push_back({"Content-Type", "text/plain; charset=utf-8"});
  answer.body = std::string(reason_phrase(status)) + '\n';
  return answer;
}

}  // namespace weir
