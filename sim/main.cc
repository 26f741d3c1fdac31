// SPDX-License-Identifier: MIT OR Apache-2.0
// weir_sim [--list] [--twice] [--trace] [--seed N] [--runs N] [--group GROUP] [SCENARIO...]: runs
// scenarios, with --twice the first seed of each twice.
//
// The seed is printed before a scenario runs and again with every failure; the same seed gives the
// same trace hash. Exit 0 when every scenario did what its claim says.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "sim/scenario.h"

namespace {

using weir::sim::Scenario;
using weir::sim::ScenarioResult;

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t runs = 1;
  bool list = false;
  bool twice = false;
  bool trace = false;
  std::string group;
  std::vector<std::string> names;
};

bool chosen(const Scenario& scenario, const Options& options) {
  if (!options.group.empty() && scenario.group != options.group) return false;
  return options.names.empty() || std::find(options.names.begin(), options.names.end(),
                                            scenario.name) != options.names.end();
}

bool parse_number(const char* text, std::uint64_t& out) {
  const char* end = text + std::strlen(text);
  const auto parsed = std::from_chars(text, end, out);
  return parsed.ec == std::errc{} && parsed.ptr == end;
}

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (argument == "--list") {
      options.list = true;
    } else if (argument == "--trace") {
      options.trace = true;
    } else if (argument == "--twice") {
      options.twice = true;
    } else if (argument == "--seed" || argument == "--runs") {
      if (!parse_number(value, argument == "--seed" ? options.seed : options.runs)) return false;
      ++i;
    } else if (argument == "--group") {
      options.group = value;
      ++i;
    } else if (argument.starts_with("--")) {
      return false;
    } else {
      options.names.push_back(argument);
    }
  }
  return true;
}

bool run(const Scenario& scenario, std::uint64_t seed, const Options& options) {
  std::printf("%s seed %llu: ", scenario.name.c_str(), static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  std::function<void(const std::string&)> sink;
  if (options.trace)
    sink = [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); };
  const auto begin = std::chrono::steady_clock::now();
  ScenarioResult result = weir::sim::run_scenario(scenario, seed, sink);
  const double real =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const bool again = scenario.always_twice || (options.twice && seed == options.seed);
  if (again && weir::sim::run_scenario(scenario, seed, sink).trace_hash != result.trace_hash) {
    result.failures.push_back("the same seed gave another trace");
  }
  const bool good = result.failures.empty() != scenario.must_fail;
  std::printf("%s, %.1f s virtual in %.2f s, %llu events, trace %016llx%s%s\n",
              good ? (scenario.must_fail ? "failed as it must" : "ok") : "FAILED",
              weir::to_seconds(result.virtual_time), real,
              static_cast<unsigned long long>(result.events),
              static_cast<unsigned long long>(result.trace_hash),
              result.summary.empty() ? "" : "; ", result.summary.c_str());
  if (good) return true;
  for (const std::string& failure : result.failures) std::printf("  %s\n", failure.c_str());
  std::printf("  again: ./dev sim --seed %llu %s\n", static_cast<unsigned long long>(seed),
              scenario.name.c_str());
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::fprintf(stderr,
                 "usage: weir_sim [--list] [--twice] [--trace] [--seed N] [--runs N] "
                 "[--group GROUP] [SCENARIO...]\n");
    return 2;
  }
  bool all_good = true;
  bool any = false;
  for (const Scenario& scenario : weir::sim::all_scenarios()) {
    if (!chosen(scenario, options)) continue;
    any = true;
    if (options.list) {
      std::printf("%-10s %-24s %s\n", scenario.group.c_str(), scenario.name.c_str(),
                  scenario.claim.c_str());
      continue;
    }
    for (std::uint64_t i = 0; i < options.runs; ++i) {
      all_good = run(scenario, options.seed + i, options) && all_good;
    }
  }
  if (!any) {
    std::fprintf(stderr, "no such scenario; --list names them\n");
    return 2;
  }
  return all_good ? 0 : 1;
}
