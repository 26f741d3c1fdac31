// SPDX-License-Identifier: MIT OR Apache-2.0
#include "io/boot_id.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "store/resume.h"

namespace weir {
namespace {

std::string boot_id_of(const std::string& text) {
  const auto path = std::filesystem::path(testing::TempDir()) / "boot_id_test";
  std::ofstream(path) << text;
  std::string id = boot_id(path.string());
  std::filesystem::remove(path);
  return id;
}

TEST(BootId, IsTheFilesLine) {
  EXPECT_EQ(boot_id_of("one-boot\n"), "one-boot");
  EXPECT_EQ(boot_id_of(std::string(kBootIdMax, 'x') + "\n"), std::string(kBootIdMax, 'x'));
}

TEST(BootId, IsEmptyWhereNothingNamesTheBoot) {
  EXPECT_EQ(boot_id("/nowhere/boot_id"), "");
  EXPECT_EQ(boot_id_of(""), "");
  EXPECT_EQ(boot_id_of(std::string(kBootIdMax + 1, 'x')), "");
}

TEST(BootId, IsTheSameTwiceInOneBoot) { EXPECT_EQ(boot_id(), boot_id()); }

}  // namespace
}  // namespace weir
