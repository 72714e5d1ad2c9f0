#pragma once
/// \file
/// The twin of Systemd: units in memory, and starts that fail as they are told to.

#include <map>
#include <string>
#include <vector>

#include "reconciler/world/systemd.hpp"

namespace mailstack::support {

/// A unit exists for it as soon as a test puts it into `units`. Jobs are done at once, at `time`.
class FakeSystemd final : public world::Systemd {
 public:
  /// What a start, restart or reload of a unit comes to.
  struct Failing {
    std::string result = "exit-code";  ///< `timeout`, `signal`, …
    int main_status = 1;
    bool after_job = false;  ///< the job is done, and the process ends right after it
    std::vector<std::string> lines{};
  };

  Result<std::string> version() override {
    if (!missing.empty()) return fail(ErrorCode::unavailable, missing);
    return "252";
  }
  Result<world::UnitState> state(std::string const& unit) override {
    if (auto ok = call("state " + unit); !ok) return fail(ok.error());
    auto const found = units.find(unit);
    if (found != units.end()) return found->second;
    world::UnitState none;
    none.load = "not-found";
    none.active = "inactive";
    return none;
  }
  Result<> daemon_reload() override {
    if (auto ok = call("daemon-reload"); !ok) return ok;
    for (auto& [name, unit] : units) unit.needs_daemon_reload = false;
    return {};
  }
  Result<> enable(std::string const& unit) override {
    return change("enable", unit, [](world::UnitState& state) { state.enabled = "enabled"; });
  }
  Result<> disable(std::string const& unit) override {
    return change("disable", unit, [](world::UnitState& state) { state.enabled = "disabled"; });
  }
  Result<> run(std::string const& unit, world::Job job,
               std::chrono::milliseconds /*timeout*/) override {
    auto const word = std::string(format(job));
    if (auto ok = change(word, unit, [](world::UnitState&) {}); !ok) return ok;
    auto& state = units.at(unit);
    state.changed = time;
    if (job == world::Job::stop) {
      state.active = "inactive";
      state.sub = "dead";
      return {};
    }
    auto const bad = failing.find(unit);
    if (job == world::Job::reload) {
      state.reload_result = bad == failing.end() ? "success" : bad->second.result;
      return bad == failing.end() ? Result<>{}
                                  : fail(ErrorCode::conflict, word + " of " + unit + ": failed");
    }
    begin(state);
    if (bad == failing.end()) return {};
    state.active = state.sub = "failed";
    state.result = bad->second.result;
    state.main_code = 1;
    state.main_status = bad->second.main_status;
    if (bad->second.after_job) return {};
    return fail(ErrorCode::conflict, word + " of " + unit + ": failed");
  }
  Result<> reset_failed(std::string const& unit) override {
    return change("reset-failed", unit, [](world::UnitState& state) {
      if (state.active == "failed") state.active = "inactive";
    });
  }
  std::vector<std::string> journal(std::string const& unit, TimePoint /*since*/,
                                   std::size_t /*most*/) override {
    auto const found = failing.find(unit);
    return found == failing.end() ? std::vector<std::string>{} : found->second.lines;
  }

  /// A person restarts it.
  void begin(world::UnitState& state) {
    state.load = "loaded";
    state.active = "active";
    state.sub = "running";
    state.result = state.reload_result = "success";
    state.started = state.activated = state.changed = time;
    state.main_pid = ++runs_;
    state.invocation = std::string(24, '0') + std::to_string(10'000'000 + runs_);
  }

  std::string missing;  ///< why there is no systemd; empty: there is one
  std::map<std::string, world::UnitState> units;
  std::map<std::string, Failing> failing;
  std::map<std::string, Error> refused;  ///< by call: `enable x.service`
  std::vector<std::string> calls;        ///< in order, looks left out
  unsigned looks = 0;
  world::Instant time{std::chrono::seconds{1'767'225'600}};

 private:
  Result<> call(std::string const& what) {
    if (!missing.empty()) return fail(ErrorCode::unavailable, missing);
    if (what.starts_with("state "))
      ++looks;
    else
      calls.push_back(what);
    auto const found = refused.find(what);
    return found == refused.end() ? Result<>{} : fail(found->second);
  }
  template <class Change>
  Result<> change(std::string const& verb, std::string const& unit, Change const& change) {
    if (auto ok = call(verb + " " + unit); !ok) return ok;
    auto const found = units.find(unit);
    if (found == units.end()) return fail(ErrorCode::not_found, "Unit " + unit + " not found.");
    change(found->second);
    return {};
  }

  unsigned runs_ = 0;
};

}  // namespace mailstack::support
