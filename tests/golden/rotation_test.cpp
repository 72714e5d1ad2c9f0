/// \file
/// Two years of DKIM with the real kinds: what signs is published, what is retired was seen
/// replaced.

#include <optional>

#include "tests/support/source_tree.hpp"

#include "tests/golden/run.hpp"

namespace mailstack::golden {
namespace {

using std::chrono::days;
using std::chrono::hours;

constexpr char const* conf = "/etc/mailstackd/domains/example.org";

/// Selectors with a file that the daemon signs with.
std::set<std::string> signing(Run& run) {
  std::set<std::string> selectors;
  auto const names = run.files().list(conf);
  for (auto const& name : names.value_or(std::vector<std::string>()))
    if (name.starts_with("dkim:")) selectors.insert(name.substr(5, name.size() - 5 - 4));
  return selectors;
}

/// Selectors with a record.
std::set<std::string> published(Run& run) {
  std::set<std::string> selectors;
  for (auto const& rrset : run.zone("example.org")) {
    auto const at = rrset.name.text().find("._domainkey.");
    if (at != std::string::npos) selectors.insert(rrset.name.text().substr(0, at));
  }
  return selectors;
}

bool subset(std::set<std::string> const& inner, std::set<std::string> const& outer) {
  return std::includes(outer.begin(), outer.end(), inner.begin(), inner.end());
}

fs::path folder() { return fs::path(support::in_source("tests/golden/09-dkim-window")); }

}  // namespace

TEST_CASE("rotation: over two years nothing signs that was not published, and old records go",
          "[golden]") {
  Run run(folder());
  auto const start = now_of(folder());
  std::set<std::string> before;
  std::set<std::string> ever;
  std::map<std::string, TimePoint> silent_since;
  for (auto now = start; now < start + days(730); now += days(2)) {
    run.move_to(now);
    REQUIRE_THAT(run.apply(), Catch::Equals(""));
    auto const signs = signing(run);
    auto const shown = published(run);
    INFO(format(now));
    REQUIRE(signs.size() == 1);     // never unsigned, never signed twice
    REQUIRE(subset(signs, shown));  // never with a key that nobody can look up
    REQUIRE(shown.size() <= 2);     // old or next one beside the current
    if (!ever.empty() && signs != before) {
      // The switch: the new record stood there before, the old one still does.
      REQUIRE(subset(before, shown));
      silent_since[*before.begin()] = now;
    }
    for (auto const& [selector, since] : silent_since) {
      if (now < since + days(14)) REQUIRE(shown.contains(selector));
      if (now > since + days(17)) REQUIRE_FALSE(shown.contains(selector));
    }
    before = signs;
    ever.insert(signs.begin(), signs.end());
  }
  CHECK(ever.size() == 5);  // every 180 days
}

TEST_CASE("rotation: a host that slept through a switch publishes first and signs later",
          "[golden]") {
  Run run(folder());
  auto const start = now_of(folder());
  REQUIRE_THAT(run.apply(), Catch::Equals(""));
  auto const old = signing(run);
  run.move_to(start + days(200));
  REQUIRE_THAT(run.apply(), Catch::Equals(""));
  // The record of the new period is there now, but was never seen before: the old key goes on.
  // Beside them stands the record that was published ahead and slept through.
  CHECK(signing(run) == old);
  CHECK(subset(old, published(run)));
  CHECK(published(run).size() == 3);
  run.move_to(start + days(200) + hours(2));
  REQUIRE_THAT(run.apply(), Catch::Equals(""));
  CHECK(signing(run) != old);
  CHECK(signing(run).size() == 1);
}

}  // namespace mailstack::golden
