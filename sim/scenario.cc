// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/scenario.h"

#include <array>
#include <utility>

namespace weir::sim {

std::vector<Scenario> all_scenarios() {
  using Add = void (*)(ScenarioList&);
  constexpr std::array<std::pair<const char*, Add>, 14> kGroups{{
      {"transfer", add_transfer_scenarios},
      {"swarm", add_swarm_scenarios},
      {"poison", add_poison_scenarios},
      {"stubborn", add_stubborn_scenarios},
      {"crash", add_crash_scenarios},
      {"disk", add_disk_scenarios},
      {"metadata", add_metadata_scenarios},
      {"selection", add_selection_scenarios},
      {"readers", add_reader_scenarios},
      {"limits", add_limit_scenarios},
      {"trackers", add_tracker_scenarios},
      {"layout", add_layout_scenarios},
      {"lifecycle", add_lifecycle_scenarios},
      {"canaries", add_canaries},
  }};
  ScenarioList out;
  for (const auto& [group, add] : kGroups) {
    const std::size_t first = out.size();
    add(out);
    for (std::size_t i = first; i < out.size(); ++i) out[i].group = group;
  }
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
  result.virtual_time = world.now() - start + world.absorbed_time();
  result.events = world.events_run();
  result.failures = world.violations();
  result.failures.insert(result.failures.end(), verdict.failures().begin(),
                         verdict.failures().end());
  result.summary = verdict.summary();
  return result;
}

}  // namespace weir::sim
