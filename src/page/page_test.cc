// SPDX-License-Identifier: MIT OR Apache-2.0
#include "page/page.h"

#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

TEST(Page, FilesAreInsideWithTheirTypes) {
  const PageFile* index = find_page_file("index.html");
  ASSERT_TRUE(index);
  EXPECT_TRUE(index->bytes.starts_with("<!DOCTYPE html>"));
  EXPECT_TRUE(index->bytes.ends_with("</html>\n"));
  EXPECT_EQ(media_type_of(*index), "text/html; charset=utf-8");
  ASSERT_TRUE(find_page_file("app.js"));
  EXPECT_EQ(media_type_of(*find_page_file("app.js")), "text/javascript; charset=utf-8");
  EXPECT_FALSE(find_page_file("none.js"));
  EXPECT_FALSE(find_page_file("../page.h"));
}

TEST(Page, EveryFileHasATypeAndALicence) {
  for (const PageFile& file : page_files()) {
    EXPECT_NE(media_type_of(file), "application/octet-stream") << file.name;
    EXPECT_TRUE(has(file.bytes.substr(0, 200), "SPDX-License-Identifier")) << file.name;
  }
}

TEST(Page, TheVersionIsInEveryAddressOfTheIndex) {
  ASSERT_EQ(page_version().size(), 16U);
  const std::string_view text = find_page_file("index.html")->bytes;
  EXPECT_FALSE(has(text, "@version@"));
  for (std::size_t at = 0; (at = text.find("page/", at)) != std::string_view::npos; at += 5) {
    EXPECT_TRUE(text.substr(at + 5).starts_with(std::string(page_version()) + "/")) << at;
  }
}

TEST(Page, NothingInTheMarkupNeedsMoreThanAStrictPolicyGives) {
  const std::string_view text = find_page_file("index.html")->bytes;
  for (const std::string_view part : {"style=", "<style", " onclick", " onload",
                                      "javascript:", "http://", "https://", "<script>"}) {
    EXPECT_FALSE(has(text, part)) << part;
  }
}

TEST(Page, NoScriptMakesMarkupFromText) {
  for (const PageFile& file : page_files()) {
    if (!file.name.ends_with(".js")) continue;
    for (const std::string_view part : {"innerHTML", "outerHTML", "insertAdjacentHTML",
                                        "document.write", "eval(", "new Function"}) {
      EXPECT_FALSE(has(file.bytes, part)) << file.name << ": " << part;
    }
  }
}

}  // namespace
}  // namespace weir
