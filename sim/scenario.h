// SPDX-License-Identifier: MIT OR Apache-2.0
// Scenarios by name: each builds a world from a seed, runs it and says what went wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/world.h"

namespace weir::sim {

struct ScenarioResult {
  std::uint64_t trace_hash = 0;
  Duration virtual_time{};
  std::uint64_t events = 0;
  std::vector<std::string> failures;  // broken promises (safety) and what did not happen (liveness)
  std::string summary;                // figures worth reading
};

// A scenario gets a fresh world and reports liveness failures through the callback; safety
// violations are collected by the world itself.
class Verdict {
 public:
  void expect(bool condition, const std::string& what) {
    if (!condition) failures_.push_back(what);
  }
  void note(const std::string& text) { summary_ += (summary_.empty() ? "" : "; ") + text; }
  [[nodiscard]] const std::vector<std::string>& failures() const { return failures_; }
  [[nodiscard]] const std::string& summary() const { return summary_; }

 private:
  std::vector<std::string> failures_;
  std::string summary_;
};

struct Scenario {
  std::string name;
  std::string claim;  // one sentence
  std::function<void(World&, Verdict&)> body;
  bool must_fail = false;     // a canary: proves that failures are seen
  bool always_twice = false;  // is about being the same twice
  std::string group{};        // the file of scenarios/ it is in
};

[[nodiscard]] std::vector<Scenario> all_scenarios();
// `sink`, when given, gets every traced line.
[[nodiscard]] ScenarioResult run_scenario(const Scenario& scenario, std::uint64_t seed,
                                          std::function<void(const std::string&)> sink = {});

// Each file of scenarios/ adds its own.
using ScenarioList = std::vector<Scenario>;
void add_transfer_scenarios(ScenarioList& out);
void add_swarm_scenarios(ScenarioList& out);
void add_poison_scenarios(ScenarioList& out);
void add_stubborn_scenarios(ScenarioList& out);
void add_crash_scenarios(ScenarioList& out);
void add_disk_scenarios(ScenarioList& out);
void add_metadata_scenarios(ScenarioList& out);
void add_selection_scenarios(ScenarioList& out);
void add_reader_scenarios(ScenarioList& out);
void add_limit_scenarios(ScenarioList& out);
void add_tracker_scenarios(ScenarioList& out);
void add_layout_scenarios(ScenarioList& out);
void add_lifecycle_scenarios(ScenarioList& out);
void add_canaries(ScenarioList& out);

}  // namespace weir::sim
