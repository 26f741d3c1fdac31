// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/tar_reader.h"

#include <gtest/gtest.h>

#include "http/tar_writer.h"
#include "metainfo/path.h"

namespace weir::http {
namespace {

namespace fields = tar_fields;

const std::string kEnd(2 * kTarBlock, '\0');

std::string octal(std::uint64_t value, std::size_t width) {
  std::string out(width, '0');
  for (std::size_t i = width; i-- > 0; value /= 8) out[i] = static_cast<char>('0' + value % 8);
  return out;
}

// Writes the checksum that the rest of the header has.
std::string sealed(std::string header) {
  const std::uint32_t sum = tar_checksum(as_bytes(header).first<kTarBlock>());
  return header.replace(fields::kChecksum.offset, 8, octal(sum, 6) + std::string("\0 ", 2));
}

std::string padded(std::string data) {
  data.append(tar_padding(data.size()), '\0');
  return data;
}

// A header with any name, type and size, whether or not a good writer would make it.
std::string header(std::string_view name, char type, std::uint64_t size) {
  std::string out(kTarBlock, '\0');
  out.replace(0, name.size(), name);
  out.replace(fields::kMode.offset, 7, "0000644");
  out.replace(fields::kSize.offset, 11, octal(size, 11));
  out.replace(fields::kMtime.offset, 11, octal(1000, 11));
  out[fields::kType.offset] = type;
  out.replace(fields::kMagic.offset, 8,
              std::string("ustar\0"
                          "00",
                          8));
  return sealed(out);
}

std::string entry(std::string_view name, std::string content, char type = '0') {
  const std::string head = header(name, type, content.size());
  return head + padded(std::move(content));
}

std::string pax(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (rest + std::to_string(length).size() != length) ++length;
  return std::to_string(length) + " " + std::string(key) + "=" + std::string(value) + "\n";
}

std::string pax_entry(std::string data, char type = 'x') {
  return entry("pax", std::move(data), type);
}

// What the reader makes of an archive fed in pieces of `step` bytes: one line an entry, or the
// error's number.
struct Outcome {
  std::string text;
  std::optional<TarErrc> error;
  bool operator==(const Outcome&) const = default;
};

Outcome read(std::string_view archive, const TarLimits& limits = {}, std::size_t step = 1 << 20) {
  TarReader reader(limits);
  Outcome out;
  const auto drain = [&] {
    while (!out.error) {
      const auto event = reader.next();
      if (!event) out.error = event.error().code;
      if (!event || !*event) return;
      if (const auto* begun = std::get_if<TarEntry>(&**event)) {
        out.text += begun->path + (begun->kind == TarKind::directory ? "/" : "") + ":" +
                    std::to_string(begun->size) + (begun->executable ? "*" : "") +
                    (begun->renamed ? "!" : "") + "@" + std::to_string(begun->mtime_s) + " ";
      } else if (const auto* content = std::get_if<TarContent>(&**event)) {
        out.text += as_text(content->bytes);
        if (content->last) out.text += ". ";
      } else {
        out.text += "end";
      }
    }
  };
  while (!archive.empty() && !out.error) {
    reader.feed(as_bytes(archive.substr(0, step)));
    drain();
    archive.remove_prefix(std::min(step, archive.size()));
  }
  const auto finished = reader.finish();
  if (!finished) out.error = finished.error().code;
  return out;
}

std::optional<TarErrc> error_of(std::string_view archive, const TarLimits& limits = {}) {
  return read(archive, limits).error;
}

std::string text_of(std::string_view archive) {
  const Outcome outcome = read(archive);
  EXPECT_EQ(outcome.error, std::nullopt);
  return outcome.text;
}

TEST(TarReader, ReadsFilesAndFolders) {
  EXPECT_EQ(text_of(entry("d/", "", '5') + entry("d/a", "hello") + entry("b", "") + kEnd),
            "d/:0@1000 d/a:5@1000 hello. b:0@1000 end");
  EXPECT_EQ(text_of(kEnd), "end");
  EXPECT_EQ(text_of(entry("./", "", '5') + entry("./a//b/./c", "x") + kEnd), "a/b/c:1@1000 x. end");
}

TEST(TarReader, EveryCutOfTheStreamGivesTheSameEvents) {
  const std::string archive = pax_entry(pax("path", "long/na\u00efve") + pax("mtime", "5.5")) +
                              entry("x", std::string(600, 'c')) + entry("d", "", '5') + kEnd;
  const Outcome whole = read(archive);
  EXPECT_EQ(whole.error, std::nullopt);
  for (const std::size_t step : {1U, 3U, 511U, 512U, 513U, 1000U}) {
    EXPECT_EQ(read(archive, {}, step), whole) << step;
  }
}

TEST(TarReader, ReadsWhatTheWriterWrites) {
  TarWriteEntry big;
  big.path = "deep/" + std::string(200, 'n') + "/\u20ac";
  big.size = 3;
  big.mtime_s = -5;
  big.executable = true;
  const std::string archive = tar_header(big) + padded("abc") + kEnd;
  EXPECT_EQ(text_of(archive), big.path + ":3*@-5 abc. end");
}

TEST(TarReader, PaxRecordsOutrankTheHeaderAndGlobalOnesAreSkipped) {
  EXPECT_EQ(text_of(pax_entry(pax("comment", "abc"), 'g') +
                    pax_entry(pax("path", "p") + pax("size", "2") + pax("mtime", "7.9") +
                              pax("uname", "nobody")) +
                    header("x", '0', 9) + padded("ab") + entry("next", "") + kEnd),
            "p:2@7 ab. next:0@1000 end");
}

TEST(TarReader, ReadsLongNamesAndBinarySizesOfGnuTar) {
  const std::string name(150, 'n');
  std::string head = header("cut", '0', 0);
  head.replace(fields::kMagic.offset, 8, std::string("ustar  \0", 8));
  head.replace(fields::kSize.offset, 12, std::string("\x80\0\0\0\0\0\0\0\0\0\0\x03", 12));
  // Where POSIX has the prefix, GNU has times.
  head.replace(fields::kPrefix.offset, 11, "00000000000");
  EXPECT_EQ(text_of(entry("././@LongLink", name + '\0', 'L') + sealed(head) + padded("abc") + kEnd),
            name + ":3@1000 abc. end");
}

TEST(TarReader, PrefixAndNameAreOnePath) {
  std::string head = header("name", '0', 0);
  head.replace(fields::kPrefix.offset, 6, "prefix");
  EXPECT_EQ(text_of(sealed(head) + kEnd), "prefix/name:0@1000 end");
}

TEST(TarReader, HTT_10_NoPathLeavesTheFolder) {
  for (const std::string_view bad :
       {"/etc/passwd", "..", "../a", "a/../../b", "a/..", "a/../b", "..\\..\\a", "a\\..\\b", "./..",
        "//a", ".", "\xff", "\xc0\xae"}) {
    EXPECT_EQ(error_of(entry(bad, "x") + kEnd), TarErrc::bad_path) << bad;
    EXPECT_EQ(error_of(pax_entry(pax("path", bad)) + entry("ok", "x") + kEnd), TarErrc::bad_path)
        << bad;
  }
  EXPECT_EQ(error_of(entry("", "x") + kEnd), TarErrc::bad_path);
  EXPECT_EQ(error_of(pax_entry(pax("path", std::string_view("a\0b", 3))) + entry("ok", "") + kEnd),
            TarErrc::bad_path);
  EXPECT_EQ(error_of(entry("../d/", "", '5') + kEnd), TarErrc::bad_path);
}

TEST(TarReader, UnsafeNamesAreMadeSafeAndSaidToBe) {
  EXPECT_EQ(text_of(entry("C:/a\nb/con", "") + kEnd), "C_/a_b/_con:0!@1000 end");
}

TEST(TarReader, RefusesLinksDevicesSparseAndUnknownEntries) {
  for (const char type : {'1', '2', 'K'}) {
    EXPECT_EQ(error_of(entry("a", "", type) + kEnd), TarErrc::link) << type;
  }
  for (const char type : {'3', '4', '6'}) {
    EXPECT_EQ(error_of(entry("a", "", type) + kEnd), TarErrc::special) << type;
  }
  EXPECT_EQ(error_of(entry("a", "", 'S') + kEnd), TarErrc::sparse);
  EXPECT_EQ(error_of(pax_entry(pax("GNU.sparse.major", "1")) + entry("a", "") + kEnd),
            TarErrc::sparse);
  EXPECT_EQ(error_of(pax_entry(pax("linkpath", "x")) + entry("a", "") + kEnd), TarErrc::link);
  for (const char type : {'8', 'D', 'M', 'V', 'X', '\xff'}) {
    EXPECT_EQ(error_of(entry("a", "", type) + kEnd), TarErrc::unsupported) << type;
  }
}

TEST(TarReader, NothingIsReplaced) {
  EXPECT_EQ(error_of(entry("a", "") + entry("a", "") + kEnd), TarErrc::duplicate);
  EXPECT_EQ(error_of(entry("a", "") + entry("./a", "") + kEnd), TarErrc::duplicate);
  EXPECT_EQ(error_of(entry("a", "") + entry("a/b", "") + kEnd), TarErrc::duplicate);
  EXPECT_EQ(error_of(entry("a/b", "") + entry("a", "") + kEnd), TarErrc::duplicate);
  EXPECT_EQ(error_of(entry("a/", "", '5') + entry("a/", "", '5') + kEnd), TarErrc::duplicate);
  EXPECT_EQ(error_of(entry("a\x01", "") + entry("a\x02", "") + kEnd), TarErrc::duplicate);
  // A folder may be listed after what is in it.
  EXPECT_EQ(error_of(entry("a/b", "") + entry("a/", "", '5') + kEnd), std::nullopt);
}

TEST(TarReader, EveryShorterStreamIsTruncated) {
  const std::string archive = pax_entry(pax("path", "p")) + entry("a", "content") + kEnd;
  for (std::size_t size = 0; size < archive.size(); size += 61) {
    EXPECT_EQ(error_of(std::string_view(archive).substr(0, size)), TarErrc::truncated) << size;
  }
  EXPECT_EQ(error_of(std::string_view(archive).substr(0, archive.size() - 1)), TarErrc::truncated);
}

TEST(TarReader, AfterTheEndMarkThereAreOnlyZeroes) {
  TarLimits limits;
  limits.trailing_bytes_max = 1024;
  EXPECT_EQ(error_of(kEnd + std::string(1024, '\0'), limits), std::nullopt);
  EXPECT_EQ(error_of(kEnd + std::string(1025, '\0'), limits), TarErrc::bad_end);
  EXPECT_EQ(error_of(kEnd + entry("a", "")), TarErrc::bad_end);
  EXPECT_EQ(error_of(std::string(kTarBlock, '\0') + entry("a", "") + kEnd), TarErrc::bad_end);
}

TEST(TarReader, HeadersMustBeWhole) {
  std::string changed = entry("a", "");
  changed[0] = 'b';
  EXPECT_EQ(error_of(changed + kEnd), TarErrc::bad_checksum);
  EXPECT_EQ(error_of(std::string(kTarBlock, 'x') + kEnd), TarErrc::not_tar);
  std::string old = header("a", '0', 0);
  old.replace(fields::kMagic.offset, 8, std::string(8, '\0'));
  EXPECT_EQ(error_of(sealed(old) + kEnd), TarErrc::not_tar);
}

TEST(TarReader, NumbersThatDoNotFitAreRefused) {
  for (const std::string& bad :
       {std::string("0000000000x"), std::string("-0000000001"), std::string("\xff", 1),
        "\x80" + std::string(10, '\x7f'), "\xc0" + std::string(11, '\0'),
        "\x80" + std::string(3, '\0') + "\x80" + std::string(7, '\0'), std::string("9")}) {
    std::string head = header("a", '0', 0);
    head.replace(fields::kSize.offset, bad.size(), bad);
    EXPECT_EQ(error_of(sealed(head) + kEnd), TarErrc::bad_number) << to_hex(as_bytes(bad));
  }
  EXPECT_EQ(error_of(pax_entry(pax("size", "9223372036854775808")) + entry("a", "") + kEnd),
            TarErrc::bad_number);
  EXPECT_EQ(error_of(entry("d", "content", '5') + kEnd), TarErrc::bad_number);
}

TEST(TarReader, MalformedPaxHeadersAreRefused) {
  for (const std::string_view bad :
       {"x", "5", "99 path=a\n", "8 path=a", "7 path=a\n", "0 path=a\n", "4 a\n", "5 =a\n",
        "-1 path=a\n", "9 path=a\nrest", "9 path=a\n\n", "99999999999999999999999 a=b\n"}) {
    EXPECT_EQ(error_of(pax_entry(std::string(bad)) + entry("a", "") + kEnd), TarErrc::bad_pax)
        << bad;
  }
  for (const auto& [key, value] : std::initializer_list<std::pair<const char*, const char*>>{
           {"path", ""}, {"size", "-1"}, {"size", ""}, {"mtime", "x"}, {"mtime", "1.x"}}) {
    EXPECT_EQ(error_of(pax_entry(pax(key, value)) + entry("a", "") + kEnd), TarErrc::bad_pax);
  }
  EXPECT_EQ(error_of(pax_entry(pax("path", "a"), 'g') + entry("a", "") + kEnd), TarErrc::bad_pax);
  EXPECT_EQ(error_of(header("pax", 'x', 0) + entry("a", "") + kEnd), TarErrc::bad_pax);
}

TEST(TarReader, ExtendedHeadersBelongToOneEntry) {
  const std::string one = pax_entry(pax("path", "a"));
  EXPECT_EQ(error_of(one + one + entry("b", "") + kEnd), TarErrc::misplaced);
  EXPECT_EQ(error_of(one + kEnd), TarErrc::misplaced);
  EXPECT_EQ(error_of(one + pax_entry(pax("comment", "c"), 'g') + entry("b", "") + kEnd),
            TarErrc::misplaced);
  EXPECT_EQ(text_of(entry("@LongLink", "gnu", 'L') + one + entry("b", "") + kEnd), "a:0@1000 end");
}

TEST(TarReader, EntriesAndSizesAreBounded) {
  const std::string three = entry("a", "1234") + entry("b", "1234") + entry("c", "") + kEnd;
  EXPECT_EQ(error_of(three, {.entries_max = 3}), std::nullopt);
  EXPECT_EQ(error_of(three, {.entries_max = 2}), TarErrc::too_many);
  EXPECT_EQ(error_of(three, {.file_bytes_max = 4}), std::nullopt);
  EXPECT_EQ(error_of(three, {.file_bytes_max = 3}), TarErrc::file_too_large);
  EXPECT_EQ(error_of(three, {.total_bytes_max = 8}), std::nullopt);
  EXPECT_EQ(error_of(three, {.total_bytes_max = 7}), TarErrc::total_too_large);
  const std::string globals = pax_entry(pax("a", "b"), 'g') + pax_entry(pax("a", "b"), 'g') + kEnd;
  EXPECT_EQ(error_of(globals, {.entries_max = 2}), std::nullopt);
  EXPECT_EQ(error_of(globals, {.entries_max = 1}), TarErrc::too_many);
}

TEST(TarReader, ExtendedHeadersAreBounded) {
  const std::string record = pax("comment", "0123456789");
  const std::string archive = pax_entry(record) + entry("a", "") + kEnd;
  EXPECT_EQ(error_of(archive, {.header_bytes_max = record.size()}), std::nullopt);
  EXPECT_EQ(error_of(archive, {.header_bytes_max = record.size() - 1}), TarErrc::header_too_long);
}

TEST(TarReader, PathsAreBoundedAloneTogetherAndInDepth) {
  const auto with_path = [](const std::string& path) {
    return pax_entry(pax("path", path)) + entry("a", "") + kEnd;
  };
  std::string path;
  while (path.size() < kPathBytesMax) path += std::string(63, 'a') + '/';
  path.back() = 'b';
  EXPECT_EQ(error_of(with_path(path)), std::nullopt);
  EXPECT_EQ(error_of(with_path(path + 'c')), TarErrc::path_too_long);
  std::string deep = "a";
  for (std::size_t i = 1; i < kPathDepthMax; ++i) deep += "/a";
  EXPECT_EQ(error_of(with_path(deep)), std::nullopt);
  EXPECT_EQ(error_of(with_path(deep + "/a")), TarErrc::bad_path);
  // The folder "a" and the file "a/b".
  const std::size_t cost = 4 + 2 * kTarKnownOverhead;
  EXPECT_EQ(error_of(entry("a/b", "") + kEnd, {.known_bytes_max = cost}), std::nullopt);
  EXPECT_EQ(error_of(entry("a/b", "") + kEnd, {.known_bytes_max = cost - 1}),
            TarErrc::path_too_long);
}

TEST(TarReader, AnErrorIsFinal) {
  TarReader reader;
  const std::string bad = entry("../a", "x");
  reader.feed(as_bytes(bad));
  EXPECT_FALSE(reader.next());
  EXPECT_EQ(reader.next().error().code, TarErrc::bad_path);
  reader.feed(as_bytes(kEnd));
  EXPECT_EQ(reader.next().error().code, TarErrc::bad_path);
  EXPECT_EQ(reader.finish().error().code, TarErrc::bad_path);
}

TEST(TarReader, ContentIsPassedThroughAndNeverKept) {
  TarReader reader;
  const std::string head = header("a", '0', 1 << 30);
  reader.feed(as_bytes(head));
  EXPECT_TRUE(std::holds_alternative<TarEntry>(**reader.next()));
  EXPECT_FALSE(reader.next()->has_value());
  const std::string part(1000, 'x');
  reader.feed(as_bytes(part));
  const auto event = reader.next();
  EXPECT_EQ(std::get<TarContent>(**event).bytes.data(), as_bytes(part).data());
  EXPECT_EQ(std::get<TarContent>(**event).bytes.size(), part.size());
}

}  // namespace
}  // namespace weir::http
