// SPDX-License-Identifier: MIT OR Apache-2.0
#include "daemon/log.h"

#include <gtest/gtest.h>

#include <vector>

namespace weir {
namespace {

using std::chrono::milliseconds;

struct LogTest : testing::Test {
  Log log(LogLevel level, LogFormat format = LogFormat::text) {
    return Log(
        level, format,
        [this](std::string_view line) {
          if (!open) return false;
          lines.emplace_back(line);
          return true;
        },
        [this] {
          return LogTime{
              std::chrono::system_clock::time_point(milliseconds(1'700'000'000'123)) + at,
              std::chrono::steady_clock::time_point(at)};
        });
  }
  milliseconds at{};
  bool open = true;
  std::vector<std::string> lines;
};

TEST_F(LogTest, WritesTimeLevelCauseTextAndFields) {
  Log text = log(LogLevel::info);
  text.write(LogLevel::warn, "disk", "full", {{"free", 0}, {"path", "/a b"}, {"again", true}});
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0],
            "2023-11-14T22:13:20.123Z warn  disk: full free=0 path=\"/a b\" again=true\n");
  Log json = log(LogLevel::info, LogFormat::json);
  json.write(LogLevel::error, "disk", "say \"no\"", {{"path", "a\\b"}, {"n", -1}});
  EXPECT_EQ(lines[1],
            "{\"time\":\"2023-11-14T22:13:20.123Z\",\"level\":\"error\",\"cause\":\"disk\","
            "\"text\":\"say \\\"no\\\"\",\"path\":\"a\\\\b\",\"n\":-1}\n");
}

TEST_F(LogTest, LevelsCutOffAndCanChangeWhileRunning) {
  Log log_ = log(LogLevel::warn);
  log_.write(LogLevel::info, "a", "no");
  log_.write(LogLevel::warn, "b", "yes");
  EXPECT_EQ(lines.size(), 1u);
  log_.set_level(LogLevel::debug);
  log_.write(LogLevel::debug, "c", "yes");
  EXPECT_EQ(lines.size(), 2u);
  log_.set_level(LogLevel::error);
  log_.write(LogLevel::warn, "d", "no");
  EXPECT_EQ(lines.size(), 2u);
}

TEST_F(LogTest, ACauseHasOneLineASecondAndTheOthersAreCounted) {
  Log log_ = log(LogLevel::info);
  for (int i = 0; i < 10; ++i) log_.write(LogLevel::info, "peer", "lost");
  log_.write(LogLevel::info, "disk", "slow");
  EXPECT_EQ(lines.size(), 2u);
  at = milliseconds(999);
  log_.write(LogLevel::info, "peer", "lost");
  EXPECT_EQ(lines.size(), 2u);
  at = milliseconds(1000);
  log_.write(LogLevel::info, "peer", "lost");
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_NE(lines[2].find("left_out=10"), std::string::npos) << lines[2];
  at = milliseconds(2000);
  log_.write(LogLevel::info, "peer", "lost");
  EXPECT_EQ(lines[3].find("left_out"), std::string::npos) << lines[3];
}

TEST_F(LogTest, RemembersSoManyCausesAndForgetsTheEldest) {
  Log log_ = log(LogLevel::info);
  log_.write(LogLevel::info, "first", "x");
  at = milliseconds(1);
  for (std::size_t i = 1; i < kLogCausesMax; ++i) {
    log_.write(LogLevel::info, "cause" + std::to_string(i), "x");
  }
  lines.clear();
  log_.write(LogLevel::info, "first", "still remembered");
  EXPECT_EQ(lines.size(), 0u);
  log_.write(LogLevel::info, "one more", "x");
  log_.write(LogLevel::info, "first", "forgotten, so it is written");
  EXPECT_EQ(lines.size(), 2u);
}

TEST_F(LogTest, WhatTheReaderDoesNotTakeIsCounted) {
  Log log_ = log(LogLevel::info);
  open = false;
  log_.write(LogLevel::info, "a", "x");
  log_.write(LogLevel::info, "b", "x");
  open = true;
  log_.write(LogLevel::info, "c", "x");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("lost=2"), std::string::npos) << lines[0];
  log_.write(LogLevel::info, "d", "x");
  EXPECT_EQ(lines[1].find("lost"), std::string::npos);
}

TEST_F(LogTest, NothingFromOutsideMakesALineOfItsOwnOrALongOne) {
  for (const LogFormat format : {LogFormat::text, LogFormat::json}) {
    lines.clear();
    Log log_ = log(LogLevel::info, format);
    const std::string nasty = std::string("a\nb\x1b[31m\xff") + std::string(10'000, '"');
    log_.write(LogLevel::info, "a", nasty, {{"one", nasty}, {"two", nasty}, {"three", nasty}});
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0].find('\n'), lines[0].size() - 1);
    EXPECT_EQ(lines[0].find('\x1b'), std::string::npos);
    EXPECT_EQ(lines[0].find('\xff'), std::string::npos);
    EXPECT_LE(lines[0].size(), kLogLineBytesMax);
    EXPECT_NE(lines[0].find("one"), std::string::npos);
  }
}

}  // namespace
}  // namespace weir
