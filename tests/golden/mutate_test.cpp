/// \file
/// Does a golden file notice when a feature forgets something? Each record and each field that a
/// feature emits is left out once. `reconciler_tests "[.matrix]"` prints where each shows: a value
/// slot carries its value in the address, so there resources.txt changes and plan.txt does not.

#include <iomanip>
#include <iostream>
#include <map>

#include "reconciler/engine/fields.hpp"
#include "tests/golden/resource_text.hpp"
#include "tests/golden/run.hpp"

namespace mailstack::golden {
namespace {

constexpr char const* whole_record = "the whole record";

struct Tally {
  unsigned tried = 0;
  unsigned in_resources = 0;  ///< resources.txt would differ
  unsigned in_plan = 0;       ///< plan.txt would differ
};
/// (feature, what was left out) → how often, and where it showed
using Matrix = std::map<std::pair<std::string, std::string>, Tally>;

std::string listing(std::vector<engine::Resource> const& resources) {
  std::string text;
  for (auto const& resource : resources) text += format_resource(resource);
  return text;
}

std::map<std::string, std::string> owners(Run const& run, TimePoint now) {
  std::map<std::string, std::string> owner;
  for (auto const* feature : features::features()) {
    features::Compiled alone;
    if (feature->compile != nullptr) feature->compile(run.manifest(), run.facts(), now, alone);
    for (auto const& resource : alone.resources)
      owner.try_emplace(resource.address.text(), feature->name);
  }
  return owner;
}

/// Everything that can be left out of one resource, as a name and what is left of it.
std::vector<std::pair<std::string, engine::Resource>> without_one(engine::Resource const& whole) {
  std::vector<std::pair<std::string, engine::Resource>> rests;
  auto const add = [&](std::string name, auto change) {
    auto rest = whole;
    change(rest);
    rests.emplace_back(std::move(name), std::move(rest));
  };
  for (auto const& [name, value] : whole.spec.entries())
    add("spec." + name, [&, key = name](engine::Resource& rest) { rest.spec.erase(key); });
  add("reason", [](engine::Resource& rest) { rest.reason.clear(); });
  add("source", [](engine::Resource& rest) { rest.source = {}; });
  add("group", [](engine::Resource& rest) { rest.group.clear(); });
  if (whole.of_domain) add("of_domain", [](engine::Resource& rest) { rest.of_domain = false; });
  if (!whole.on_remove.empty())
    add("on_remove", [](engine::Resource& rest) { rest.on_remove.clear(); });
  if (whole.retirement) add("retirement", [](engine::Resource& rest) { rest.retirement.reset(); });
  if (!whole.heads.empty()) add("heads", [](engine::Resource& rest) { rest.heads.clear(); });
  if (!whole.schedule.empty())
    add("schedule", [](engine::Resource& rest) { rest.schedule.clear(); });
  return rests;
}

void mutate(fs::path const& folder, Matrix& matrix) {
  Run run(folder);
  if (!run.compiles()) return;
  auto const whole = run.compiled().resources;
  auto const plan = read(folder / "plan.txt");
  auto const resources = listing(whole);
  auto const owner = owners(run, now_of(folder));
  auto const attempt = [&](std::string const& feature, std::string const& what,
                           std::vector<engine::Resource> rest) {
    auto& tally = matrix[{feature, what}];
    ++tally.tried;
    if (listing(rest) != resources) ++tally.in_resources;
    run.plan_instead(std::move(rest));
    if (run.text() != plan) ++tally.in_plan;
  };
  for (std::size_t i = 0; i < whole.size(); ++i) {
    // What no feature makes alone is made of all together: folders.
    auto const found = owner.find(whole[i].address.text());
    auto const feature = found == owner.end() ? "(all)" : found->second;
    auto rest = whole;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    attempt(feature, whole_record, std::move(rest));
    for (auto& [what, changed] : without_one(whole[i])) {
      auto mutated = whole;
      mutated[i] = std::move(changed);
      attempt(feature, what, std::move(mutated));
    }
  }
}

}  // namespace

TEST_CASE("mutate: whatever a feature forgets, a golden file notices", "[golden][mutate]") {
  Matrix matrix;
  for (auto const& folder : cases()) mutate(folder, matrix);
  CHECK(matrix.size() > 50);
  for (auto const& [key, tally] : matrix) {
    INFO(key.first << " without " << key.second);
    CHECK(tally.in_resources == tally.tried);
    if (key.second == whole_record) CHECK(tally.in_plan == tally.tried);
  }
}

TEST_CASE("mutate: the matrix for people", "[.matrix]") {
  Matrix matrix;
  for (auto const& folder : cases()) mutate(folder, matrix);
  std::cout << std::left << std::setw(16) << "feature" << std::setw(20) << "left out" << std::right
            << std::setw(7) << "tried" << std::setw(15) << "resources.txt" << std::setw(10)
            << "plan.txt"
            << "\n";
  for (auto const& [key, tally] : matrix)
    std::cout << std::left << std::setw(16) << key.first << std::setw(20) << key.second
              << std::right << std::setw(7) << tally.tried << std::setw(15) << tally.in_resources
              << std::setw(10) << tally.in_plan << "\n";
  CHECK_FALSE(matrix.empty());
}

}  // namespace mailstack::golden
