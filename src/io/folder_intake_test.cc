// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/folder_intake.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace weir {
namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;

class FolderIntakeTest : public testing::Test {
 protected:
  FolderIntakeTest() {
    std::string name = (fs::temp_directory_path() / "weir-intake-XXXXXX").string();
    base_ = mkdtemp(name.data());
    intake_ = std::move(*FolderIntake::open(base_ / "in"));
    fs::create_directory(base_ / "out");
  }
  ~FolderIntakeTest() override { fs::remove_all(base_); }

  std::unique_ptr<FolderIntake::Tree> tree(const Names& paths) {
    auto out = intake_->begin();
    EXPECT_TRUE(out.has_value());
    for (const std::string& path : paths) {
      EXPECT_TRUE((*out)->add_file(path, path.ends_with(".sh")).has_value());
      EXPECT_TRUE((*out)->write(as_bytes("of ")).has_value());
      EXPECT_TRUE((*out)->write(as_bytes(path)).has_value());
    }
    return std::move(*out);
  }
  void put(const std::string& path, std::string_view text) {
    fs::create_directories((base_ / path).parent_path());
    std::ofstream(base_ / path) << text;
  }
  std::string text_of(const std::string& path) {
    std::ifstream file(base_ / path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  Names files() {
    Names out;
    for (const auto& entry : fs::recursive_directory_iterator(base_)) {
      if (!entry.is_directory()) out.insert(fs::relative(entry.path(), base_).string());
    }
    return out;
  }
  DiskResult<void> place(FolderIntake::Tree& tree) {
    return intake_->place(tree, "ab12", as_bytes("torrent"), base_ / "out" / "ab12");
  }

  fs::path base_;
  std::unique_ptr<FolderIntake> intake_;
};

TEST_F(FolderIntakeTest, WhatIsNotPlacedLeavesNothing) {
  (void)tree({"a/b/c", "d"});
  EXPECT_EQ(files(), Names{});
  EXPECT_TRUE(fs::is_empty(base_ / "in"));
}

TEST_F(FolderIntakeTest, APlacedFolderIsMarkedUntilItIsSettled) {
  ASSERT_TRUE(place(*tree({"a/b", "a/run.sh", "a/e/f"})).has_value());
  EXPECT_EQ(files(),
            (Names{"in/ab12.torrent", "out/ab12/a/b", "out/ab12/a/e/f", "out/ab12/a/run.sh"}));
  EXPECT_EQ(text_of("out/ab12/a/b"), "of a/b");
  EXPECT_EQ(text_of("in/ab12.torrent"), "torrent");
  const auto mode = fs::status(base_ / "out/ab12/a/run.sh").permissions();
  EXPECT_NE(mode & fs::perms::owner_exec, fs::perms::none);
  intake_->settled("ab12");
  EXPECT_FALSE(fs::exists(base_ / "in/ab12.torrent"));
}

TEST_F(FolderIntakeTest, WhatAKilledProcessLeftIsSweptAndFoldersOnTheirWayAreTold) {
  put("in/7/tree/a", "half");
  put("in/ab12.torrent.new", "ha");
  put("in/cd34.torrent", "whole");
  const auto left = intake_->sweep();
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].hash, "cd34");
  EXPECT_EQ(as_text(left[0].torrent), "whole");
  EXPECT_EQ(files(), Names{"in/cd34.torrent"});
}

TEST_F(FolderIntakeTest, WrappedFilesLieInTheFolderWhateverTheyAreCalled) {
  for (const char* name : {"tree", "wrapped", "a"}) {
    const auto wrapped = tree({"a", "tree/b"});
    ASSERT_TRUE(wrapped->wrap(name).has_value());
    EXPECT_EQ(fs::relative(*fs::directory_iterator(wrapped->root()), wrapped->root()), name);
    EXPECT_TRUE(fs::exists(wrapped->root() + "/" + name + "/tree/b"));
  }
}

TEST_F(FolderIntakeTest, ARenameNeverReplacesAndLeavesNoEmptyFolder) {
  const auto renamed = tree({"a/b", "c"});
  const auto refused = renamed->rename_file("c", "a/b");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, DiskErrc::already_exists);
  ASSERT_TRUE(renamed->rename_file("a/b", "x/y").has_value());
  EXPECT_FALSE(fs::exists(renamed->root() + "/a"));
  EXPECT_TRUE(fs::exists(renamed->root() + "/x/y"));
}

TEST_F(FolderIntakeTest, WhatLiesAtItsPlaceIsReplacedByNameAndTheRestStays) {
  put("out/ab12/a/b", "old");
  put("out/ab12/a/notes", "somebody's");
  const auto placed = tree({"a/b", "a/c/d"});
  ASSERT_TRUE(place(*placed).has_value());
  EXPECT_EQ(text_of("out/ab12/a/b"), "of a/b");
  EXPECT_EQ(text_of("out/ab12/a/c/d"), "of a/c/d");
  intake_->take_back(*placed, "ab12", base_ / "out/ab12");
  EXPECT_EQ(text_of("out/ab12/a/notes"), "somebody's");
}

TEST_F(FolderIntakeTest, WhatCanNotBePlacedLeavesNoMark) {
  put("out/ab12/a/b/in the way", "x");
  const auto placed = tree({"a/b"});
  EXPECT_FALSE(place(*placed).has_value());
  EXPECT_FALSE(fs::exists(base_ / "in/ab12.torrent"));
}

TEST_F(FolderIntakeTest, WhatIsTakenBackIsGoneWithItsTree) {
  {
    const auto placed = tree({"a/b"});
    ASSERT_TRUE(place(*placed).has_value());
    intake_->take_back(*placed, "ab12", base_ / "out/ab12");
  }
  EXPECT_EQ(files(), Names{});
}

}  // namespace
}  // namespace weir
