// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/arguments.h"

#include <gtest/gtest.h>

#include <set>

#include "cli/completion.h"
#include "cli/manual.h"

namespace weir {
namespace {

std::expected<Arguments, std::string> parse(std::vector<std::string> words) {
  return parse_arguments(words);
}

TEST(Arguments, TakesEverySpellingOfAnOption) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"get", "x", "--output", "d"},
                                                                 {"get", "--output=d", "x"},
                                                                 {"get", "-o", "d", "x"},
                                                                 {"get", "x", "-od"},
                                                                 {"get", "x", "-qod"}}) {
    const auto arguments = parse(words);
    ASSERT_TRUE(arguments);
    EXPECT_EQ(arguments->value("--output"), "d");
    EXPECT_EQ(arguments->operands, std::vector<std::string>{"x"});
  }
}

TEST(Arguments, RepeatsWhatMayBeRepeatedOnly) {
  const auto twice = parse({"get", "x", "--peer", "a:1", "--peer", "b:2"});
  ASSERT_TRUE(twice);
  EXPECT_EQ(twice->values("--peer"), (std::vector<std::string>{"a:1", "b:2"}));
  EXPECT_FALSE(parse({"get", "x", "-o", "a", "-o", "b"}));
}

TEST(Arguments, OperandsMayLookLikeOptionsOrLists) {
  const auto arguments = parse({"get", "--", "-o", "[a,b]"});
  ASSERT_TRUE(arguments);
  EXPECT_EQ(arguments->operands, (std::vector<std::string>{"-o", "[a,b]"}));
  EXPECT_TRUE(parse({"show", "-"}));
  EXPECT_EQ(parse({"get", "x", "--select", "[ab]*"})->value("--select"), "[ab]*");
  EXPECT_EQ(parse({"create", "x", "-o", "-"})->value("--output"), "-");
  EXPECT_EQ(parse({"create", "x", "--comment="})->value("--comment"), "");
}

TEST(Arguments, RefusesWhatTheTableDoesNotAllow) {
  for (const auto& words :
       std::vector<std::vector<std::string>>{{},
                                             {"nothing"},
                                             {"get"},
                                             {"get", "x", "--bogus"},
                                             {"get", "x", "-z"},
                                             {"get", "x", "--output"},
                                             {"get", "x", "--seed=1"},
                                             {"get", "x", "--check", "no"},
                                             {"get", "x", "--check", ""},
                                             {"get", "x", "--check", "resume full"},
                                             {"show", "a", "b"},
                                             {"completion", "tcsh"},
                                             {"manual", "x"},
                                             {"seed", "x", "--select", "*"}}) {
    EXPECT_FALSE(parse(words)) << (words.empty() ? "" : words.back());
  }
}

TEST(Arguments, HelpIsHeardInAnyCase) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"get", "--help"}, {"get", "-h"}, {"get", "--help", "--bogus"}, {"help", "get"}}) {
    const auto arguments = parse(words);
    ASSERT_TRUE(arguments);
    EXPECT_TRUE(arguments->help);
    EXPECT_EQ(arguments->command->name, "get");
  }
  EXPECT_TRUE(parse({"--version"})->version);
}

TEST(OptionTable, NamesAreUniqueWithinACommand) {
  for (const CliCommand& command : cli_commands()) {
    std::set<std::string_view> names;
    std::set<char> letters;
    for (const auto options : {command.options, cli_common_options()}) {
      for (const CliOption& option : options) {
        EXPECT_TRUE(names.insert(option.name).second) << command.name << " " << option.name;
        EXPECT_TRUE(option.letter == 0 || letters.insert(option.letter).second) << option.name;
        EXPECT_FALSE(option.help.empty()) << option.name;
        EXPECT_EQ(option.words == CliWords::choices, !option.choices.empty()) << option.name;
      }
    }
  }
}

TEST(OptionTable, EveryOptionIsInHelpManualAndCompletions) {
  const std::string manual = manual_page();
  for (const CliCommand& command : cli_commands()) {
    const std::string help = help_text(command);
    EXPECT_NE(help_text().find(std::string(command.name)), std::string::npos);
    for (const CliOption& option : command.options) {
      EXPECT_NE(help.find(std::string(option.name)), std::string::npos) << option.name;
      std::string in_roff = "\\-\\-";
      for (const char c : option.name.substr(2)) {
        in_roff += c == '-' ? "\\-" : std::string(1, c);
      }
      EXPECT_NE(manual.find(in_roff), std::string::npos) << option.name;
      for (const char* shell : {"bash", "zsh", "fish"}) {
        EXPECT_NE(completion_script(shell).find(std::string(option.name.substr(2))),
                  std::string::npos)
            << shell << " " << option.name;
      }
    }
  }
}

TEST(HelpText, FitsATerminal) {
  for (const CliCommand& command : cli_commands()) {
    const std::string help = help_text(command);
    for (std::size_t at = 0; at < help.size();) {
      const std::size_t end = help.find('\n', at);
      EXPECT_LE(end - at, 80u) << help.substr(at, end - at);
      at = end + 1;
    }
  }
}

}  // namespace
}  // namespace weir
