/// \file
/// Random manifests × random worlds. Apply, then the plan is empty. Stop at any change of the disk,
/// apply again: the same world.
///
/// The providers, kinds, features and the engine are the real ones; only the disk is in memory.
/// MAILSTACK_PROPERTY_CASES says how many cases; the seed of a case that failed is printed, and
/// MAILSTACK_PROPERTY_SEED runs it alone.

#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <map>

#include "providers/dns_provider.hpp"
#include "reconciler/cli/wiring.hpp"
#include "reconciler/engine/execute.hpp"
#include "reconciler/engine/observe.hpp"
#include "reconciler/engine/shelf_twin.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/kinds/dkim_key/keys.hpp"
#include "reconciler/manifest/load.hpp"
#include "tests/property/random_stack.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_dns_query.hpp"
#include "tests/support/fake_secrets.hpp"
#include "tests/support/fake_systemd.hpp"

using namespace mailstack;
using namespace mailstack::property;

namespace {

/// Keys by number: making a real one for each case would take the time of all others together.
class KeysFromAList final : public kinds::dkim_key::KeyMaker {
 public:
  Result<Secret<std::string>> generate(std::string_view algorithm) override {
    static std::vector<Secret<std::string>> const keys = [] {
      std::vector<Secret<std::string>> all;
      all.reserve(16);
      kinds::dkim_key::OpenSslKeyMaker maker;
      for (int i = 0; i < 16; ++i) all.push_back(*maker.generate("ed25519"));
      return all;
    }();
    REQUIRE(algorithm == "ed25519");
    return keys[next_++ % keys.size()];
  }

 private:
  std::size_t next_ = 0;
};

class NoHttp final : public Http {
 public:
  Result<HttpResponse> send(HttpRequest const&) override {
    return fail(ErrorCode::internal, "no test of this file speaks HTTP");
  }
};

manifest::KeyTable const& key_table() {
  static manifest::KeyTable const keys = [] {
    manifest::KeyTable table;
    for (auto const* feature : features::features())
      table.add_feature(feature->name, feature->keys);
    for (auto const* provider : provider_types())
      table.add_provider(provider->name, provider->summary, provider->keys);
    return table;
  }();
  return keys;
}

using Counts = std::map<std::pair<std::string, std::string>, std::size_t>;

/// One machine with its disk. Each run is a process: nothing but the disk survives it.
class Machine {
 public:
  Machine() {
    for (auto const* path : {"/repo", "/repo/zones", "/state", "/etc/mailstackd"})
      REQUIRE(disk.make_directory(path, {}));
  }

  struct Ran {
    std::size_t changes = 0;
    std::size_t conflicts = 0;
    std::vector<std::string> left;
    engine::Outcome outcome;
  };

  /// Plans; with `act` executes too.
  Ran run(std::string const& text, bool act, Counts* counts = nullptr) {
    manifest::Diagnostics diagnostics;
    REQUIRE(disk_write("/repo/mailstack.yaml", text));
    auto const manifest =
        manifest::load_text(disk, "/repo/mailstack.yaml", text, key_table(), diagnostics);
    if (!manifest)
      for (auto const& problem : diagnostics.all()) WARN(problem.code << " " << problem.message);
    REQUIRE(manifest);
    auto const compiled = features::compile(*manifest, {}, clock.now());
    std::set<std::string> const lanes{"provider/local", "host/mx1"};
    auto wiring = cli::wire(*manifest, lanes, {http_, disk, clock}, {}, secrets_);
    wiring.inputs.parallelism = 1;  // a crash must unwind through this thread
    wiring.inputs.key_maker = keys_;
    auto const owned = kinds::make_kinds(wiring.inputs, {disk, clock, dns_, secrets_, systemd_});
    engine::Kinds kinds;
    for (auto const& kind : owned) kinds.add(*kind, kind->laws().name());
    auto inventory = engine::load_inventory(disk, "/state/inventory.jsonl");
    REQUIRE(inventory);
    auto rows = inventory->rows();
    mailstack::testing::Silence silence;
    auto const world =
        engine::observe(kinds, compiled.resources, rows, lanes, 1, clock.now(), silence);
    engine::PlanInput input{.laws = kinds::all_laws(),
                            .resources = compiled.resources,
                            .rows = rows,
                            .inventory = *inventory,
                            .world = world,
                            .now = clock.now()};
    input.adopt = true;
    input.lanes = lanes;
    for (auto const& domain : manifest->domains) input.domains.insert(domain.name.display());
    engine::note_look(*inventory, input, std::nullopt);
    auto const plan = engine::make_plan(input);
    Ran ran;
    for (auto const& item : plan.items) {
      if (counts) ++(*counts)[{item.address.kind, std::string(format(item.action))}];
      if (item.standing == engine::Standing::conflict) ++ran.conflicts;
      if (item.standing != engine::Standing::change) continue;
      ++ran.changes;
      ran.left.push_back(std::string(format(item.action)) + " " + item.address.text() + ": " +
                         (item.reasons.empty() ? "" : item.reasons.front()));
    }
    if (!act) return ran;
    auto journal = engine::Journal::open(disk, "/state/journal.jsonl");
    REQUIRE(journal);
    ran.outcome =
        engine::execute({.kinds = kinds,
                         .plan = plan,
                         .planned_from = input,
                         .inventory = *inventory,
                         .journal = *journal,
                         .run = "r",
                         .parallelism = 1,
                         .wait = Duration(0),
                         .now = [&] { return clock.now(); },
                         .store =
                             [&](engine::Inventory const& now) {
                               return engine::store_inventory(disk, "/state/inventory.jsonl", now);
                             },
                         .interrupted = {},
                         .progress = silence});
    return ran;
  }

  /// The world as a stranger sees it: every file but the state, without serials and key material.
  std::map<std::string, std::string> world() {
    std::map<std::string, std::string> all;
    collect("/repo/zones", all);
    collect("/etc/mailstackd", all);
    return all;
  }

  files::MemoryFiles disk;
  support::FakeClock clock;

 private:
  bool disk_write(std::string const& path, std::string const& text) {
    return disk.write(path, text, {}).has_value();
  }

  static std::string without(std::string text, std::string const& from, std::string const& until) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
      auto const end = text.find_first_of(until, at + from.size());
      text.erase(at, end == std::string::npos ? end : end - at);
    }
    return text;
  }

  void collect(std::string const& directory, std::map<std::string, std::string>& all) {
    auto const names = disk.list(directory);
    if (!names) return;
    for (auto const& name : *names) {
      auto const path = std::string(directory).append("/").append(name);
      if (auto const stat = disk.stat(path); stat && stat->directory) {
        collect(path, all);
        continue;
      }
      auto text = *disk.read(path);
      if (name.ends_with(".pem")) text = "(a key)";
      std::vector<std::string> lines;
      for (std::size_t at = 0; at < text.size();) {
        auto const end = std::min(text.find('\n', at), text.size());
        auto const line = without(text.substr(at, end - at), "k=ed25519; p=", "\";");
        if (line.find("SOA") == std::string::npos && line.find("serial") == std::string::npos)
          lines.push_back(line);
        at = end + 1;
      }
      // Two runs that stopped at different places append in another order.
      if (name.ends_with(".zone") || name == "users" || name == "aliases")
        std::sort(lines.begin(), lines.end());
      std::string joined;
      for (auto const& line : lines) joined += line + "\n";
      all[path] = joined;
    }
  }

  std::shared_ptr<KeysFromAList> keys_ = std::make_shared<KeysFromAList>();
  NoHttp http_;
  support::FakeDnsQuery dns_;
  support::FakeSecrets secrets_;
  support::FakeSystemd systemd_;
};

std::string joined(std::vector<std::string> const& lines) {
  std::string text;
  for (auto const& line : lines) text += "\n  " + line;
  return text;
}

/// Applies until nothing moves: a signing key waits for the look that its record needs.
void converge(Machine& machine, std::string const& manifest, Counts* counts) {
  Machine::Ran ran;
  ran = machine.run(manifest, true, counts);
  for (auto const& step : ran.outcome.steps) {
    INFO(step.address.text() << ": " << step.message);
    CHECK(step.outcome == engine::StepResult::Outcome::applied);
  }
  ran = machine.run(manifest, false, counts);
  INFO("left after apply:" << joined(ran.left) << "\nmanifest:\n" << manifest);
  REQUIRE(ran.changes == 0);
  REQUIRE(ran.conflicts == 0);
}

void run_case(std::uint64_t seed, Counts& counts) {
  INFO("MAILSTACK_PROPERTY_SEED=" << seed);
  Dice dice(seed);
  Machine machine;
  random_hands(dice, machine.disk);
  converge(machine, random_manifest(dice), &counts);
  auto const second = random_manifest(dice);
  random_hands(dice, machine.disk);
  machine.clock.advance(Duration(86400LL * static_cast<long long>(dice.roll(400))));
  // The same disk twice: once without, once with a crash.
  auto const before = machine.disk.snapshot();
  converge(machine, second, &counts);
  auto const whole = machine.world();

  auto const torn = dice.pick<files::MemoryFiles::Torn>({files::MemoryFiles::Torn::nothing,
                                                         files::MemoryFiles::Torn::half,
                                                         files::MemoryFiles::Torn::all});
  machine.disk.restore(before);
  auto const stop = 2 + dice.roll(12);
  machine.disk.crash_at(stop, torn);
  try {
    machine.run(second, true);
  } catch (files::MemoryFiles::Crash const&) {
  }
  machine.disk.revive();
  INFO("stopped at change " << stop);
  converge(machine, second, nullptr);
  auto const again = machine.world();
  for (auto const& [path, text] : whole) {
    INFO(path);
    CHECK((again.contains(path) ? again.at(path) : "(missing)") == text);
  }
  CHECK(again.size() == whole.size());
}

std::uint64_t number_from(char const* name, std::uint64_t fallback) {
  char const* text = std::getenv(name);
  return text != nullptr ? std::stoull(text) : fallback;
}

}  // namespace

TEST_CASE("property: after any apply the plan is empty, and after any stop the world is the same",
          "[property]") {
  Counts counts;
  if (auto const seed = number_from("MAILSTACK_PROPERTY_SEED", 0); seed != 0) {
    run_case(seed, counts);
    return;
  }
  auto const cases = number_from("MAILSTACK_PROPERTY_CASES", 100);
  for (std::uint64_t seed = 1; seed <= cases; ++seed) run_case(seed, counts);
  std::cout << cases << " cases; items by kind and action:\n";
  for (auto const& [what, count] : counts)
    std::cout << "  " << what.first << " " << what.second << ": " << count << "\n";
  for (auto const* kind : {"dns_record", "user", "alias", "conf_file", "dkim_key", "domain_folder"})
    for (auto const* action : {"none", "create", "update", "remove"}) {
      if (std::string(kind) == "conf_file" && std::string(action) == "remove") continue;
      // A folder has nothing that could be changed in place.
      if (std::string(kind) == "domain_folder" && std::string(action) == "update") continue;
      INFO(kind << " " << action);
      CHECK(counts[{kind, action}] > 0);
    }
  CHECK(counts[{"ptr", "none"}] > 0);
}
