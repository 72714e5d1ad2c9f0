#include "reconciler/kinds/unit/spec.hpp"

#include <algorithm>

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

/// `port 465`, of `tls 127.0.0.1:465`.
std::string port_words(std::string_view port) {
  return "port " + std::string(port.substr(port.rfind(':') + 1));
}

/// What one port shows; an empty fingerprint: nothing.
struct Shown {
  std::string port;
  std::string fingerprint;
  std::string why;
};

Shown parse_shown(std::string const& line) {
  auto const mark = line.find(" ! ");
  if (mark != std::string::npos) return {line.substr(0, mark), {}, line.substr(mark + 3)};
  auto const space = line.rfind(' ');
  return {line.substr(0, space), line.substr(space + 1), {}};
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
    auto const stale = state.texts("stale");
    due.load.insert(due.load.end(), stale.begin(), stale.end());
  }
  auto const wrong = ports_in_words(spec, state);
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

/// The fields of `files` (`one` is `file`) or `loads` (`load`).
void set_files(Fields& spec, std::string const& one, std::vector<File> const& all) {
  std::vector<Item> versions, paths, names, present;
  for (auto const& file : all) {
    versions.push_back(file.version);
    paths.emplace_back(file.path);
    names.emplace_back(file.name);
    if (file.presence) present.emplace_back(file.path);
  }
  if (all.empty()) return;
  spec.set(one + "s", std::move(versions));
  spec.set(one + "_paths", std::move(paths));
  spec.set(one + "_names", std::move(names));
  if (!present.empty()) spec.set(one + "_present", std::move(present));
}

class UnitLaws : public engine::KindLaws {
 public:
  [[nodiscard]] std::string_view name() const override { return kind_name; }

  [[nodiscard]] bool comes_last(Address const& /*address*/) const override { return true; }

  [[nodiscard]] bool excludes(Address const& a, Address const& b) const override {
    return !place(a).empty() && place(a) == place(b) && a.name != b.name;
  }

  [[nodiscard]] std::string place(Address const& address) const override {
    auto const name = name_of(address);
    auto const other = counterpart(name);
    if (other.empty()) return {};
    return address.name.substr(0, address.name.size() - name.size()) + std::min(name, other);
  }

  [[nodiscard]] Verdict diff(Fields const& spec, Observation const& live,
                             TimePoint /*now*/) const override {
    Verdict verdict;
    if (live.standing == Observation::Standing::absent) {
      verdict.action = Action::create;
      if (auto const& package = spec.text("package"); !package.empty())
        verdict.reasons.push_back("it is not installed: `" + install_command(package) + "`");
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

void set_loads(engine::Resource& resource, std::vector<File> const& loads) {
  set_files(resource.spec, "load", loads);
}

File::File(engine::Item of) : version(std::move(of)) {
  if (auto const* open = std::get_if<Reference>(&version)) {
    auto const& address = open->of.name;  // HOST/PATH
    path = address.substr(std::min(address.find('/'), address.size()));
  } else {
    path = parse_version(std::get<std::string>(version)).first;
  }
  name = short_name(path);
}

File::File(engine::Resource const& of, std::string where, std::string words, bool there)
    : version(version_of(of)), path(std::move(where)), name(std::move(words)), presence(there) {}

engine::Resource unit(std::string host, std::string const& name, Wish const& wish) {
  engine::Resource resource;
  resource.address = {kind_name, host + "/" + name};
  resource.lane = "host/" + host;
  resource.reason = "the mail stack on " + host + " runs by it";
  resource.group = std::move(host);
  auto& spec = resource.spec;
  if (wish.enabled) spec.set("enabled", *wish.enabled);
  if (wish.active) spec.set("active", *wish.active);
  spec.set("reload", std::string(format(wish.reload)));
  auto const say = [&spec](char const* field, std::string const& text) {
    if (!text.empty()) spec.set(field, text);
  };
  auto const list = [&spec](char const* field, std::vector<Item> const& all) {
    if (!all.empty()) spec.set(field, all);
  };
  set_files(spec, "file", wish.files);
  set_files(spec, "load", wish.loads);
  say("because", wish.because);
  say("package", wish.package);
  list("trial", {wish.trial.begin(), wish.trial.end()});
  say("trial_by", wish.trial_by);
  list("ports", {wish.ports.begin(), wish.ports.end()});
  say("name", wish.name);
  list("leaves", wish.leaves);
  list("needs", wish.needs);
  say("asks", wish.asks);
  say("tree", wish.tree);
  return resource;
}

Item version_of(engine::Resource const& file) { return Reference{file.address, "version"}; }

std::string name_of(engine::Address const& address) {
  auto const parts = address_parts(address.name, 2);
  auto const whole = address.kind == kind_name && !parts.empty();
  return whole && parts[1].find('/') == std::string::npos ? parts[1] : std::string();
}

std::string counterpart(std::string const& name) {
  for (auto const& [one, other] :
       {std::pair{"mailstackd", "chasquid"}, std::pair{"chasquid", "mailstackd"}})
    for (auto const* rest :
         {".service", "-smtp.socket", "-submission.socket", "-submission_tls.socket"})
      if (name == std::string(one) + rest) return std::string(other) + rest;
  return {};
}

std::vector<Item> items(Fields const& spec, std::string_view field) {
  auto const* value = spec.find(field);
  auto const* list = value ? std::get_if<std::vector<Item>>(value) : nullptr;
  return list ? *list : std::vector<Item>{};
}

Pending pending(Fields const& spec, Fields const& state, std::string_view field) {
  auto const has = state.texts(field);
  auto const wish = items(spec, field);
  auto const one = std::string(field.substr(0, field.size() - 1));  // files → file
  auto const names = spec.texts(one + "_names");
  auto const paths = spec.texts(one + "_paths");
  Pending due;
  for (std::size_t i = 0; i < wish.size(); ++i) {
    auto const* version = std::get_if<std::string>(&wish[i]);
    if (version != nullptr && version->empty()) continue;  // there is nothing to load yet
    if (version == nullptr || std::find(has.begin(), has.end(), *version) == has.end())
      due.load.push_back(i < names.size() ? names[i] : "?");
  }
  for (auto const& version : has) {
    auto path = parse_version(version).first;
    if (std::find(paths.begin(), paths.end(), path) == paths.end())
      due.forget.push_back(std::move(path));
  }
  return due;
}

std::string install_command(std::string const& package) {
  return "apt-get install -o Dpkg::Options::=--force-confold " + package;
}

std::vector<std::string> ports_in_words(Fields const& spec, Fields const& state) {
  auto const leaves = items(spec, "leaves");
  std::vector<std::string> known;
  bool open = false;
  for (auto const& leaf : leaves) {
    auto const* text = std::get_if<std::string>(&leaf);
    open = open || text == nullptr;
    if (text != nullptr && !text->empty()) known.push_back(*text);
  }
  std::vector<std::string> words;
  for (auto const& line : state.texts("served")) {
    auto const shown = parse_shown(line);
    if (shown.fingerprint.empty())
      words.push_back(port_words(shown.port) + " shows no certificate (" + shown.why + ")");
    else if (!open && !known.empty() &&
             std::find(known.begin(), known.end(), shown.fingerprint) == known.end())
      words.push_back(port_words(shown.port) + " shows another certificate");
  }
  return words;
}

bool is_up(std::string_view active) { return active == "active" || active == "reloading"; }

engine::KindLaws const& laws() {
  static UnitLaws const only;
  return only;
}

}  // namespace mailstack::kinds::unit
