// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/scenario.h"

#include <utility>

namespace weir::sim {

std::vector<Scenario> all_scenarios() {
  std::vector<Scenario> out;
  add_transfer_scenarios(out);
  return out;
}

ScenarioResult run_scenario(const Scenario& scenario, std::uint64_t seed,
                            std::function<void(const std::string&)> sink) {
  World world(seed);
  if (sink) world.set_trace_sink(std::move(sink));
  const TimePoint start = world.now();
  Verdict verdict;
  scenario.body(world, verdict);
  ScenarioResult result;
  result.trace_hash = world.trace_hash();
  result.virtual_time = world.now() - start;
  result.events = world.events_run();
  result.failures = world.violations();
  result.failures.insert(result.failures.end(), verdict.failures().begin(),
                         verdict.failures().end());
  result.summary = verdict.summary();
  return result;
}

}  // namespace weir::sim
