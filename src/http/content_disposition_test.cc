// SPDX-License-Identifier: MIT OR Apache-2.0
#include "http/content_disposition.h"

#include <gtest/gtest.h>

#include "http/field.h"

namespace weir::http {
namespace {

std::optional<std::string> name_of(std::string_view field) {
  const auto parsed = parse_content_disposition(field);
  EXPECT_TRUE(parsed) << field;
  return parsed ? parsed->file_name : std::nullopt;
}

TEST(ContentDisposition, ReadsTheExamplesOfRfc6266) {
  EXPECT_EQ(name_of("Attachment; filename=example.html"), "example.html");
  EXPECT_EQ(name_of("INLINE; FILENAME= \"an example.html\""), "an example.html");
  EXPECT_EQ(name_of("attachment; filename*= UTF-8''%e2%82%ac%20rates"), "\u20ac rates");
  EXPECT_EQ(name_of("attachment; filename=\"EURO rates\"; filename*=utf-8''%e2%82%ac%20rates"),
            "\u20ac rates");
  EXPECT_EQ(parse_content_disposition("INLINE")->type, "inline");
}

TEST(ContentDisposition, ExtendedNamesArePreferredInAnyOrderAndCharset) {
  EXPECT_EQ(name_of("a; filename*=UTF-8'en'b; filename=a"), "b");
  EXPECT_EQ(name_of("a; filename*=iso-8859-1'en'%A3%20rates"), "\u00a3 rates");
  // Broken ones give way to the plain name.
  EXPECT_EQ(name_of("a; filename=a; filename*=UTF-8''%ff"), "a");
  EXPECT_EQ(name_of("a; filename=a; filename*=UTF-8''%c0%af"), "a");
  EXPECT_EQ(name_of("a; filename=a; filename*=UTF-8''%4"), "a");
  EXPECT_EQ(name_of("a; filename=a; filename*=koi8-r''%c1"), "a");
  EXPECT_EQ(parse_content_disposition("a; filename*=UTF-8''%ff").error(), HttpErrc::malformed);
  // RFC 2231 continuations belong to mail; they are parameters of another name.
  EXPECT_EQ(name_of("a; filename*0=\"a\"; filename*1=\"b\""), std::nullopt);
}

TEST(ContentDisposition, PlainNamesAreUtf8OrLatin1) {
  EXPECT_EQ(name_of("a; filename=\"na\xc3\xafve\""), "na\u00efve");
  EXPECT_EQ(name_of("a; filename=\"na\xefve\""), "na\u00efve");
  EXPECT_EQ(name_of("a; filename=\"a%20b\""), "a%20b");
  EXPECT_EQ(name_of("a; filename=my file (1).txt; name=x"), "my file (1).txt");
  EXPECT_EQ(name_of("a; filename=\"\\\"quoted\\\" \\\\ ; x\""), "\"quoted\" \\ ; x");
  EXPECT_EQ(parse_content_disposition("form-data; name=\"file\"; filename=\"x\"")->field_name,
            "file");
}

TEST(ContentDisposition, RefusesWhatReadersWouldUnderstandDifferently) {
  EXPECT_EQ(parse_content_disposition("a; filename=a; filename=b").error(), HttpErrc::duplicate);
  EXPECT_EQ(parse_content_disposition("a; filename*=UTF-8''a; FILENAME*=UTF-8''b").error(),
            HttpErrc::duplicate);
  for (const std::string_view bad :
       {"", ";", "; filename=a", "=", "a b", "a; filename", "a; filename=", "a; filename=\"a",
        "a; filename=\"a\"b", "a; filename=a\"b", "a, b", "a; =b", "a; filename=\"a\r\nb\""}) {
    EXPECT_EQ(parse_content_disposition(bad).error(), HttpErrc::malformed) << bad;
  }
}

TEST(ContentDisposition, FieldsAreBounded) {
  const std::string head = "a; filename=\"";
  const auto field = [&](std::size_t size) {
    return head + std::string(size - head.size() - 1, 'x') + "\"";
  };
  EXPECT_TRUE(parse_content_disposition(field(kFieldBytesMax)));
  EXPECT_EQ(parse_content_disposition(field(kFieldBytesMax + 1)).error(), HttpErrc::too_long);
  std::string many = "a";
  for (std::size_t i = 0; i < kParametersMax; ++i) many += "; p=v";
  EXPECT_TRUE(parse_content_disposition(many));
  EXPECT_EQ(parse_content_disposition(many + "; p=v").error(), HttpErrc::too_many);
}

TEST(ContentDisposition, HostileNamesBecomeBaseNames) {
  EXPECT_EQ(safe_file_name("../../etc/passwd"), "passwd");
  EXPECT_EQ(safe_file_name("C:\\Windows\\System32\\calc.exe"), "calc.exe");
  EXPECT_EQ(safe_file_name("a\0b"), "a");
  EXPECT_EQ(safe_file_name(std::string_view("a\0b", 3)), "a_b");
  EXPECT_EQ(safe_file_name("x\r\nSet-Cookie: y"), "x__Set-Cookie: y");
  EXPECT_EQ(safe_file_name("photo\u202egnp.exe"), "photognp.exe");
  EXPECT_EQ(safe_file_name("CON"), "_CON");
  EXPECT_EQ(safe_file_name(" a "), "a");
  for (const std::string_view nothing : {"", ".", "..", "/", "a/", "a/..", "\\", " ", "a/ .. "}) {
    EXPECT_EQ(safe_file_name(nothing), std::nullopt) << nothing;
  }
  EXPECT_EQ(safe_file_name(std::string(300, 'a') + ".txt")->size(), 255U);
}

TEST(ContentDisposition, WritesPlainNamesPlainly) {
  EXPECT_EQ(format_content_disposition(Disposition::attachment, "a b.txt"),
            "attachment; filename=\"a b.txt\"");
  EXPECT_EQ(format_content_disposition(Disposition::show, ""), "inline");
}

TEST(ContentDisposition, WritesOtherNamesTwice) {
  EXPECT_EQ(format_content_disposition(Disposition::attachment, "\u20ac 100%.txt"),
            "attachment; filename=\"_ 100_.txt\"; filename*=UTF-8''%E2%82%AC%20100%25.txt");
}

TEST(ContentDisposition, WhatIsWrittenIsReadAgainAndStaysOneLine) {
  for (const std::string_view name :
       {"a", "a\"b", "a\\b", "a'b*c%", "\u0001\u001f\u007f", "na\u00efve; x=y", "\U0001F600.png",
        "line\r\nbreak", "tab\there"}) {
    const std::string field = format_content_disposition(Disposition::attachment, name);
    EXPECT_EQ(name_of(field), name);
    for (const char c : field) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << field;
  }
  EXPECT_EQ(name_of(format_content_disposition(Disposition::show, "a\xff")), "a\ufffd");
}

}  // namespace
}  // namespace weir::http
