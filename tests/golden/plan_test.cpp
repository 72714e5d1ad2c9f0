/// \file
/// The plan of every golden manifest against the world of its live.json, as a person reads it; and
/// that it comes true: after the apply a second plan is empty.

#include "tests/golden/run.hpp"

#include "tests/support/source_tree.hpp"

namespace mailstack::golden {

TEST_CASE("golden: the plan of every manifest, as a person reads it", "[golden]") {
  for (auto const& folder : cases()) {
    INFO(folder.filename().string());
    Run const run(folder);
    if (run.compiles()) expect(folder / "plan.txt", run.text());
  }
}

TEST_CASE("golden: what a plan says comes true, and a second plan is empty", "[golden]") {
  for (auto const& folder : cases()) {
    INFO(folder.filename().string());
    // A CA that is not here; tests/programs/acme_test.sh applies with a real one.
    if (fs::exists(folder / "plan-only")) continue;
    Run run(folder);
    if (!run.compiles()) continue;
    CHECK_THAT(run.apply(), Catch::Equals(""));
    INFO(run.text());
    CHECK(run.plan().changes() == 0);
    CHECK_FALSE(run.plan().has(engine::Standing::conflict));
  }
}

TEST_CASE("golden: the example comes true as well", "[golden]") {
  Run run(fs::path(support::in_source("examples")), "mailstack.yaml");
  REQUIRE(run.compiles());
  CHECK(run.plan().changes() > 20);
  CHECK_THAT(run.apply(), Catch::Equals(""));
  INFO(run.text());
  CHECK(run.plan().changes() == 0);
}

}  // namespace mailstack::golden
