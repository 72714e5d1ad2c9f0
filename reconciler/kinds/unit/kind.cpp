/// \file
/// The kind `unit` at work.

#include <algorithm>

#include "core/text/listed.hpp"
#include "reconciler/kinds/kinds.hpp"
#include "reconciler/kinds/unit/failure.hpp"
#include "reconciler/kinds/unit/loaded.hpp"
#include "reconciler/kinds/unit/reported.hpp"
#include "reconciler/kinds/unit/room.hpp"
#include "reconciler/kinds/unit/served.hpp"
#include "reconciler/kinds/unit/spec.hpp"
#include "reconciler/kinds/unit/trial.hpp"

namespace mailstack::kinds {

namespace {

using engine::Fields;
using engine::Observation;
using engine::Step;
using std::chrono::milliseconds;
using world::Job;
using world::UnitState;

// Longer than DefaultTimeoutStartSec= and DefaultTimeoutStopSec= of Debian, 90 s each, so that
// systemd's own verdict comes first.
constexpr milliseconds job_timeout{200'000};
// How long a daemon may take to read its tree anew before what it reports counts.
constexpr milliseconds loading{5'000};
// How long a process of a service that does not notify must live to count as started.
constexpr milliseconds settling{1'000};
constexpr milliseconds glance{100};
constexpr std::size_t asked_lines = 30;

bool is_down(std::string const& active) { return active == "inactive" || active == "failed"; }

class UnitKind : public engine::Kind {
 public:
  UnitKind(Inputs const& inputs, Doors const& doors)
      : systemd_(doors.systemd),
        clock_(doors.clock),
        tls_(doors.tls),
        process_(doors.process),
        control_(doors.control),
        files_(doors.files),
        left_alone_(inputs.units_left_alone),
        loaded_(doors.files,
                inputs.runtime_directory.empty() ? "" : inputs.runtime_directory + "/units") {}

  [[nodiscard]] engine::KindLaws const& laws() const override { return unit::laws(); }

  [[nodiscard]] std::size_t calls(engine::Scope const& scope) const override {
    return scope.desired.size() + scope.owned.size();
  }

  engine::Look observe(engine::Scope const& scope, engine::Progress& progress) override {
    engine::Look look;
    std::string gone;  // why systemd cannot be asked at all: asked once, since each call may wait
    for (auto const* resource : scope.desired) {
      look.desired.push_back(look_at(*resource, gone));
      if (gone.empty()) look.desired.back().occupants = occupants(*resource);
      progress.advance(scope.lane, 1);
    }
    for (auto const* resource : scope.owned) {
      look.owned.push_back(left_of(*resource, gone));
      progress.advance(scope.lane, 1);
    }
    return look;
  }

  std::vector<Result<>> put(std::string const& /*lane*/, std::span<Step const> steps) override {
    std::vector<Result<>> results;
    bool reload = false;
    std::vector<unit::Room> rooms;
    for (auto const& step : steps) {
      rooms.emplace_back(systemd_, job_timeout);
      results.push_back(displace(step, rooms.back()));
    }
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (!results[i]) continue;
      results[i] = set_links(steps[i]);
      reload = reload || reads_anew(steps[i]);
    }
    // One for all: a daemon-reload reads every unit of the system again.
    Result<> const reloaded = reload ? systemd_.daemon_reload() : Result<>{};
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (!results[i]) continue;
      results[i] = reloaded ? bring(steps[i]) : fail(within(reloaded.error(), "daemon-reload"));
    }
    for (std::size_t i = 0; i < steps.size(); ++i)
      if (!results[i]) rooms[i].give_back();
    return results;
  }

  std::vector<Result<>> remove(std::string const& /*lane*/, std::span<Step const> steps) override {
    std::vector<Result<>> results;
    for (auto const& step : steps) results.push_back(take_back(step));
    // Their files go next; that systemd then reads its units again is no condition of anything.
    (void)systemd_.daemon_reload();
    return results;
  }

 private:
  /// Stops what wants the same ports, once it is known that what comes in its place would start.
  /// All of a batch goes before any of it is started: a socket of the old daemon that is left would
  /// have the others brought back by who connects.
  Result<> displace(Step const& step, unit::Room& room) {
    if (step.displaces.empty()) return {};
    auto const name = unit::name_of(step.address);
    if (auto tried = unit::try_out(process_, step.spec, false); !tried)
      return fail(within(tried.error(), "start of " + name + " was not tried"));
    for (auto const& other : step.displaces)
      if (auto made = room.make(unit::name_of(other.address)); !made) return made;
    return {};
  }

  /// What stands in the way of `name`, whoever started it.
  std::vector<engine::Address> occupants(engine::Resource const& resource) {
    auto const other = unit::counterpart(unit::name_of(resource.address));
    if (other.empty() || !resource.spec.flag("active")) return {};
    auto const state = systemd_.state(other);
    bool const there = state && state->load != "not-found" &&
                       (!is_down(state->active) || state->enabled.starts_with("enabled"));
    if (!there) return {};
    auto const& whole = resource.address.name;
    return {{unit::kind_name, whole.substr(0, whole.find('/') + 1) + other}};
  }

  Observation look_at(engine::Resource const& resource, std::string& gone) {
    auto const name = unit::name_of(resource.address);
    if (!gone.empty()) return Observation::unseen(gone);
    auto const state = systemd_.state(name);
    if (!state) {
      if (state.error().code == ErrorCode::unavailable) gone = state.error().what;
      return Observation::unseen(name + ": " + state.error().what);
    }
    if (state->load == "not-found") return Observation::missing();
    Fields seen{{"unit", name}, {"active", state->active}, {"enabled", state->enabled}};
    if (state->load != "loaded")
      seen.set("load", state->load + (state->load_error.empty() ? "" : ": " + state->load_error));
    if (state->needs_daemon_reload) seen.set("needs_daemon_reload", true);
    if (unit::is_up(state->active)) {
      auto const loaded = has_loaded(name, resource.spec, *state);
      for (auto const& [field, value] : loaded.entries()) seen.set(field, value);
      if (auto ports = served(resource.spec, *state); !ports.empty())
        seen.set("served", std::move(ports));
    }
    return Observation::of(std::move(seen));
  }

  /// What is left of a unit that nobody asks for any more: nothing, once it is as if we had never
  /// asked.
  Observation left_of(engine::Resource const& resource, std::string& gone) {
    if (left_alone_) {
      auto released = Observation::of({{"unit", unit::name_of(resource.address)}});
      released.released = true;
      return released;
    }
    auto seen = look_at(resource, gone);
    if (seen.standing != Observation::Standing::present) return seen;
    bool const stopped = !resource.spec.flag("active") || is_down(seen.state.text("active"));
    bool const unlinked =
        !resource.spec.flag("enabled") || !seen.state.text("enabled").starts_with("enabled");
    return stopped && unlinked ? Observation::missing() : seen;
  }

  /// What the daemon says itself counts more than what was noted or follows from times.
  Fields has_loaded(std::string const& name, Fields const& spec, UnitState const& state) {
    auto loaded = loaded_.look(name, spec, state);
    auto const reported = unit::ask_daemon(control_, spec);
    if (!reported) return loaded;
    auto const has = unit::as_loaded(*reported, files_, spec);
    for (auto const& [field, value] : has.entries()) loaded.set(field, value);
    return loaded;
  }

  /// A daemon that was told to load reads on after the job is done. Fails where it says in the end
  /// that it has something else than it should have, with its own words for why.
  Result<> has_taken(std::string const& name, Fields const& spec) {
    for (milliseconds waited{0};; waited += glance) {
      auto const reported = unit::ask_daemon(control_, spec);
      if (!reported) return {};
      auto const has = unit::as_loaded(*reported, files_, spec);
      auto due = unit::pending(spec, has, "loads").load;
      for (auto const& path : has.texts("stale")) due.push_back(path);
      if (due.empty()) return {};
      if (waited >= loading)
        return fail(ErrorCode::unavailable, name + " runs, but has not taken " + listed(due) +
                                                unit::reason_of(*reported, due));
      clock_.sleep(glance);
    }
  }

  /// Who asks a socket starts its service: one that somebody stopped is not started by a look.
  std::vector<engine::Item> served(Fields const& spec, UnitState const& state) {
    if (tls_ == nullptr) return {};
    for (auto const& service : state.triggers)
      if (auto const seen = systemd_.state(service); !seen || !unit::is_up(seen->active)) return {};
    return unit::look_at_ports(*tls_, spec);
  }

  std::vector<std::string> wrong_ports(Fields const& spec, UnitState const& state) {
    Fields seen;
    if (auto ports = served(spec, state); !ports.empty()) seen.set("served", std::move(ports));
    return unit::ports_in_words(spec, seen);
  }

  /// systemd does not notice by itself every file that is new (the first drop-in of a unit), so its
  /// own NeedDaemonReload is not enough.
  static bool reads_anew(Step const& step) {
    return step.before.standing == Observation::Standing::absent ||
           step.before.state.flag("needs_daemon_reload") ||
           !step.before.state.text("load").empty() || links_differ(step) ||
           // What a unit that is down was last read from is not known.
           (step.spec.flag("active") && !unit::is_up(step.before.state.text("active"))) ||
           !unit::pending(step.spec, step.before.state, "files").empty();
  }

  static bool links_differ(Step const& step) {
    if (step.spec.find("enabled") == nullptr) return false;
    auto const& live = step.before.state.text("enabled");
    return step.spec.flag("enabled") ? live != "enabled" : live != "disabled";
  }

  Result<> set_links(Step const& step) {
    if (!links_differ(step)) return {};
    auto const name = unit::name_of(step.address);
    bool const wish = step.spec.flag("enabled");
    auto done = wish ? systemd_.enable(name) : systemd_.disable(name);
    if (done) return done;
    return fail(within(done.error(), (wish ? "enabling " : "disabling ") + name));
  }

  Result<> bring(Step const& step) {
    auto const name = unit::name_of(step.address);
    auto const state = systemd_.state(name);
    if (!state) return fail(within(state.error(), name));
    if (state->load == "not-found") return missing(name, step.spec.text("package"));
    auto const job = job_for(name, step.spec, *state);
    if (!job) return proved(name, step.spec, *state);
    if (*job == Job::stop) return systemd_.run(name, *job, job_timeout);
    if (auto tried = unit::try_out(process_, step.spec, unit::is_up(state->active)); !tried)
      return fail(
          within(tried.error(), std::string(format(*job)) + " of " + name + " was not tried"));
    if (state->active == "failed" || state->result == "start-limit-hit")
      (void)systemd_.reset_failed(name);
    auto const begun = clock_.now();
    std::vector<std::string> moved;
    auto const done = perform(name, *job, *state, moved);
    Result<> back;
    for (auto const& service : moved)
      if (auto came = come_back(service); !came) back = came;
    auto const after = came_up(name, *job, done, begun);
    if (!after) return fail(after.error());
    loaded_.note(name, step.spec, *after);
    if (!back) return fail(within(back.error(), "after the restart of " + name));
    return proved(name, step.spec, *after);
  }

  static tl::unexpected<Error> missing(std::string const& name, std::string const& package) {
    return fail(ErrorCode::not_found,
                "there is no " + name +
                    (package.empty() ? ": install what brings it, or leave it out of the manifest"
                                     : ": `" + unit::install_command(package) + "` brings it"));
  }

  /// All that could be done was: what a port shows all the same is for a person to look at. A
  /// further restart would show no more, every ten minutes.
  Result<> proved(std::string const& name, Fields const& spec, UnitState const& state) {
    if (!unit::is_up(state.active)) return {};
    if (auto taken = has_taken(name, spec); !taken) return taken;
    auto const wrong = wrong_ports(spec, state);
    if (wrong.empty()) return {};
    return fail(ErrorCode::unavailable,
                name + " runs, but " + listed(wrong) +
                    ": see whether another program or a proxy answers there, and whether another "
                    "certificate in the daemon's folder is for " +
                    spec.text("name") + ", too");
  }

  /// What makes `state` be as `spec` wishes; nullopt: nothing.
  std::optional<Job> job_for(std::string const& name, Fields const& spec, UnitState const& state) {
    bool const up = unit::is_up(state.active);
    bool const said = spec.find("active") != nullptr;
    if (said && !spec.flag("active"))
      return is_down(state.active) ? std::nullopt : std::optional(Job::stop);
    if (!up) return said ? std::optional(Job::start) : std::nullopt;
    return load_again(name, spec, state);
  }

  std::optional<Job> load_again(std::string const& name, Fields const& spec,
                                UnitState const& state) {
    auto const how = unit::parse_reload(spec.text("reload")).value_or(unit::Reload::restart);
    auto const has = has_loaded(name, spec, state);
    if (!unit::pending(spec, has, "files").empty()) return Job::restart;
    bool const can = how == unit::Reload::reload && state.can_reload;
    auto const again = can ? Job::reload : Job::restart;
    bool const due = !unit::pending(spec, has, "loads").empty() || !has.texts("stale").empty();
    if (how != unit::Reload::none && due) return again;
    // We have made it load all of this ourselves already: once is enough.
    if (loaded_.noted(name, state) || wrong_ports(spec, state).empty()) return std::nullopt;
    return again;
  }

  /// A socket does not start while its service runs and holds what it listens on: after a plain
  /// restart nothing would listen any more. So the service makes room, and comes back. Who was
  /// moved is added to `moved`.
  Result<> perform(std::string const& name, Job job, UnitState const& state,
                   std::vector<std::string>& moved) {
    if (job == Job::restart && name.ends_with(".socket"))
      for (auto const& service : state.triggers) {
        auto const seen = systemd_.state(service);
        if (!seen || is_down(seen->active)) continue;
        if (auto done = systemd_.run(service, Job::stop, job_timeout); !done) return done;
        moved.push_back(service);
      }
    return systemd_.run(name, job, job_timeout);
  }

  Result<> come_back(std::string const& service) {
    auto const begun = clock_.now();
    auto const done = systemd_.run(service, Job::start, job_timeout);
    auto const after = came_up(service, Job::start, done, begun);
    return after ? Result<>{} : fail(after.error());
  }

  /// What the unit is after a job that ended as `done` says; where it is not up, why.
  Result<UnitState> came_up(std::string const& name, Job job, Result<> const& done,
                            TimePoint begun) {
    auto after = done ? settled(name, job) : systemd_.state(name);
    if (!after) return fail(within(done ? after.error() : done.error(), name));
    if (!done || !unit::is_up(after->active)) return fail(failure(name, job, done, *after, begun));
    return after;
  }

  /// The state once it can be trusted: a job of a service that does not notify is done as soon as
  /// there is a process, which may end in the next moment.
  Result<UnitState> settled(std::string const& name, Job job) {
    auto state = systemd_.state(name);
    for (milliseconds waited{0}; waited < settling; waited += glance) {
      if (!state || job == Job::reload || !unit::is_up(state->active)) return state;
      if (state->type.empty() || state->type == "notify" || state->type == "dbus") return state;
      clock_.sleep(glance);
      state = systemd_.state(name);
    }
    return state;
  }

  Error failure(std::string const& name, Job job, Result<> const& done, UnitState const& state,
                TimePoint begun) {
    // Not the unit's doing: no bus any more, or not allowed.
    if (!done && done.error().code != ErrorCode::conflict &&
        done.error().code != ErrorCode::invalid && done.error().code != ErrorCode::not_found)
      return within(done.error(), name);
    return unit::explain_failure({name, job, state}, systemd_.journal(name, begun, asked_lines));
  }

  Result<> take_back(Step const& step) {
    auto const name = unit::name_of(step.address);
    auto const state = systemd_.state(name);
    if (!state) return fail(within(state.error(), name));
    loaded_.forget(name);
    if (state->load == "not-found") return {};
    if (step.spec.flag("enabled"))
      if (auto done = systemd_.disable(name); !done) return fail(within(done.error(), name));
    if (!step.spec.flag("active")) return {};
    // Sockets first: who connects in between would start the service again.
    for (auto const& socket : step.spec.texts("needs"))
      if (socket.ends_with(".socket"))
        if (auto done = stop(socket); !done) return done;
    return stop(name);
  }

  Result<> stop(std::string const& name) {
    auto const state = systemd_.state(name);
    if (!state) return fail(within(state.error(), name));
    if (state->load == "not-found" || is_down(state->active)) return {};
    return systemd_.run(name, Job::stop, job_timeout);
  }

  world::Systemd& systemd_;
  Clock& clock_;
  world::TlsPeer* tls_;
  world::Process* process_;
  world::ControlSocket* control_;
  files::Files& files_;
  bool left_alone_;
  unit::Loaded loaded_;
};

}  // namespace

std::unique_ptr<engine::Kind> make_unit(Inputs const& inputs, Doors const& doors);
std::unique_ptr<engine::Kind> make_unit(Inputs const& inputs, Doors const& doors) {
  return std::make_unique<UnitKind>(inputs, doors);
}

}  // namespace mailstack::kinds
