// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/http_request_reader.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using Event = HttpRequestReader::Event;

// What a reader makes of `text` when it comes in stretches of `stretch` bytes.
struct Reading {
  std::string events;  // h head, e end, r refused
  std::string body;
  std::string rest;  // after the request
  unsigned status = 0;
  HttpRequestHead head;

  bool operator==(const Reading& other) const {
    return events == other.events && body == other.body && rest == other.rest &&
           status == other.status && head.target == other.head.target &&
           head.fields.size() == other.head.fields.size();
  }
};

Reading read(std::string_view text, std::size_t stretch, const HttpReaderLimits& limits = {}) {
  HttpRequestReader reader(limits);
  Reading out;
  std::size_t used = 0, known = 0;
  for (;;) {
    const auto step = reader.next(as_bytes(text.substr(used, known - used)));
    EXPECT_LE(step.used, known - used);
    used += step.used;
    switch (step.event) {
      case Event::more:
        if (step.used > 0) continue;
        if (known == text.size()) return out;
        known = std::min(text.size(), known + stretch);
        continue;
      case Event::head:
        out.events += 'h';
        out.head = reader.take_head();
        continue;
      case Event::data:
        out.body += as_text(step.data);
        continue;
      case Event::end:
        out.events += 'e';
        out.rest = text.substr(used);
        if (stretch < text.size()) out.rest = text.substr(used);
        EXPECT_EQ(reader.next({}).event, Event::end);
        return out;
      case Event::refused:
        out.events += 'r';
        out.status = step.status;
        EXPECT_EQ(reader.next({}).event, Event::refused);
        return out;
    }
  }
}

Reading read(std::string_view text) { return read(text, text.size()); }

// A request with these lines behind the first one and Host.
std::string with(std::string_view lines, std::string_view body = "") {
  return "POST / HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n" + std::string(body);
}

TEST(HttpRequestReader, AnyCutOfTheInputGivesTheSame) {
  const std::vector<std::string> inputs = {
      "\r\nGET /a?b HTTP/1.1\r\nHost: h\r\nX:\r\n\r\nGET",
      with("Content-Length: 5\r\n", "hello, world"),
      with("Transfer-Encoding: chunked\r\n",
           "5\r\nhello\r\nA;x=\"y\"\r\n0123456789\r\n0\r\nT: x\r\n\r\nrest"),
      with("Transfer-Encoding: chunked\r\n", "5\r\nhelloX0\r\n\r\n"),
      with("Transfer-Encoding: chunked\r\n", "0\r\nT: x\r\n\r\nrest"),
      with("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"),
  };
  for (const std::string& input : inputs) {
    const Reading whole = read(input);
    EXPECT_FALSE(whole.events.empty()) << input;
    for (std::size_t stretch = 1; stretch < input.size(); ++stretch) {
      const Reading cut = read(input, stretch);
      EXPECT_EQ(cut, whole) << stretch << " of\n" << input;
    }
  }
  EXPECT_EQ(read(inputs[2]).body, "hello0123456789");
  EXPECT_EQ(read(inputs[2]).rest, "rest");
}

TEST(HttpRequestReader, HTT_01_LengthsAndCodingsThatTwoReadersCouldTakeDifferently) {
  const std::string hidden = "0\r\n\r\nDELETE /canary HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::vector<std::pair<std::string, unsigned>> cases = {
      {"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", 400},
      {"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n", 400},
      {"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", 400},
      {"Transfer-Encoding: chunked, gzip\r\n", 400},
      {"Transfer-Encoding: xchunked\r\n", 400},
      {"Transfer-Encoding: chunkedx\r\n", 400},
      {"Transfer-Encoding: chunked, chunked\r\n", 400},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", 400},
      {"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", 400},
      {"Transfer-Encoding: identity\r\n", 400},
      {"Transfer-Encoding: \r\n", 400},
      {"Transfer-Encoding: chunked,\r\n", 400},
      {"Transfer-Encoding: \"chunked\"\r\n", 400},
      {"Transfer-Encoding: \x0b"
       "chunked\r\n",
       400},
      {"Transfer-Encoding : chunked\r\n", 400},
      {"Transfer-Encoding\t: chunked\r\n", 400},
      {" Transfer-Encoding: chunked\r\n", 400},
      {"X: y\r\n Transfer-Encoding: chunked\r\n", 400},
      {"Transfer-Encoding:\r\n chunked\r\n", 400},
      {"X: y\nTransfer-Encoding: chunked\r\n", 400},
      {"X: y\rTransfer-Encoding: chunked\r\n", 400},
      {std::string("X: y\0z\r\n", 8), 400},
      {"Transfer-Encoding: gzip, chunked\r\n", 501},
      {"Content-Length: 6\r\nContent-Length: 7\r\n", 400},
      {"Content-Length: 6\r\nContent-Length: 6\r\n", 400},
      {"Content-Length: 5, 5\r\n", 400},
      {"Content-Length: +5\r\n", 400},
      {"Content-Length: -5\r\n", 400},
      {"Content-Length: 0x5\r\n", 400},
      {"Content-Length: 5 5\r\n", 400},
      {"Content-Length: 5;\r\n", 400},
      {"Content-Length: \r\n", 400},
      {"Content-Length: 18446744073709551616\r\n", 400},
      {"Content-Length : 5\r\n", 400},
      {": x\r\n", 400},
      {"novalue\r\n", 400},
      {"X: \x01\r\n", 400},
      {"X: \x7f\r\n", 400},
      {"Expect: 200-ok\r\n", 417},
  };
  for (const auto& [lines, status] : cases) {
    const Reading out = read(with(lines, hidden));
    EXPECT_EQ(out.events, "r") << lines;
    EXPECT_EQ(out.status, status) << lines;
  }
}

TEST(HttpRequestReader, HTT_01_ChunksThatTwoReadersCouldTakeDifferently) {
  for (const std::string body :
       {"0x5\r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n", "5\nhello\n0\n\n\r\n", "5\r\nhello!\r\n0\r\n\r\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n", "5\rX\r\nhello\r\n", "5 \r\nhello\r\n0\r\n\r\n",
        "00000000000000005\r\nhello\r\n0\r\n\r\n", "0\r\nno colon\r\n\r\n",
        "0\r\nX: y\r\n z\r\n\r\n", "0\r\nX: \x01\r\n\r\n", "0\r\n\n", "g\r\nhello\r\n0\r\n\r\n",
        "5;\nx\r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n"}) {
    const Reading out = read(with("Transfer-Encoding: chunked\r\n", body));
    EXPECT_EQ(out.events, "hr") << body;
    EXPECT_EQ(out.status, 400u) << body;
  }
}

TEST(HttpRequestReader, TrailersChangeNothing) {
  const Reading out =
      read(with("Transfer-Encoding: chunked\r\n", "0\r\nHost: evil\r\nX-Token: y\r\n\r\nrest"));
  EXPECT_EQ(out.events, "he");
  EXPECT_EQ(out.head.fields.size(), 2u);
  EXPECT_EQ(out.rest, "rest");
}

TEST(HttpRequestReader, LinesBetweenChunksAndTrailersAtTheirLimitAndPastThem) {
  const std::size_t most = HttpRequestReader::kFramingBytesMax;
  const std::string head = with("Transfer-Encoding: chunked\r\n");
  const auto line = [](std::size_t bytes) { return "1;" + std::string(bytes - 4, 'x') + "\r\n"; };
  const auto trailers = [](std::size_t bytes) {
    return "0\r\nX: " + std::string(bytes - 7, 'x') + "\r\n\r\n";
  };
  for (const std::size_t stretch : {std::size_t{1}, std::size_t{4096}, most * 4}) {
    EXPECT_EQ(read(head + line(most) + "a\r\n0\r\n\r\n", stretch).events, "he");
    EXPECT_EQ(read(head + line(most + 1) + "a\r\n0\r\n\r\n", stretch).events, "hr");
    EXPECT_EQ(read(head + "1;" + std::string(most, 'x'), stretch).events, "hr");
    EXPECT_EQ(read(head + trailers(most), stretch).events, "he");
    EXPECT_EQ(read(head + trailers(most + 1), stretch).events, "hr");
  }
}

TEST(HttpRequestReader, HTT_11_ExactlyOneHost) {
  EXPECT_EQ(read("GET / HTTP/1.1\r\nHost: a\r\n\r\n").events, "he");
  EXPECT_EQ(read("GET / HTTP/1.1\r\n\r\n").status, 400u);
  EXPECT_EQ(read("GET / HTTP/1.0\r\n\r\n").status, 400u);
  EXPECT_EQ(read("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n").status, 400u);
}

TEST(HttpRequestReader, RequestLines) {
  const std::vector<std::pair<std::string, unsigned>> cases = {
      {"GET / HTTP/2.0", 505},
      {"PRI * HTTP/2.0", 505},
      {"GET / HTTP/1.2", 505},
      {"GET / HTTP/0.9", 505},
      {"GET / HTTP/11.1", 400},
      {"GET / http/1.1", 400},
      {"GET /", 400},
      {"GET  / HTTP/1.1", 400},
      {"GET / HTTP/1.1 ", 400},
      {"GET /a b HTTP/1.1", 400},
      {" GET / HTTP/1.1", 400},
      {"GET\t/ HTTP/1.1", 400},
      {"G@T / HTTP/1.1", 400},
      {"GET /\x01 HTTP/1.1", 400},
      {"GET /\t HTTP/1.1", 400},
      {"GET / HTTP/1.1\tX", 400},
      {"\x16\x03\x01", 400},
      {std::string(33, 'G') + " / HTTP/1.1", 400},
  };
  for (const auto& [line, status] : cases) {
    EXPECT_EQ(read(line + "\r\nHost: h\r\n\r\n").status, status) << line;
  }
  // What is no HTTP is refused before a line ends.
  EXPECT_EQ(read("\x16\x03\x01").status, 400u);
  EXPECT_EQ(read("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n").status, 400u);
}

TEST(HttpRequestReader, HTT_03_TargetsAtTheLimitAndPastIt) {
  const HttpReaderLimits limits{.target_bytes_max = 100};
  const auto line = [](std::size_t bytes) { return "GET /" + std::string(bytes - 1, 'a'); };
  EXPECT_EQ(read(line(100) + " HTTP/1.1\r\nHost: h\r\n\r\n", 7, limits).events, "he");
  EXPECT_EQ(read(line(101) + " HTTP/1.1\r\nHost: h\r\n\r\n", 7, limits).status, 414u);
  // A line that does not end is not waited for.
  EXPECT_EQ(read("GET /" + std::string(64 * 1024, 'a'), 1000).status, 414u);
}

TEST(HttpRequestReader, LIM_13_HeaderBlockAtTheLimitAndPastIt) {
  const auto block = [](std::size_t bytes) {
    const std::string most = "GET / HTTP/1.1\r\nHost: h\r\nX: \r\n\r\n";
    return "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(bytes - most.size(), 'x') + "\r\n\r\n";
  };
  EXPECT_EQ(read(block(64 * 1024), 5000).events, "he");
  EXPECT_EQ(read(block(64 * 1024 + 1), 5000).status, 431u);
  EXPECT_EQ(read(block(1u << 20), 5000).status, 431u);
}

TEST(HttpRequestReader, LIM_13_HeaderCountAtTheLimitAndPastIt) {
  const auto fields = [](int count) {
    std::string out = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (int i = 1; i < count; ++i) out += "X: y\r\n";
    return out + "\r\n";
  };
  EXPECT_EQ(read(fields(100)).head.fields.size(), 100u);
  EXPECT_EQ(read(fields(101)).status, 431u);
  EXPECT_EQ(read(fields(10000)).status, 431u);
}

}  // namespace
}  // namespace weir
