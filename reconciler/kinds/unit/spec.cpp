#include "reconciler/kinds/unit/spec.hpp"

#include <algorithm>
#include <set>

#include "core/text/listed.hpp"
#include "reconciler/kinds/address_parts.hpp"
#include "reconciler/kinds/version_parts.hpp"

namespace mailstack::kinds::unit {

namespace {

using engine::Action;
using engine::Address;
using engine::Fields;
using engine::Item;
using engine::Observation;
using engine::Reference;
using engine::Verdict;

std::string short_name(std::string_view path) {
  return std::string(path.substr(path.rfind('/') + 1));
}

std::vector<Item> items(Fields const& spec, std::string_view field) {
  auto const* value = spec.find(field);
  auto const* list = value ? std::get_if<std::vector<Item>>(value) : nullptr;
  return list ? *list : std::vector<Item>{};
}

/// `port 465`, of `tls 127.0.0.1:465`.
std::string port_words(std::string_view port) {
  return "port " + std::string(port.substr(port.rfind(':') + 1));
}

/// `port 465 shows another certificate`.
std::vector<std::string> served_wrong(Fields const& state) {
  std::vector<std::string> all;
  for (auto const& line : state.texts("served")) {
    auto const mark = line.find(" ! ");
    if (mark != std::string::npos)
      all.push_back(port_words(line.substr(0, mark)) + " shows none (" + line.substr(mark + 3) +
                    ")");
    else
      all.push_back(port_words(line.substr(0, line.rfind(' '))) + " shows another certificate");
  }
  return all;
}

/// Of `has`, those whose path is of none in `wish`. What will change upstream has no path yet, so
/// nothing is said before that is known.
std::vector<std::string> unwished(std::vector<Item> const& wish,
                                  std::vector<std::string> const& has) {
  std::set<std::string> paths;
  for (auto const& item : wish) {
    auto const* version = std::get_if<std::string>(&item);
    if (version == nullptr) return {};
    paths.insert(parse_version(*version).first);
  }
  std::vector<std::string> left;
  for (auto const& version : has)
    if (auto path = parse_version(version).first; !paths.contains(path))
      left.push_back(std::move(path));
  return left;
}

void compare_enabled(Fields const& spec, std::string const& live, Verdict& verdict) {
  if (spec.find("enabled") == nullptr) return;
  bool const wish = spec.flag("enabled");
  // A link below /run is gone after the next start of the machine: not what was asked for, but to
  // be taken away where the unit should be disabled.
  bool const is = wish ? live == "enabled" : live == "enabled" || live == "enabled-runtime";
  if (is == wish) return;
  std::string const word = wish ? "enabled" : "disabled";
  auto const shown = live.empty() ? std::string("not installed") : live;
  verdict.reasons.push_back(shown + " → " + word);
  verdict.drift.push_back(word + " → " + shown);
}

void compare_active(Fields const& spec, std::string const& live, Verdict& verdict) {
  if (spec.find("active") == nullptr) return;
  bool const wish = spec.flag("active");
  bool const down = live == "inactive" || live == "failed";
  if (wish ? is_up(live) : down) return;
  std::string const word = wish ? "active" : "inactive";
  verdict.reasons.push_back(live + " → " + word);
  verdict.drift.push_back(word + " → " + live);
}

/// `restart to load chasquid.conf and to forget old.example (open sessions may be cut)`.
void compare_loaded(Fields const& spec, Fields const& state, Verdict& verdict) {
  if (!is_up(state.text("active")) || (spec.find("active") && !spec.flag("active"))) return;
  auto due = pending(spec, state, "files");
  auto const how = parse_reload(spec.text("reload")).value_or(Reload::restart);
  auto verb = format(Reload::restart);
  if (how != Reload::none) {
    if (due.empty()) verb = format(how);
    auto const loads = pending(spec, state, "loads");
    due.load.insert(due.load.end(), loads.load.begin(), loads.load.end());
    due.forget.insert(due.forget.end(), loads.forget.begin(), loads.forget.end());
  }
  auto const wrong = served_wrong(state);
  if (due.empty() && wrong.empty()) return;
  std::string what(verb);
  if (!due.load.empty()) what += " to load " + listed(due.load);
  if (!due.forget.empty())
    what += (due.load.empty() ? " to forget " : " and to forget ") + listed(due.forget);
  if (!wrong.empty()) what += ": " + listed(wrong);
  auto const& because = spec.text("because");
  verdict.differ(what + (because.empty() ? "" : " (" + because + ")"));
}

/// Nobody loses a unit that is enabled, started or restarted; one that is stopped somebody may
/// miss.
bool takes_away(Fields const& spec, Fields const& state) {
  auto const refuses = [&](std::string_view field) {
    return spec.find(field) != nullptr && !spec.flag(field);
  };
  return (refuses("active") && is_up(state.text("active"))) ||
         (refuses("enabled") && state.text("enabled").starts_with("enabled"));
}

class UnitLaws : public engine::KindLaws {
 public:
  [[nodiscard]] std::string_view name() const override { return kind_name; }

  [[nodiscard]] bool comes_last(Address const& /*address*/) const override { return true; }

  [[nodiscard]] Verdict diff(Fields const& spec, Observation const& live,
                             TimePoint /*now*/) const override {
    Verdict verdict;
    if (live.standing == Observation::Standing::absent) {
      verdict.action = Action::create;
      if (auto const& package = spec.text("package"); !package.empty())
        verdict.reasons.push_back("it is not installed: `apt-get install " + package + "`");
      return verdict;
    }
    auto const& state = live.state;
    if (auto const& load = state.text("load"); !load.empty()) verdict.differ("is " + load);
    if (state.flag("needs_daemon_reload")) verdict.differ("needs daemon-reload");
    compare_enabled(spec, state.text("enabled"), verdict);
    compare_active(spec, state.text("active"), verdict);
    compare_loaded(spec, state, verdict);
    if (!verdict.reasons.empty()) verdict.action = Action::update;
    verdict.loses_nothing = !takes_away(spec, state);
    return verdict;
  }

  [[nodiscard]] Fields outputs(Fields const& /*spec*/, Observation const& live) const override {
    return {{"unit", live.state.text("unit")}};
  }

  [[nodiscard]] std::string describe(Address const& address,
                                     Fields const& /*spec*/) const override {
    return "unit " + name_of(address);
  }
};

}  // namespace

std::string_view format(Reload reload) {
  switch (reload) {
    case Reload::reload: return "reload";
    case Reload::restart: return "restart";
    case Reload::none: return "none";
  }
  return "restart";
}

std::optional<Reload> parse_reload(std::string_view word) {
  for (auto const reload : {Reload::reload, Reload::restart, Reload::none})
    if (word == format(reload)) return reload;
  return std::nullopt;
}

engine::Resource unit(std::string host, std::string const& name, Wish const& wish) {
  engine::Resource resource;
  resource.address = {kind_name, host + "/" + name};
  resource.lane = "host/" + host;
  resource.reason = "the mail stack on " + host + " runs by it";
  resource.group = std::move(host);
  auto& spec = resource.spec;
  if (wish.enabled) spec.set("enabled", *wish.enabled);
  if (wish.active) spec.set("active", *wish.active);
  if (!wish.files.empty()) spec.set("files", wish.files);
  if (!wish.loads.empty()) spec.set("loads", wish.loads);
  if (!wish.reads.empty())
    spec.set("reads", std::vector<Item>(wish.reads.begin(), wish.reads.end()));
  spec.set("reload", std::string(format(wish.reload)));
  auto const say = [&spec](char const* field, std::string const& text) {
    if (!text.empty()) spec.set(field, text);
  };
  auto const list = [&spec](char const* field, std::vector<Item> const& all) {
    if (!all.empty()) spec.set(field, all);
  };
  say("because", wish.because);
  say("package", wish.package);
  list("trial", {wish.trial.begin(), wish.trial.end()});
  say("trial_by", wish.trial_by);
  list("ports", {wish.ports.begin(), wish.ports.end()});
  say("name", wish.name);
  list("leaves", wish.leaves);
  list("needs", wish.needs);
  return resource;
}

Item version_of(engine::Resource const& file) { return Reference{file.address, "version"}; }

std::string content_of(std::string const& path) { return "content " + path; }
std::string presence_of(std::string const& path) { return "presence " + path; }

std::string name_of(engine::Address const& address) {
  auto const parts = address_parts(address.name, 2);
  auto const whole = address.kind == kind_name && !parts.empty();
  return whole && parts[1].find('/') == std::string::npos ? parts[1] : std::string();
}

Pending pending(Fields const& spec, Fields const& state, std::string_view field) {
  auto const has = state.texts(field);
  Pending due;
  for (auto const& item : items(spec, field)) {
    if (auto const* open = std::get_if<Reference>(&item)) {
      due.load.push_back(short_name(open->of.name));
      continue;
    }
    auto const& version = std::get<std::string>(item);
    if (std::find(has.begin(), has.end(), version) == has.end())
      due.load.push_back(short_name(parse_version(version).first));
  }
  for (auto const& path : unwished(items(spec, field), has)) due.forget.push_back(short_name(path));
  return due;
}

bool is_up(std::string_view active) { return active == "active" || active == "reloading"; }

engine::KindLaws const& laws() {
  static UnitLaws const only;
  return only;
}

}  // namespace mailstack::kinds::unit
