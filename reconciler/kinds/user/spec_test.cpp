#include "reconciler/kinds/user/spec.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;
using namespace mailstack::kinds;
using engine::Action;
using engine::Fields;
using engine::Observation;

namespace {

engine::Resource wish(std::string state, std::string hash, std::string secret) {
  return user::user({"mx1", "wac.tax", "i", "/etc/chasquid/domains/wac.tax/users", std::move(state),
                     std::move(hash), std::move(secret), "chasquid"});
}

}  // namespace

TEST_CASE("user: an address names host, domain and user", "[user]") {
  auto const resource = wish("active", "aa", "");
  CHECK(resource.address.text() == "user/mx1/wac.tax/i");
  CHECK(resource.lane == "host/mx1");
  CHECK(user::parse(resource.address) == EntryPlace{"mx1", "wac.tax", "i"});
  // `/` is legal in a local part (RFC 5321 4.1.2, atext).
  CHECK(user::parse({"user", "mx1/wac.tax/a/b"}) == EntryPlace{"mx1", "wac.tax", "a/b"});
  for (auto const* name : {"", "mx1", "mx1/wac.tax", "mx1/wac.tax/", "/wac.tax/i", "mx1//i"})
    CHECK_FALSE(user::parse({"user", name}));
  CHECK_FALSE(user::parse({"alias", "mx1/wac.tax/i"}));
}

TEST_CASE("user: differences and their reasons", "[user]") {
  struct {
    std::string about, state, hash, secret;
    Fields live;
    std::vector<std::string> reasons;
  } const cases[] = {
      {"equal hash", "active", "aa", "", {{"state", "active"}, {"hash_digest", "aa"}}, {}},
      {"another hash",
       "active",
       "aa",
       "",
       {{"state", "active"}, {"hash_digest", "bb"}},
       {"the stored hash is not the declared one"}},
      {"a damaged hash",
       "active",
       "aa",
       "",
       {{"state", "active"}},
       {"the stored hash is not the declared one"}},
      {"made from the secret",
       "active",
       "",
       "env:P",
       {{"state", "active"}, {"hash_digest", "bb"}, {"secret", "env:P"}},
       {}},
      {"made from something else",
       "active",
       "",
       "env:P",
       {{"state", "active"}, {"hash_digest", "bb"}},
       {"the stored hash was not made from env:P"}},
      {"in plain text",
       "active",
       "",
       "env:P",
       {{"state", "active"}, {"plain", true}, {"secret", "env:P"}},
       {"the password stands there in plain text"}},
      {"to be disabled",
       "disabled",
       "",
       "",
       {{"state", "active"}, {"hash_digest", "bb"}},
       {"state active → disabled"}},
      {"disabled", "disabled", "", "", {{"state", "receive_only"}}, {}},
      {"receives only", "receive_only", "", "", {{"state", "receive_only"}}, {}},
      {"to be let in",
       "active",
       "aa",
       "",
       {{"state", "receive_only"}},
       {"state receive_only → active"}},
      {"unreadable for the daemon",
       "active",
       "aa",
       "",
       {{"state", "active"}, {"hash_digest", "aa"}, {"group", "root"}},
       {"group root → chasquid"}},
      {"readable for everybody",
       "active",
       "aa",
       "",
       {{"state", "active"}, {"hash_digest", "aa"}, {"mode", "0666"}},
       {"mode 0666 → 0640"}},
      {"readable for its owner alone",
       "active",
       "aa",
       "",
       {{"state", "active"}, {"hash_digest", "aa"}, {"mode", "0600"}},
       {"mode 0600 → 0640"}},
      {"as chasquid-util leaves it",
       "active",
       "aa",
       "",
       {{"state", "active"}, {"hash_digest", "aa"}, {"mode", "0660"}},
       {}},
      {"readable for the daemon",
       "active",
       "aa",
       "",
       {{"state", "active"}, {"hash_digest", "aa"}, {"group", "chasquid"}},
       {}},
  };
  for (auto const& row : cases) {
    INFO(row.about);
    auto const resource = wish(row.state, row.hash, row.secret);
    auto const verdict = user::laws().diff(resource.spec, Observation::of(row.live), TimePoint{});
    CHECK(verdict.reasons == row.reasons);
    CHECK(verdict.action == (row.reasons.empty() ? Action::none : Action::update));
  }
}

TEST_CASE("user: absent is to be created, removal is a hazard", "[user]") {
  auto const resource = wish("active", "aa", "");
  CHECK(user::laws().diff(resource.spec, Observation::missing(), TimePoint{}).action ==
        Action::create);
  CHECK(resource.on_remove == std::vector{engine::Hazard::user});
  CHECK(user::laws().removal_hazards(resource.address, {}) == std::vector{engine::Hazard::user});
  CHECK(user::laws().describe(resource.address, resource.spec) == "user i@wac.tax");
}

TEST_CASE("user: the spec says where a password comes from, and nothing of it", "[user]") {
  CHECK(wish("active", "aa", "").spec.text("password") == "<scrypt>");
  CHECK(wish("active", "", "env:P").spec.text("password") == "env:P");
  CHECK(wish("receive_only", "", "").spec.find("password") == nullptr);
}
