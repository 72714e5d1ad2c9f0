#pragma once
/// \file
/// One golden folder brought to life: the real kinds on files, zones, a resolver and a clock in
/// memory.
///
/// live.json: `zones` (RRsets by zone), `files` (path → text, on the host), `keys` (path → a key of
/// keys/), `ptr` (reverse name → name), `units` (name → `active` or `inactive`). The first host of
/// the manifest is the one that runs.

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "reconciler/cli/render_plan.hpp"
#include "reconciler/cli/wiring.hpp"
#include "reconciler/engine/execute.hpp"
#include "reconciler/engine/observe.hpp"
#include "reconciler/kinds/dkim_key/keys.hpp"
#include "reconciler/kinds/kinds.hpp"
#include "tests/golden/cases.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_systemd.hpp"
#include "tests/support/source_tree.hpp"

namespace mailstack::golden {

using nlohmann::json;

inline std::string key_file(std::string const& name) {
  return read(fs::path(support::in_source("tests/golden/keys")) / name);
}

/// The members of an object that may be absent.
inline std::map<std::string, json> members(json const& from, char const* name) {
  return from.contains(name) ? from.at(name).get<std::map<std::string, json>>()
                             : std::map<std::string, json>();
}

/// New keys are always the same ones. The two other RSA sizes get the one of 2048 bits: how many
/// bits there are does not matter here, and their PEM would only fill the repository.
class FixedKeys final : public kinds::dkim_key::KeyMaker {
 public:
  Result<Secret<std::string>> generate(std::string_view algorithm) override {
    return Secret<std::string>(key_file(algorithm == "ed25519" ? "ed25519.pem" : "rsa2048.pem"));
  }
};

/// Nothing leaves the test.
class NoHttp final : public Http {
 public:
  Result<HttpResponse> send(HttpRequest const& /*request*/) override {
    return fail(ErrorCode::unavailable, "no network in a golden test");
  }
};

/// Knows the reverse names of live.json; every other name does not exist.
class Resolver final : public world::DnsQuery {
 public:
  explicit Resolver(json const& live) {
    for (auto const& [name, value] : members(live, "ptr")) names_[name] = value.get<std::string>();
  }
  std::vector<Result<world::DnsAnswer>> ask(std::string const& /*server*/,
                                            std::span<world::DnsQuestion const> questions,
                                            bool /*recursive*/,
                                            std::chrono::milliseconds /*timeout*/) override {
    std::vector<Result<world::DnsAnswer>> answers;
    for (auto const& question : questions) {
      world::DnsAnswer answer;
      auto const found = names_.find(question.name.text());
      if (found != names_.end() && question.type == dns::type::ptr)
        answer.values = {found->second};
      else
        answer.rcode = 3;  // NXDOMAIN
      answers.emplace_back(std::move(answer));
    }
    return answers;
  }
  std::vector<std::string> resolvers() override { return {"192.0.2.53:53"}; }

 private:
  std::map<std::string, std::string> names_;
};

class OneSecret final : public world::Secrets {
 public:
  Result<Secret<std::string>> resolve(world::SecretReference const& /*reference*/) override {
    return Secret<std::string>("correct horse");
  }
};

class Silence final : public engine::Progress {
 public:
  void expect(std::string_view /*lane*/, std::string_view /*what*/,
              std::size_t /*total*/) override {}
  void advance(std::string_view /*lane*/, std::size_t /*done*/) override {}
};

/// All programs succeed; `tee FILE` writes, and getent finds who was added.
class Programs final : public world::Process {
 public:
  explicit Programs(files::Files& files) : files_(files) {}
  Result<world::Finished> run(world::Command const& command) override {
    if (command.argv.at(0) == "useradd") accounts_.insert(command.argv.back());
    if (command.argv.at(0) == "getent" && !accounts_.contains(command.argv.back()))
      return world::Finished{2, {}, {}};
    if (command.argv.at(0) == "tee")
      if (auto done = files_.write(command.argv.at(1), command.input, {}); !done)
        return fail(done.error());
    return world::Finished{};
  }

 private:
  files::Files& files_;
  std::set<std::string> accounts_;
};

/// One golden folder brought to life.
class Run {
 public:
  explicit Run(fs::path const& folder, std::string const& name = "manifest.yaml")
      : live_(fs::exists(folder / "live.json") ? json::parse(read(folder / "live.json"))
                                               : json{{"zones", json::object()}}),
        resolver_(live_),
        clock_(now_of(folder)),
        now_(now_of(folder)) {
    copy_inputs(folder, files_);
    manifest::Diagnostics diagnostics;
    manifest_ = manifest::load(files_, "/repo/" + name, key_table(), diagnostics);
    if (manifest_) features::check(*manifest_, now_, diagnostics);
    if (diagnostics.failed()) manifest_.reset();
    if (!manifest_) return;
    facts_ = facts_of(folder, *manifest_);
    build_host();
    wire();
    compiled_ = features::compile(*manifest_, facts_, now_);
    look();
  }

  /// Moves the clock and compiles again, as a timer would.
  void move_to(TimePoint now) {
    clock_.set(now);
    now_ = now;
    compiled_ = features::compile(*manifest_, facts_, now_);
    look();
  }

  /// Plans with other resources than the manifest's, against the same world.
  void plan_instead(std::vector<engine::Resource> resources) {
    compiled_.resources = std::move(resources);
    look();
  }

  [[nodiscard]] manifest::Manifest const& manifest() const { return *manifest_; }
  [[nodiscard]] features::Compiled const& compiled() const { return compiled_; }
  [[nodiscard]] features::Facts const& facts() const { return facts_; }
  [[nodiscard]] files::MemoryFiles& files() { return files_; }
  [[nodiscard]] std::vector<dns::RRset> zone(std::string const& name) {
    auto const zone = *dns::Name::parse(name);
    return *wiring_.inputs.zones.at(zone).provider->list(zone);
  }
  [[nodiscard]] bool compiles() const { return manifest_.has_value(); }
  [[nodiscard]] engine::Plan const& plan() const { return plan_; }

  [[nodiscard]] std::string text() const {
    cli::PlanView view{.plan = plan_, .laws = kinds::all_laws(), .compiled = &compiled_};
    cli::Paper paper;
    paper.verbose = true;  // also what stays and what follows what: more that can be missed
    return cli::render_plan(view, paper);
  }

  /// Does what the plan says, everything allowed, and looks again.
  std::string apply() {
    adopt_ = true;
    look();
    auto const input = plan_input();
    engine::Journal journal;
    Silence silence;
    auto const outcome =
        engine::execute({.kinds = kinds_,
                         .plan = plan_,
                         .planned_from = input,
                         .inventory = inventory_,
                         .journal = journal,
                         .run = "golden",
                         .now = [this] { return clock_.now(); },
                         .store = [](engine::Inventory const&) { return Result<>(); },
                         .interrupted = [] { return false; },
                         .progress = silence});
    std::string failures;
    for (auto const& step : outcome.steps)
      if (step.outcome == engine::StepResult::Outcome::failed ||
          step.outcome == engine::StepResult::Outcome::conflict)
        failures += step.address.text() + ": " + step.message + "\n";
    clock_.advance(Duration(60));
    now_ = clock_.now();
    look();
    return failures;
  }

 private:
  void build_host() {
    for (auto const& directory : {facts_.conf_directory + "/domains",
                                  std::string("/var/lib/mailstack/dkim"), std::string("/run")})
      REQUIRE(files_.make_directory(directory, {}));
    auto const put = [&](std::string const& path, std::string const& text, unsigned mode) {
      REQUIRE(files_.make_directory(fs::path(path).parent_path().string(), {}));
      REQUIRE(files_.write(path, text, {mode, "root", facts_.conf_group}));
    };
    for (auto const& [path, text] : members(live_, "files"))
      put(path, text.get<std::string>(), 0640);
    for (auto const& [path, name] : members(live_, "keys"))
      put(path, key_file(name.get<std::string>()), 0600);
    for (auto const& [name, active] : members(live_, "units")) {
      auto& unit = systemd_.units[name];
      unit.load = "loaded";
      unit.active = active.get<std::string>();
      unit.enabled = "disabled";
      if (unit.active == "active") systemd_.begin(unit);
    }
  }

  void wire() {
    // The first host runs; the others' lanes are elsewhere.
    if (!manifest_->hosts.empty()) lanes_.insert("host/" + manifest_->hosts.front().key);
    for (auto const& provider : manifest_->providers) lanes_.insert("provider/" + provider.key);
    wiring_ = cli::wire(*manifest_, lanes_, {http_, files_, clock_}, {}, secrets_);
    if (facts_.here.systemd) wiring_.inputs.runtime_directory = "/run/mailstack";
    wiring_.inputs.key_maker = std::make_shared<FixedKeys>();
    for (auto const& [zone, rrsets] : live_.at("zones").items()) {
      auto const name = *dns::Name::parse(zone);
      std::vector<Change> changes;
      for (auto const& each : rrsets) {
        dns::RRset rrset{*dns::Name::parse(each.at("name").get<std::string>()),
                         *dns::Type::parse(each.at("type").get<std::string>()),
                         each.at("ttl").get<std::uint32_t>(),
                         each.at("values").get<std::vector<std::string>>()};
        dns::RRset before{rrset.name, rrset.type, 0, {}};
        changes.push_back({std::move(before), std::move(rrset)});
      }
      auto const& access = wiring_.inputs.zones.at(name);
      REQUIRE(access.provider != nullptr);
      REQUIRE(access.provider->set(name, changes));
    }
    kinds_owned_ = kinds::make_kinds(wiring_.inputs, {.files = files_,
                                                      .clock = clock_,
                                                      .dns = resolver_,
                                                      .secrets = secrets_,
                                                      .systemd = systemd_,
                                                      .process = &programs_});
    for (auto const& kind : kinds_owned_) kinds_.add(*kind, kind->laws().name());
  }

  void look() {
    rows_ = inventory_.rows();
    Silence silence;
    world_ = engine::observe(kinds_, compiled_.resources, rows_, lanes_, 1, now_, silence);
    auto const previous = inventory_.looked_at;
    if (engine::note_look(inventory_, plan_input(), previous)) rows_ = inventory_.rows();
    plan_ = engine::make_plan(plan_input());
  }

  [[nodiscard]] engine::PlanInput plan_input() const {
    engine::PlanInput input{.laws = kinds::all_laws(),
                            .resources = compiled_.resources,
                            .rows = rows_,
                            .inventory = inventory_,
                            .world = world_,
                            .now = now_,
                            .mode = engine::Mode::apply,
                            .adopt = adopt_,
                            .lanes = lanes_,
                            .domains = {},
                            .departing = {},
                            .places = {},
                            .max_deletes = manifest_->safety.max_deletes,
                            .protect = {},
                            .last_run = {}};
    input.protect = {manifest_->safety.protect.begin(), manifest_->safety.protect.end()};
    for (auto const& zone : manifest_->zones) input.places.insert(zone.name.display());
    for (auto const& host : manifest_->hosts) input.places.insert(host.key);
    for (auto const& domain : manifest_->domains) {
      input.domains.insert(domain.name.display());
      if (domain.absent) input.departing.insert(domain.name.display());
    }
    return input;
  }

  json live_;
  files::MemoryFiles files_;
  NoHttp http_;
  Resolver resolver_;
  OneSecret secrets_;
  support::FakeSystemd systemd_;
  Programs programs_{files_};
  support::FakeClock clock_;
  TimePoint now_;
  features::Facts facts_;
  std::optional<manifest::Manifest> manifest_;
  features::Compiled compiled_;
  std::set<std::string> lanes_;
  cli::Wiring wiring_;
  std::vector<std::unique_ptr<engine::Kind>> kinds_owned_;
  engine::Kinds kinds_;
  engine::Inventory inventory_;
  std::vector<engine::Row const*> rows_;
  engine::World world_;
  engine::Plan plan_;
  bool adopt_ = false;
};

}  // namespace mailstack::golden
