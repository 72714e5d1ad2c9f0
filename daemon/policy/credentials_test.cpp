#include "daemon/policy/credentials.hpp"

#include <catch2/catch.hpp>

#include "core/userdb/scrypt.hpp"
#include "daemon/policy/rules_test.hpp"

using namespace mailstack;
using namespace mailstack::policy;
using namespace std::chrono_literals;

namespace {

userdb::Scrypt hash(std::string const& salt) {
  userdb::Scrypt scrypt;
  scrypt.log_n = 10;
  scrypt.r = 8;
  scrypt.p = 2;
  scrypt.key_length = 32;
  scrypt.salt = salt;
  scrypt.key = Secret<std::string>(std::string(32, 'k'));
  return scrypt;
}

Tree with_hash(std::string const& salt = "salt5678") {
  Tree tree;
  tree.snapshot->mail.domains["wac.tax"].users["i"] = hash(salt);
  return tree;
}

Secret<std::string> const right("correct horse");
Secret<std::string> const wrong("correct hors");

Proven fresh() { return Proven(Secret<std::string>("0123456789abcdef")); }

}  // namespace

TEST_CASE("credentials: a user is found in every form of its name", "[policy]") {
  auto const tree = with_hash();
  for (auto const* form : {"i@wac.tax", "I@WAC.TAX", "\uff49@wac.tax"}) {
    CAPTURE(form);
    auto const login = find_login(tree.rules(), form);
    CHECK(login.possible);
    CHECK(login.user == "i@wac.tax");
    CHECK(userdb::same(login.scheme, hash("salt5678")));
  }
  auto idn = with_hash();
  idn.snapshot->mail.domains["m\u00fcller.example"].users["a"] = hash("salt5678");
  CHECK(find_login(idn.rules(), "a@xn--mller-kva.example").user == "a@m\u00fcller.example");
  CHECK(find_login(idn.rules(), "a@M\u00dcLLER.example").possible);
}

TEST_CASE("credentials: who cannot log in costs the same", "[policy]") {
  auto tree = with_hash();
  tree.snapshot->mail.domains["wac.tax"].users["off"] = hash("salt5678");
  tree.snapshot->mail.domains["wac.tax"].users["denied"] = userdb::Denied{};
  for (auto const* none :
       {"nobody@wac.tax", "off@wac.tax", "denied@wac.tax", "app@wac.tax", "i+x@wac.tax",
        "i.@wac.tax", "i", "", "@", "i@", "@wac.tax", "i b@wac.tax"}) {
    CAPTURE(none);
    auto const login = find_login(tree.rules(), none);
    CHECK_FALSE(login.possible);
    auto const& stand_in = std::get<userdb::Scrypt>(login.scheme);
    CHECK(userdb::check(stand_in));
    CHECK_FALSE(judge(login, true).accepted);
    CHECK(judge(login, true).reply.code == 535);
    CHECK(judge(login, fail(ErrorCode::unavailable, "x")).reply.code == 535);
  }
  auto const like = std::get<userdb::Scrypt>(find_login(tree.rules(), "nobody@wac.tax").scheme);
  CHECK(like.log_n == 10);
  CHECK(like.p == 2);
  auto const usual = std::get<userdb::Scrypt>(find_login(tree.rules(), "x@nowhere.example").scheme);
  CHECK(usual.log_n == 14);
}

TEST_CASE("credentials: a bare name is of the only domain", "[policy]") {
  auto tree = with_hash();
  CHECK_FALSE(find_login(tree.rules(), "i").possible);
  tree.snapshot->mail.domains.erase("m\u00fcller.example");
  CHECK(find_login(tree.rules(), "i").user == "i@wac.tax");
  CHECK(find_login(tree.rules(), "i").possible);
}

TEST_CASE("credentials: the verdict", "[policy]") {
  auto const login = find_login(with_hash().rules(), "I@wac.tax");
  CHECK(judge(login, true).accepted);
  CHECK(judge(login, true).user == "i@wac.tax");
  CHECK(judge(login, true).reply.code == 235);
  CHECK(judge(login, false).reply.code == 535);
  CHECK_FALSE(judge(login, false).accepted);
  CHECK(judge(login, fail(ErrorCode::unavailable, "x")).reply.code == 454);
}

TEST_CASE("credentials: where users cannot be read no password is wrong", "[policy]") {
  auto tree = with_hash();
  tree.snapshot->domains["wac.tax"].incomplete = true;
  CHECK(judge(find_login(tree.rules(), "gone@wac.tax"), false).reply.code == 454);
  CHECK(judge(find_login(tree.rules(), "i@wac.tax"), false).reply.code == 535);
}

TEST_CASE("credentials: what was proven holds for this user, password and hash", "[policy]") {
  auto const login = find_login(with_hash().rules(), "i@wac.tax");
  auto proven = fresh();
  CHECK_FALSE(proven.holds(login, right, 0s));
  proven.remember(login, right, 0s);
  CHECK(proven.holds(login, right, 0s));
  CHECK(proven.holds(login, right, 59min));
  CHECK_FALSE(proven.holds(login, right, 60min));
  CHECK_FALSE(proven.holds(login, wrong, 0s));
  CHECK_FALSE(proven.holds(find_login(with_hash("salt9999").rules(), "i@wac.tax"), right, 0s));
  auto disabled = with_hash();
  disabled.snapshot->domains["wac.tax"].policies["i"].disabled = true;
  CHECK_FALSE(proven.holds(find_login(disabled.rules(), "i@wac.tax"), right, 0s));
  auto other = login;
  other.user = "app@wac.tax";
  CHECK_FALSE(proven.holds(other, right, 0s));
}

TEST_CASE("credentials: nothing is remembered of who cannot log in", "[policy]") {
  auto proven = fresh();
  auto const nobody = find_login(with_hash().rules(), "nobody@wac.tax");
  proven.remember(nobody, right, 0s);
  CHECK_FALSE(proven.holds(nobody, right, 0s));
}

TEST_CASE("credentials: a plain password that changes is another", "[policy]") {
  Tree tree;
  auto& scheme = tree.snapshot->mail.domains["wac.tax"].users["i"];
  scheme = userdb::Plain{right};
  auto proven = fresh();
  proven.remember(find_login(tree.rules(), "i@wac.tax"), right, 0s);
  CHECK(proven.holds(find_login(tree.rules(), "i@wac.tax"), right, 0s));
  scheme = userdb::Plain{wrong};
  CHECK_FALSE(proven.holds(find_login(tree.rules(), "i@wac.tax"), right, 0s));
}
