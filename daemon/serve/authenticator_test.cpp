#include "daemon/serve/authenticator.hpp"

#include <catch2/catch.hpp>
#include <future>
#include <map>

#include "daemon/policy/rules_test.hpp"

namespace mailstack::serve {

TEST_CASE("authenticator: guesses that come at once are no more than those one after the other",
          "[serve]") {
  policy::Tree tree;
  tree.snapshot->mail.domains["wac.tax"].users["i"] = userdb::Plain{Secret<std::string>("right")};
  auto const live = std::make_shared<Live>();
  live->snapshot = tree.snapshot;
  live->rules = std::make_shared<policy::Rules>(tree.rules());
  net::Pool pool(1);
  Authenticator logins(pool, Secret<std::string>("0123456789abcdef"),
                       [] { return policy::Instant(1); });
  // All are let in before the first is looked at.
  std::promise<void> gate;
  pool.run([opened = gate.get_future().share()] { opened.wait(); });
  std::map<int, int> codes;
  std::promise<void> all;
  constexpr int guesses = 50;
  for (int i = 0; i < guesses; ++i) {
    smtp::AskAuth const ask{"i@wac.tax", Secret<std::string>("guess" + std::to_string(i))};
    logins.authenticate(live, "198.51.100.7", ask, [&](smtp::AuthVerdict const& verdict, bool) {
      // One thread: they come one after the other.
      if (++codes[verdict.reply.code]; codes[535] + codes[454] == guesses) all.set_value();
    });
  }
  gate.set_value();
  REQUIRE(all.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready);
  CHECK(codes[535] == policy::Backoff::free_for_user);
  CHECK(codes[454] == guesses - static_cast<int>(policy::Backoff::free_for_user));
}

}  // namespace mailstack::serve
