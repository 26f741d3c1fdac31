// SPDX-License-Identifier: MIT OR Apache-2.0
#include "store/content_index.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

ContentId content(int number, std::uint64_t length = 100) {
  ContentId out;
  out.root.bytes[0] = static_cast<std::byte>(number);
  out.length = length;
  return out;
}

Copy copy(const std::string& path, const ContentId& of, std::uint64_t file_id,
          const std::string& owner, CopyKind kind = CopyKind::fetched) {
  return {path, of, {of.length, 7, file_id}, kind, owner, 0};
}

TEST(ContentIndex, CopiesAreFoundByContentByLengthAndByOwner) {
  ContentIndex index;
  const Copy a = copy("/a", content(1), 1, "x"), b = copy("/b", content(1), 2, "y");
  const Copy c = copy("/c", content(2), 3, "x");
  for (const Copy& each : {b, c, a}) index.put(each);
  EXPECT_EQ(index.copies_of(content(1)), (std::vector<Copy>{a, b}));
  EXPECT_EQ(index.of_length(100), (std::vector<ContentId>{content(1), content(2)}));
  EXPECT_TRUE(index.of_length(99).empty());
  EXPECT_EQ(index.owned_by("x"), (std::vector<Copy>{a, c}));
  EXPECT_EQ(index.owners(), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(index.remove_owner("x"), (std::vector<std::string>{"/a", "/c"}));
  EXPECT_EQ(index.contents(), std::vector<ContentId>{content(1)});
  EXPECT_EQ(index.find("/a"), nullptr);
  EXPECT_TRUE(index.remove_owner("x").empty());
}

TEST(ContentIndex, APathHasOneContentAtATime) {
  ContentIndex index;
  index.put(copy("/a", content(1), 1, "x"));
  index.put(copy("/a", content(2), 2, "y"));
  EXPECT_TRUE(index.copies_of(content(1)).empty());
  EXPECT_TRUE(index.owned_by("x").empty());
  EXPECT_EQ(index.totals().copies, 1u);
  EXPECT_EQ(index.totals().contents, 1u);
}

TEST(ContentIndex, TheSameLengthOfOtherContentStaysKnown) {
  ContentIndex index;
  index.put(copy("/a", content(1), 1, "x"));
  index.put(copy("/b", content(2), 2, "x"));
  index.remove("/a");
  EXPECT_EQ(index.of_length(100), std::vector<ContentId>{content(2)});
}

TEST(ContentIndex, TotalsCountAFileOnceAndWhatSharingSaves) {
  ContentIndex index;
  index.put(copy("/a", content(1), 1, "x"));
  index.put(copy("/b", content(1), 1, "y"));  // a second name
  index.put(copy("/c", content(1), 9, "z"));  // a second file
  EXPECT_EQ(index.totals().bytes, 200u);
  EXPECT_EQ(index.totals().shared_bytes, 100u);
  index.put(copy("/c", content(1), 1, "z"));  // made a link
  EXPECT_EQ(index.totals().bytes, 100u);
  EXPECT_EQ(index.totals().shared_bytes, 200u);
  index.put(copy("/mine", content(1), 5, "p", CopyKind::in_place));
  EXPECT_EQ(index.totals().bytes, 100u) << "somebody else's";
  for (const char* path : {"/a", "/b", "/c", "/mine"}) index.remove(path);
  EXPECT_EQ(index.totals().bytes, 0u);
  EXPECT_EQ(index.totals().shared_bytes, 0u);
  EXPECT_EQ(index.totals().copies, 0u);
}

TEST(ContentIndex, NamesOfOneUploadSaveNothing) {
  ContentIndex index;
  index.put(copy("/a", content(1), 1, "root", CopyKind::upload));
  index.put(copy("/b", content(1), 1, "root", CopyKind::upload));
  EXPECT_EQ(index.totals().shared_bytes, 0u);
  index.put(copy("/c", content(1), 1, "x"));
  EXPECT_EQ(index.totals().shared_bytes, 100u);
}

TEST(ContentIndex, AFileIsUnchangedWhileItsSizeAndTimeAre) {
  EXPECT_TRUE(unchanged({5, 6, 7}, {5, 6, 8})) << "after another start of the machine";
  EXPECT_FALSE(unchanged({5, 6, 7}, {4, 6, 7}));
  EXPECT_FALSE(unchanged({5, 6, 7}, {5, 7, 7}));
}

}  // namespace
}  // namespace weir
