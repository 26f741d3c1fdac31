// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/content_dir.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace weir {
namespace {

namespace fs = std::filesystem;

class ContentDirTest : public testing::Test {
 protected:
  ContentDirTest() {
    std::string name = (fs::temp_directory_path() / "weir-content-XXXXXX").string();
    base_ = mkdtemp(name.data());
    dir_ = std::move(*ContentDir::open(base_.string()));
  }
  ~ContentDirTest() override { fs::remove_all(base_); }

  std::unique_ptr<ContentDir::Incoming> incoming(std::string_view text) {
    auto file = dir_->begin();
    EXPECT_TRUE(file.has_value());
    EXPECT_TRUE((*file)->write(as_bytes(text)).has_value());
    return std::move(*file);
  }
  std::string text_of(const std::string& relative) {
    std::ifstream file(base_ / relative);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // All files below the directory.
  std::set<std::string> files() {
    std::set<std::string> out;
    for (const auto& entry : fs::recursive_directory_iterator(base_)) {
      if (!entry.is_directory()) out.insert(fs::relative(entry.path(), base_).string());
    }
    return out;
  }

  fs::path base_;
  std::unique_ptr<ContentDir> dir_;
};

TEST_F(ContentDirTest, WhatIsNotPlacedLeavesNothing) {
  {
    const auto file = incoming("some bytes");
  }
  EXPECT_EQ(files(), std::set<std::string>{});
}

TEST_F(ContentDirTest, APlacedFileIsThereAloneOnceTheMoveIsFinal) {
  auto moving = dir_->place(incoming("content"), {"ab12", "a.txt"});
  ASSERT_TRUE(moving.has_value());
  EXPECT_EQ(files().size(), 2U);
  moving->reset();
  EXPECT_EQ(files(), std::set<std::string>{"published/ab12/a.txt"});
  EXPECT_EQ(text_of("published/ab12/a.txt"), "content");
}

TEST_F(ContentDirTest, ASecondNameForTheSameContentIsALink) {
  (void)dir_->place(incoming("content"), {"ab12", "a.txt"});
  (void)dir_->place(incoming("content"), {"ab12", "b.txt"});
  EXPECT_EQ(files(), (std::set<std::string>{"published/ab12/a.txt", "published/ab12/b.txt"}));
  EXPECT_TRUE(fs::equivalent(base_ / "published/ab12/a.txt", base_ / "published/ab12/b.txt"));
}

TEST_F(ContentDirTest, AnUploadRepairsWhatWasDamagedUnderAllItsNames) {
  (void)dir_->place(incoming("content"), {"ab12", "a.txt"});
  (void)dir_->place(incoming("content"), {"ab12", "b.txt"});
  std::ofstream(base_ / "published/ab12/a.txt") << "damaged";
  EXPECT_EQ(text_of("published/ab12/b.txt"), "damaged");
  (void)dir_->place(incoming("content"), {"ab12", "b.txt"});
  EXPECT_EQ(text_of("published/ab12/a.txt"), "content");
  EXPECT_EQ(text_of("published/ab12/b.txt"), "content");
}

TEST_F(ContentDirTest, RemovingTheLastNameRemovesItsDirectory) {
  (void)dir_->place(incoming("content"), {"ab12", "a.txt"});
  (void)dir_->place(incoming("content"), {"ab12", "b.txt"});
  dir_->remove({"ab12", "a.txt"});
  EXPECT_EQ(files(), std::set<std::string>{"published/ab12/b.txt"});
  dir_->remove({"ab12", "b.txt"});
  EXPECT_FALSE(fs::exists(base_ / "published/ab12"));
}

// What a kill leaves is made by hand: half an upload, and one that got its place but was not
// remembered yet.
TEST_F(ContentDirTest, SweepingEndsWhatAKilledProcessLeft) {
  (void)dir_->place(incoming("content"), {"ab12", "known.txt"});
  std::ofstream(base_ / "incoming/7") << "half";
  fs::create_hard_link(base_ / "published/ab12/known.txt", base_ / "incoming/ab12.8");
  fs::create_hard_link(base_ / "published/ab12/known.txt", base_ / "published/ab12/new.txt");
  fs::create_directory(base_ / "published/cd34");
  std::ofstream(base_ / "published/cd34/lost.txt") << "not remembered";
  fs::create_hard_link(base_ / "published/cd34/lost.txt", base_ / "incoming/cd34.9");
  dir_->sweep([](const ContentDir::Place& place) { return place.name == "known.txt"; });
  EXPECT_EQ(files(), std::set<std::string>{"published/ab12/known.txt"});
}

TEST_F(ContentDirTest, STO_03_ALinkInTheWayIsNotFollowed) {
  const fs::path victim = base_ / "victim";
  std::ofstream(victim) << "mine";
  fs::create_symlink(victim, base_ / "incoming/1");
  const auto file = dir_->begin();
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error().code, DiskErrc::already_exists);
  EXPECT_EQ(text_of("victim"), "mine");
}

}  // namespace
}  // namespace weir
