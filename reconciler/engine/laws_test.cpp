// The engine's laws, one test each, against a shelf in memory. tests/laws/ holds for each a break
// that the test must catch.
#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>

#include "core/files/memory_files.hpp"
#include "reconciler/engine/execute.hpp"
#include "reconciler/engine/hazards.hpp"
#include "reconciler/engine/observe.hpp"
#include "reconciler/engine/shelf_twin.hpp"

using namespace mailstack;
using namespace mailstack::engine;
using mailstack::testing::Shelf;
using mailstack::testing::Silence;

namespace {

TimePoint at(long long seconds) { return TimePoint(Duration(1'800'000'000 + seconds)); }

Resource thing(std::string name, Value value, std::string lane = "host/one") {
  Resource resource;
  resource.address = {"shelf", std::move(name)};
  resource.spec = {{"value", std::move(value)}};
  resource.lane = std::move(lane);
  resource.group = "home";
  return resource;
}

Reference value_of(std::string name) { return {{"shelf", std::move(name)}, "value"}; }
Reference since(std::string name) { return {{"shelf", std::move(name)}, "same_since"}; }

/// A manifest, a world, and what is owned; looks, plans and applies as the program does.
struct Bench {
  Shelf shelf;
  files::MemoryFiles files;
  Inventory inventory;
  std::vector<Resource> wanted;
  std::set<std::string> lanes{"host/one", "host/two"};
  std::set<std::string> domains, departing;
  std::set<std::string> places{"home"};
  std::set<Hazard> protect{Hazard::mx, Hazard::user};
  std::optional<TimePoint> last_run;
  bool adopt = false;
  Mode mode = Mode::apply;
  long long clock = 0;
  Silence silence;

  struct Planned {
    std::vector<Row const*> rows;
    World world;
    Plan plan;
  };

  Laws laws() {
    Laws table;
    table.add(shelf.laws(), "shelf");
    return table;
  }
  Kinds kinds() {
    Kinds table;
    table.add(shelf, "shelf");
    return table;
  }

  template <class Use>
  auto with_input(Use use) {
    auto const table = laws();
    auto const all = kinds();
    auto rows = inventory.rows();
    auto const world = observe(all, wanted, rows, lanes, 4, at(clock), silence);
    PlanInput const input{.laws = table,
                          .resources = wanted,
                          .rows = rows,
                          .inventory = inventory,
                          .world = world,
                          .now = at(clock),
                          .mode = mode,
                          .adopt = adopt,
                          .lanes = lanes,
                          .domains = domains,
                          .departing = departing,
                          .places = places,
                          .max_deletes = 3,
                          .protect = protect,
                          .last_run = last_run};
    note_look(inventory, input, at(clock - 60));
    return use(input);
  }

  Plan plan() {
    return with_input([](PlanInput const& input) { return make_plan(input); });
  }

  Outcome apply() {
    return with_input([&](PlanInput const& input) {
      auto const plan = make_plan(input);
      auto journal = Journal::open(files, "/state/journal.jsonl");
      REQUIRE(journal);
      return execute({.kinds = kinds(),
                      .plan = plan,
                      .planned_from = input,
                      .inventory = inventory,
                      .journal = *journal,
                      .run = "r1",
                      .parallelism = 4,
                      .wait = Duration(0),
                      .now = [&] { return at(clock); },
                      .store =
                          [&](Inventory const& now) {
                            return store_inventory(files, "/state/inventory.jsonl", now);
                          },
                      .interrupted = {},
                      .progress = silence});
    });
  }

  Bench() { REQUIRE(files.make_directory("/state", {.mode = 0700, .owner = {}, .group = {}})); }
};

PlanItem const& item(Plan const& plan, std::string const& name) {
  for (auto const& one : plan.items)
    if (one.address.name == name) return one;
  FAIL("no item " << name);
  return plan.items.front();
}

StepResult const& result(Outcome const& outcome, std::string const& name) {
  for (auto const& one : outcome.steps)
    if (one.address.name == name) return one;
  FAIL("no result for " << name);
  return outcome.steps.front();
}

Fields holding(std::string value) { return {{"value", std::move(value)}}; }

}  // namespace

TEST_CASE("law 0: what another lane applies is elsewhere and not touched", "[engine][law0]") {
  Bench bench;
  bench.wanted = {thing("a/x", "1"), thing("b/x", "1", "host/other")};
  auto const plan = bench.plan();
  CHECK(item(plan, "a/x").standing == Standing::change);
  CHECK(item(plan, "b/x").standing == Standing::elsewhere);
  bench.apply();
  CHECK(bench.shelf.things.contains("a/x"));
  CHECK_FALSE(bench.shelf.things.contains("b/x"));
}

TEST_CASE("law 1: what excludes the wish is removed in the same batch", "[engine][law1]") {
  Bench bench;
  bench.wanted = {thing("a/x", "1"), thing("a/y", "2")};
  bench.apply();
  bench.wanted = {thing("a/only", "3")};
  bench.shelf.batches.clear();
  auto const outcome = bench.apply();
  CHECK(result(outcome, "a/only").outcome == StepResult::Outcome::applied);
  REQUIRE(bench.shelf.batches.size() == 1);
  CHECK(bench.shelf.batches[0] == std::vector<std::string>{"a/only", "-a/x", "-a/y"});
  CHECK(bench.plan().changes() == 0);
}

TEST_CASE("law 2: steps of one kind and lane go in one batch", "[engine][law2]") {
  Bench bench;
  bench.wanted = {thing("a/x", "1"), thing("b/x", "1"), thing("c/x", "1", "host/two")};
  bench.apply();
  CHECK(bench.shelf.batches.size() == 2);
}

TEST_CASE("law 3: a reference is planned as following, and resolved when its turn comes",
          "[engine][law3]") {
  Bench bench;
  bench.wanted = {thing("b/x", value_of("a/x")), thing("a/x", "made")};
  auto const plan = bench.plan();
  REQUIRE(item(plan, "b/x").follows.size() == 1);
  bench.apply();
  CHECK(bench.shelf.things.at("b/x").text("value") == "made");
  CHECK(bench.plan().changes() == 0);
}

TEST_CASE("law 3: what has nothing left to do when its turn comes is dropped", "[engine][law3]") {
  Bench bench;
  bench.shelf.things["b/x"] = holding("made");
  bench.adopt = true;
  bench.wanted = {thing("a/x", "made"), thing("b/x", value_of("a/x"))};
  CHECK(item(bench.plan(), "b/x").standing == Standing::change);
  auto const outcome = bench.apply();
  CHECK(result(outcome, "b/x").message == "already as it should be");
  for (auto const& batch : bench.shelf.batches)
    CHECK(std::find(batch.begin(), batch.end(), "b/x") == batch.end());
}

TEST_CASE("law 4: a reload that failed is still pending in the next plan", "[engine][law4]") {
  Bench bench;
  auto unit = thing("unit/x", "conf");
  unit.spec.set("loaded", std::string("digest-1"));
  bench.wanted = {unit};
  bench.apply();
  bench.wanted[0].spec.set("loaded", std::string("digest-2"));
  bench.shelf.lying = {"unit/x"};  // accepts the reload, loads nothing
  bench.apply();
  bench.shelf.lying.clear();
  CHECK(bench.plan().changes() == 1);
  bench.apply();
  CHECK(bench.plan().changes() == 0);
}

TEST_CASE("law 5: nothing is switched before its publication was seen for long enough",
          "[engine][law5]") {
  Bench bench;
  auto signing = thing("key/new", "k");
  signing.spec.set("published", since("txt/new"));
  signing.spec.set("wait", std::int64_t{3600});
  bench.wanted = {thing("txt/new", "pub"), signing};
  auto const plan = bench.plan();
  CHECK(item(plan, "key/new").standing == Standing::later);
  CHECK(item(plan, "key/new").not_before == at(3600));
  bench.apply();
  CHECK_FALSE(bench.shelf.things.contains("key/new"));
  bench.clock = 3599;
  bench.apply();
  CHECK_FALSE(bench.shelf.things.contains("key/new"));
  bench.clock = 3600;
  bench.apply();
  CHECK(bench.shelf.things.contains("key/new"));
}

TEST_CASE("law 5: an unseen publication holds the switch back", "[engine][law5]") {
  Bench bench;
  auto signing = thing("key/new", "k");
  signing.spec.set("published", since("txt/new"));
  bench.wanted = {thing("txt/new", "pub"), signing};
  bench.shelf.lying = {"txt/new"};
  auto const outcome = bench.apply();
  CHECK(result(outcome, "txt/new").outcome == StepResult::Outcome::failed);
  CHECK(result(outcome, "key/new").outcome == StepResult::Outcome::skipped);
  CHECK_FALSE(bench.shelf.things.contains("key/new"));
}

TEST_CASE("law 5: what the clock retires waits for its successor, then for its time",
          "[engine][law5]") {
  Bench bench;
  auto old_key = thing("old/x", "1");
  old_key.heads = "dkim";
  old_key.retirement = Retirement{"dkim", Duration(100)};
  bench.wanted = {old_key};
  bench.apply();
  auto new_key = thing("new/x", "2");
  new_key.heads = "dkim";
  new_key.retirement = Retirement{"dkim", Duration(100)};
  bench.wanted = {new_key};
  bench.shelf.blind = {"new"};
  CHECK(item(bench.plan(), "old/x").standing == Standing::later);
  bench.shelf.blind.clear();
  bench.clock = 10;
  bench.apply();
  CHECK(bench.shelf.things.contains("old/x"));
  bench.clock = 109;
  CHECK(item(bench.plan(), "old/x").standing == Standing::later);
  bench.clock = 110;
  auto const plan = bench.plan();
  CHECK(item(plan, "old/x").standing == Standing::change);
  CHECK(item(plan, "old/x").cause == Cause::clock);
  CHECK(plan.hazards().empty());
}

TEST_CASE("law 6: equal and unowned is adopted without a write", "[engine][law6]") {
  Bench bench;
  bench.shelf.things["a/x"] = holding("1");
  bench.wanted = {thing("a/x", "1")};
  CHECK(item(bench.plan(), "a/x").adopted);
  bench.apply();
  CHECK(bench.shelf.batches.empty());
  CHECK(bench.inventory.find({"shelf", "a/x"}) != nullptr);
}

TEST_CASE("law 6: different and unowned needs --adopt", "[engine][law6]") {
  Bench bench;
  SECTION("what stands there") {
    bench.shelf.things["a/x"] = holding("theirs");
    bench.wanted = {thing("a/x", "ours"), thing("b/x", "1")};
    CHECK(item(bench.plan(), "a/x").standing == Standing::conflict);
    bench.apply();
    CHECK(bench.shelf.things.at("a/x").text("value") == "theirs");
    CHECK(bench.shelf.things.contains("b/x"));
    bench.adopt = true;
    bench.apply();
    CHECK(bench.shelf.things.at("a/x").text("value") == "ours");
  }
  SECTION("regression: what was put in another lane gives no right to what stands in the new one") {
    bench.wanted = {thing("a/x", "1")};
    bench.apply();
    bench.wanted = {thing("a/x", "1", "host/two")};
    bench.shelf.things["a/x"] = holding("theirs");
    CHECK(item(bench.plan(), "a/x").standing == Standing::conflict);
  }
}

TEST_CASE("law 6: an excluded type that is not ours needs --adopt", "[engine][law6]") {
  Bench bench;
  bench.shelf.things["a/only"] = holding("theirs");
  bench.wanted = {thing("a/x", "ours")};
  CHECK(item(bench.plan(), "a/x").standing == Standing::conflict);
  bench.apply();
  CHECK(bench.shelf.things.contains("a/only"));
  bench.adopt = true;
  bench.apply();
  CHECK_FALSE(bench.shelf.things.contains("a/only"));
  CHECK(bench.plan().changes() == 0);
}

TEST_CASE("law 6: unknown ownership is never deleted", "[engine][law6]") {
  Bench bench;
  bench.shelf.things["a/foreign"] = holding("theirs");
  bench.wanted = {thing("a/x", "1")};
  bench.apply();
  bench.wanted.clear();
  bench.apply();
  CHECK(bench.shelf.things.contains("a/foreign"));
  CHECK_FALSE(bench.shelf.things.contains("a/x"));
}

TEST_CASE("law 6: what appeared when ours vanished is its replacement; a neighbour is not",
          "[engine][law6]") {
  Bench bench;
  bench.wanted = {thing("a/x", "1")};
  bench.apply();
  bench.shelf.things["a/beside"] = holding("foreign");
  bench.clock = 60;
  CHECK(bench.with_input([](PlanInput const& in) { return find_drift(in); }).empty());
  bench.shelf.things.erase("a/x");
  bench.shelf.things["a/instead"] = holding("edited");
  bench.clock = 120;
  auto const drift = bench.with_input([](PlanInput const& in) { return find_drift(in); });
  REQUIRE(drift.size() == 1);
  CHECK(drift[0].replacements == std::vector<Address>{{"shelf", "a/instead"}});
  CHECK(drift[0].seen == at(60));
  CHECK(drift[0].missed == at(120));
  bench.shelf.things["a/later"] = holding("after it went");
  bench.clock = 180;
  bench.mode = Mode::reconcile;
  bench.apply();
  CHECK(bench.shelf.things.contains("a/x"));
  CHECK_FALSE(bench.shelf.things.contains("a/instead"));
  CHECK(bench.shelf.things.contains("a/beside"));
  CHECK(bench.shelf.things.contains("a/later"));
}

TEST_CASE("law 6: an edit between plan and write is a conflict, not a loss", "[engine][law6]") {
  Bench bench;
  bench.wanted = {thing("a/x", "1")};
  bench.apply();
  bench.wanted = {thing("a/x", "2")};
  bench.shelf.on_write = [&](std::string const& name) {
    bench.shelf.things[name] = holding("by hand");
  };
  auto const outcome = bench.apply();
  CHECK(result(outcome, "a/x").outcome == StepResult::Outcome::conflict);
  CHECK(bench.shelf.things.at("a/x").text("value") == "by hand");
}

TEST_CASE("law 7: what cannot be seen is blind, and so is what needs it; the rest converges",
          "[engine][law7]") {
  Bench bench;
  SECTION("what is wanted") {
    bench.shelf.blind = {"a"};
    bench.wanted = {thing("a/x", "1"), thing("b/x", value_of("a/x")), thing("c/x", "3")};
    auto const plan = bench.plan();
    CHECK(item(plan, "a/x").standing == Standing::blind);
    CHECK(item(plan, "b/x").standing == Standing::blind);
    bench.apply();
    CHECK(bench.shelf.things.contains("c/x"));
    CHECK_FALSE(bench.shelf.things.contains("b/x"));
  }
  SECTION("regression: a value that nobody can see is not written as an empty one") {
    bench.wanted = {thing("key/old", "k"), thing("txt/x", value_of("key/old"), "host/two")};
    bench.apply();
    // The key's host has another name in the manifest now, which nobody applied yet.
    bench.wanted = {thing("key/new", "k", "host/three"),
                    thing("txt/x", value_of("key/new"), "host/two")};
    bench.lanes = {"host/two"};
    bench.mode = Mode::reconcile;
    CHECK(item(bench.plan(), "txt/x").standing == Standing::blind);
    bench.apply();
    CHECK(bench.shelf.things["txt/x"].text("value") == "k");
  }
}

TEST_CASE("law 8: one refused step leaves the others applied, and keeps what it would replace",
          "[engine][law8]") {
  Bench bench;
  bench.wanted = {thing("a/old", "1")};
  bench.apply();
  bench.wanted = {thing("a/new", "2"), thing("b/x", "3")};
  bench.shelf.refused = {"a/new"};
  auto const outcome = bench.apply();
  CHECK(result(outcome, "a/new").outcome == StepResult::Outcome::failed);
  CHECK(result(outcome, "b/x").outcome == StepResult::Outcome::applied);
  CHECK(bench.shelf.things.contains("a/old"));
}

TEST_CASE("law 8: removals come last, and what refers goes before what it refers to",
          "[engine][law8]") {
  Bench bench;
  bench.wanted = {thing("a/x", "1"), thing("b/x", value_of("a/x"))};
  bench.apply();
  bench.wanted = {thing("c/x", "3")};
  bench.shelf.batches.clear();
  bench.apply();
  REQUIRE(bench.shelf.batches.size() == 3);
  CHECK(bench.shelf.batches[0] == std::vector<std::string>{"c/x"});
  CHECK(bench.shelf.batches[1] == std::vector<std::string>{"-b/x"});
  CHECK(bench.shelf.batches[2] == std::vector<std::string>{"-a/x"});
}

TEST_CASE("law 5: what time alone asks for is no drift, and reconcile does it", "[engine][law5]") {
  Bench bench;
  bench.wanted = {thing("a/x", "1")};
  bench.wanted[0].spec.set("renew_after", std::int64_t{100});
  bench.apply();
  bench.shelf.things["a/x"].set("made", std::int64_t{at(0).time_since_epoch().count()});
  bench.clock = 60;
  CHECK(bench.plan().changes() == 0);
  bench.clock = 200;
  CHECK(item(bench.plan(), "a/x").cause == Cause::clock);
  CHECK(bench.with_input([](PlanInput const& in) { return find_drift(in); }).empty());
  bench.mode = Mode::reconcile;
  CHECK(bench.plan().changes() == 1);
  // Changed by hand as well: that is drift.
  bench.shelf.things["a/x"].set("value", std::string("by hand"));
  CHECK(item(bench.plan(), "a/x").cause == Cause::world);
  CHECK(bench.with_input([](PlanInput const& in) { return find_drift(in); }).size() == 1);
}

TEST_CASE("law 8: what uses the others comes after their removals, and so does what refers to it",
          "[engine][law8]") {
  Bench bench;
  bench.wanted = {thing("a/x", "1"), thing("b/last", "1"), thing("c/x", value_of("b/last"))};
  bench.apply();
  bench.wanted = {thing("b/last", "2"), thing("c/x", value_of("b/last")), thing("d/x", "1")};
  bench.shelf.batches.clear();
  auto const outcome = bench.apply();
  using Batch = std::vector<std::string>;
  CHECK(bench.shelf.batches == std::vector<Batch>{{"d/x"}, {"-a/x"}, {"b/last"}, {"c/x"}});
  CHECK(result(outcome, "c/x").outcome == StepResult::Outcome::applied);
}

TEST_CASE("law 7: what comes last takes what there is, and goes on without what may be missed",
          "[engine][law7]") {
  Bench bench;
  bench.wanted = {thing("spare/old", "1"), thing("spare/new", "1"), thing("a/x", "1"),
                  thing("b/last", "1")};
  auto& last = bench.wanted[3];
  bench.shelf.refused = {"spare/new", "a/x"};
  SECTION("in lists") {
    last.spec.set("uses", std::vector<Item>{value_of("spare/old"), value_of("spare/new")});
    auto const outcome = bench.apply();
    CHECK(result(outcome, "spare/new").outcome == StepResult::Outcome::failed);
    CHECK(result(outcome, "b/last").outcome == StepResult::Outcome::applied);
  }
  SECTION("what may not be missed stops it") {
    last.spec.set("uses", std::vector<Item>{value_of("a/x")});
    CHECK(result(bench.apply(), "b/last").outcome == StepResult::Outcome::skipped);
  }
  SECTION("and so does what it needs") {
    last.spec.set("needs", std::vector<Item>{value_of("spare/new")});
    CHECK(result(bench.apply(), "b/last").outcome == StepResult::Outcome::skipped);
  }
}

TEST_CASE("law 9: the intent is in the journal before the write", "[engine][law9]") {
  Bench bench;
  bench.wanted = {thing("a/x", "1")};
  bool announced = false;
  bench.shelf.on_write = [&](std::string const&) {
    auto const text = bench.files.read("/state/journal.jsonl");
    REQUIRE(text);
    for (auto const& record : parse_journal(*text).records)
      announced |= record.event == "intent" && record.address == "shelf/a/x";
  };
  bench.apply();
  CHECK(announced);
}

TEST_CASE("law 9: a lost inventory only forgets: the equal is adopted", "[engine][law9]") {
  Bench bench;
  bench.wanted = {thing("a/x", "1")};
  bench.apply();
  bench.inventory = {};
  bench.shelf.batches.clear();
  bench.apply();
  CHECK(bench.shelf.batches.empty());
  CHECK(bench.inventory.size() == 1);
}

TEST_CASE("law 10: removals over the limit, a vanished domain and protected things are gated",
          "[engine][law10]") {
  Bench bench;
  auto mail = thing("m/x", "1");
  mail.on_remove = {Hazard::mx, Hazard::spf};
  mail.group = "gone.example";
  mail.of_domain = true;
  // A zone of the domain's name stays, and says nothing about the domain.
  bench.places = {"home", "gone.example"};
  bench.domains = {"gone.example"};
  bench.wanted = {mail};
  for (auto const* name : {"a/x", "b/x", "c/x"}) bench.wanted.push_back(thing(name, "1"));
  bench.apply();
  bench.wanted.clear();
  bench.domains.clear();
  auto const plan = bench.plan();
  CHECK(plan.hazards() == std::set<Hazard>{Hazard::deletes, Hazard::mx, Hazard::domain});
  CHECK(closed_gates(plan, {Hazard::deletes, Hazard::mx}).size() == 1);
  bench.domains = bench.departing = {"gone.example"};
  CHECK_FALSE(bench.plan().hazards().contains(Hazard::domain));
}

TEST_CASE("law 10: of many values that one replaces, the others are deletions", "[engine][law10]") {
  Bench bench;
  for (auto const* name : {"a/1", "a/2", "a/3", "a/4", "a/5"})
    bench.wanted.push_back(thing(name, "1"));
  bench.apply();
  bench.wanted = {thing("a/6", "1")};
  CHECK(bench.plan().hazards() == std::set<Hazard>{Hazard::deletes});  // four, and three may go
  bench.wanted.push_back(thing("a/7", "1"));
  CHECK(bench.plan().hazards().empty());
}

TEST_CASE("law 10: restoring what was applied is no hazard", "[engine][law10]") {
  Bench bench;
  auto mail = thing("m/x", "1");
  mail.on_change = {Hazard::mx};
  bench.wanted = {mail};
  bench.apply();
  bench.shelf.things["m/x"] = holding("edited");
  bench.clock = 60;
  auto const plan = bench.plan();
  CHECK(item(plan, "m/x").cause == Cause::world);
  CHECK(plan.hazards().empty());
  bench.wanted[0].spec.set("value", std::string("2"));
  CHECK(bench.plan().hazards() == std::set<Hazard>{Hazard::mx});
}

TEST_CASE("law 10: a clock far from the last run's is a hazard", "[engine][law10]") {
  Bench bench;
  bench.wanted = {thing("a/x", "1")};
  bench.last_run = at(601);
  CHECK(bench.plan().hazards().contains(Hazard::clock));
  bench.last_run = at(600);
  CHECK(bench.plan().hazards().empty());
  bench.last_run = at(-401LL * 86400);
  CHECK(bench.plan().hazards().contains(Hazard::clock));
}

TEST_CASE("law 10: reconcile follows the clock by the schedule that was applied, not by a new one",
          "[engine][law10]") {
  Bench bench;
  auto const key = [](std::string const& name, std::string const& schedule) {
    auto resource = thing(name, "1");
    resource.retirement = Retirement{"dkim/home", Duration(0)};
    resource.heads = "dkim/home";
    resource.schedule = schedule;
    return resource;
  };
  bench.wanted = {key("k/june", "every 30d")};
  bench.apply();
  bench.mode = Mode::reconcile;
  bench.wanted = {key("k/other", "every 60d")};
  CHECK(item(bench.plan(), "k/other").standing == Standing::later);
  CHECK(bench.plan().changes() == 0);
  bench.wanted = {key("k/july", "every 30d")};
  CHECK(item(bench.plan(), "k/july").cause == Cause::clock);
  CHECK(item(bench.plan(), "k/july").standing == Standing::change);
}

TEST_CASE("law 10: reconcile never does what a new manifest asks", "[engine][law10]") {
  Bench bench;
  bench.wanted = {thing("a/x", "1"), thing("b/x", "1")};
  bench.apply();
  bench.wanted = {thing("a/x", "2"), thing("c/x", "new")};
  bench.shelf.things["a/x"] = holding("edited");
  bench.clock = 60;
  bench.mode = Mode::reconcile;
  auto const plan = bench.plan();
  CHECK(plan.pending.size() == 3);
  bench.apply();
  CHECK(bench.shelf.things.at("a/x").text("value") == "1");
  CHECK(bench.shelf.things.contains("b/x"));
  CHECK_FALSE(bench.shelf.things.contains("c/x"));
}

TEST_CASE("law 11: the plan holds what was seen and what is wished, as data", "[engine][law11]") {
  Bench bench;
  bench.shelf.things["a/x"] = holding("old");
  bench.adopt = true;
  bench.wanted = {thing("a/x", "new")};
  auto const plan = bench.plan();
  CHECK(item(plan, "a/x").observed.state.text("value") == "old");
  CHECK(item(plan, "a/x").wish.text("value") == "new");
}

TEST_CASE("law 12: lanes overlap, writes of one lane never do", "[engine][law12]") {
  Bench bench;
  bench.wanted = {thing("a/x", "1"), thing("b/x", value_of("a/x")), thing("c/x", "1", "host/two"),
                  thing("d/x", value_of("c/x"), "host/two")};
  std::mutex guard;
  std::condition_variable entered;
  std::map<std::string, int> inside;
  bool together = false, twice = false;
  bench.shelf.on_batch = [&](std::string const& lane, bool begins) {
    std::unique_lock lock(guard);
    if (!begins) {
      --inside[lane];
      return;
    }
    twice |= ++inside[lane] > 1;
    together |= inside.size() == 2 && inside["host/one"] == 1 && inside["host/two"] == 1;
    entered.notify_all();
    entered.wait_for(lock, std::chrono::seconds(2), [&] { return together; });
  };
  auto const outcome = bench.apply();
  CHECK(outcome.steps.size() == 4);
  CHECK(together);
  CHECK_FALSE(twice);
}

TEST_CASE("law 13: what was accepted and not done is a failure", "[engine][law13]") {
  Bench bench;
  bench.wanted = {thing("a/x", "1")};
  bench.shelf.lying = {"a/x"};
  auto const outcome = bench.apply();
  CHECK(result(outcome, "a/x").outcome == StepResult::Outcome::failed);
  CHECK(bench.plan().changes() == 1);
}

TEST_CASE("law 13: a name server that lags is said, and holds back what waits for it",
          "[engine][law13]") {
  Bench bench;
  auto signing = thing("key/x", "k");
  signing.spec.set("published", since("txt/x"));
  bench.wanted = {thing("txt/x", "pub"), signing};
  bench.shelf.lagging = {"txt/x"};
  auto const outcome = bench.apply();
  CHECK(result(outcome, "txt/x").confirmation.standing == Confirmation::Standing::pending);
  CHECK_FALSE(bench.shelf.things.contains("key/x"));
}

TEST_CASE("law 8: an old value stays while the new one of its place cannot come",
          "[engine][law8]") {
  Bench bench;
  SECTION("what has its place") {
    bench.wanted = {thing("mx/old", "1")};
    bench.apply();
    bench.shelf.blind = {"mx/new"};
    bench.wanted = {thing("mx/new", "2")};
    auto const plan = bench.plan();
    CHECK(item(plan, "mx/new").standing == Standing::blind);
    CHECK(item(plan, "mx/old").standing == Standing::later);
    bench.apply();
    CHECK(bench.shelf.things.contains("mx/old"));
    bench.shelf.blind.clear();
    bench.apply();
    CHECK_FALSE(bench.shelf.things.contains("mx/old"));
    CHECK(bench.shelf.things.contains("mx/new"));
  }
  SECTION("regression: what excludes the new one stays, too, until that can come") {
    bench.wanted = {thing("www/only", "old")};
    bench.apply();
    bench.shelf.blind = {"www/new"};
    bench.wanted = {thing("www/new", "new")};
    CHECK(item(bench.plan(), "www/only").standing == Standing::later);
    bench.apply();
    CHECK(bench.shelf.things.contains("www/only"));
  }
}

TEST_CASE("drift tells how the world moved away from what was applied, a plan the way back",
          "[engine]") {
  Bench bench;
  bench.wanted = {thing("a/x", "applied")};
  bench.apply();
  bench.plan();
  bench.clock = 60;
  bench.shelf.things["a/x"] = holding("edited");
  CHECK(item(bench.plan(), "a/x").reasons == std::vector<std::string>{"value edited → applied"});
  auto const drift = bench.with_input([](PlanInput const& in) { return find_drift(in); });
  REQUIRE(drift.size() == 1);
  CHECK(drift[0].reasons == std::vector<std::string>{"value applied → edited"});
}

TEST_CASE("law 10: what the manifest gives to another lane is no drift of the old one",
          "[engine][law10]") {
  Bench bench;
  bench.wanted = {thing("a/x", "1")};
  bench.apply();
  bench.wanted = {thing("a/x", "1", "host/two")};
  bench.shelf.things.erase("a/x");
  bench.clock = 60;
  CHECK(bench.with_input([](PlanInput const& in) { return find_drift(in); }).empty());
  bench.mode = Mode::reconcile;
  CHECK(bench.plan().pending.size() == 1);
  CHECK(bench.plan().changes() == 0);
  bench.apply();
  CHECK_FALSE(bench.shelf.things.contains("a/x"));
}

TEST_CASE("regression: a removal that was accepted and not done stays ours", "[engine][law13]") {
  Bench bench;
  bench.wanted = {thing("a/x", "1")};
  bench.apply();
  bench.wanted.clear();
  bench.shelf.lying = {"a/x"};
  CHECK(result(bench.apply(), "a/x").outcome == StepResult::Outcome::failed);
  bench.shelf.lying.clear();
  CHECK(result(bench.apply(), "a/x").outcome == StepResult::Outcome::applied);
  CHECK(bench.shelf.things.empty());
  CHECK(bench.inventory.size() == 0);
}

TEST_CASE("regression: a repair takes over nothing that a new manifest says", "[engine][law10]") {
  Bench bench;
  bench.wanted = {thing("a/x", "1")};
  bench.wanted[0].schedule = "every 180d";
  bench.apply();
  bench.wanted[0].schedule = "every 90d";
  bench.wanted[0].group = "elsewhere";
  bench.shelf.things["a/x"] = holding("edited");
  bench.mode = Mode::reconcile;
  bench.apply();
  CHECK(bench.shelf.things["a/x"].text("value") == "1");
  auto const* row = bench.inventory.find({"shelf", "a/x"});
  REQUIRE(row);
  CHECK(row->schedule == "every 180d");
  CHECK(row->group == "home");
}
