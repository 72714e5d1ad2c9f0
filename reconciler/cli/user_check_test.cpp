#include "reconciler/cli/user_check.hpp"

#include <set>

#include <catch2/catch.hpp>

#include "core/files/memory_files.hpp"
#include "core/userdb/scrypt.hpp"
#include "reconciler/cli/alias_resolve.hpp"
#include "reconciler/cli/password.hpp"

using namespace mailstack;
using Verdict = cli::UserCheck::Verdict;

namespace {

constexpr char const* conf = "/etc/chasquid";

struct Host {
  files::MemoryFiles files;

  Host() {
    directory("wac.tax");
    directory(
        "b\xc3\xbc"
        "cher.example");
    write("wac.tax/users",
          "users { key: 'i' value { scrypt { logN: 14 r: 8 p: 1 keyLen: 32 salt: "
          "'0123456789abcdef' encrypted: "
          "\"\\320\\273\\251\\310\\171\\063\\000\\210\\003\\257\\325\\003\\262\\270\\200\\001\\377"
          "\\073\\274\\306\\302\\155\\306\\224\\174\\073\\305\\070\\001\\344\\320\\075\" } } }"
          "users { key: 'rx' } users { key: 'plain' value { plain { password: 'x' } } }"
          "users { key: 'open' value { scrypt { logN: 14 r: 8 p: 1 } } }");
  }
  void directory(std::string const& name) {
    REQUIRE(files.make_directory(std::string(conf) + "/domains/" + name, {0755, {}, {}}));
  }
  void write(std::string const& path, std::string_view content) {
    REQUIRE(files.write(std::string(conf) + "/domains/" + path, content, {0640, {}, {}}));
  }
  Result<cli::UserCheck> check(std::string_view address, std::string password) {
    return cli::check_user(files, conf, address, Secret<std::string>(std::move(password)));
  }
};

}  // namespace

TEST_CASE("user check: what the daemon would say", "[cli]") {
  Host host;
  struct {
    char const *address, *password;
    Verdict verdict;
    char const* line;
  } const cases[] = {
      {"i@wac.tax", "correct horse", Verdict::accepted, "i@wac.tax may log in"},
      {"I@WAC.tax.", "correct horse", Verdict::accepted, "i@wac.tax may log in"},
      {"i@wac.tax", "Correct horse", Verdict::refused,
       "i@wac.tax exists, and this is not the password"},
      {"i+tag@wac.tax", "correct horse", Verdict::unknown,
       "i+tag@wac.tax does not exist: mailstack user add i+tag@wac.tax"},
      {"rx@wac.tax", "", Verdict::no_login, "rx@wac.tax receives mail and never logs in"},
      {"plain@wac.tax", "x", Verdict::accepted,
       "plain@wac.tax may log in (the file holds the password itself: mailstack apply)"},
      {"i@xn--bcher-kva.example", "x", Verdict::unknown,
       "i@b\xc3\xbc"
       "cher.example does not exist: mailstack user add i@b\xc3\xbc"
       "cher.example"},
  };
  for (auto const& row : cases) {
    CAPTURE(row.address);
    auto const said = host.check(row.address, row.password);
    REQUIRE(said);
    CHECK(said->verdict == row.verdict);
    CHECK(said->line == row.line);
  }
}

TEST_CASE("user check: what cannot be answered", "[cli]") {
  Host host;
  struct {
    char const* address;
    ErrorCode code;
  } const cases[] = {{"i", ErrorCode::invalid},
                     {"@wac.tax", ErrorCode::invalid},
                     {"i@", ErrorCode::invalid},
                     {"i@..", ErrorCode::invalid},
                     {"i@../wac.tax", ErrorCode::invalid},
                     {"i@example.org", ErrorCode::not_found},
                     {"open@wac.tax", ErrorCode::invalid}};
  for (auto const& row : cases) {
    CAPTURE(row.address);
    auto const said = host.check(row.address, "x");
    REQUIRE_FALSE(said);
    CHECK(said.error().code == row.code);
  }
  CHECK(host.check("i@example.org", "x").error().what ==
        "example.org is no domain of /etc/chasquid/domains: b\xc3\xbc"
        "cher.example, wac.tax");
  host.write("wac.tax/users", "users { kee: 'i' }");
  CHECK(host.check("i@wac.tax", "x").error().what ==
        "/etc/chasquid/domains/wac.tax/users: line 1, column 9: unknown field kee of a user");
  host.files.set_unreadable(conf);
  CHECK(host.check("i@wac.tax", "x").error().code == ErrorCode::denied);
}

TEST_CASE("alias resolve: the whole tree counts, and its settings", "[cli]") {
  Host host;
  host.write("wac.tax/aliases",
             "team: i, x@b\xc3\xbc"
             "cher.example\n*: me@example.net\nbroken\n");
  host.write(
      "b\xc3\xbc"
      "cher.example/aliases",
      "x: y@example.org\n");
  auto const team = cli::resolve_alias(host.files, conf, "team@WAC.tax");
  REQUIRE(team);
  CHECK(cli::render_alias(*team, false) == "i@wac.tax\ny@example.org\n");
  CHECK(cli::render_alias(*team, true) ==
        "team@wac.tax: alias, line 1\n"
        "  i@wac.tax: user\n  x@b\xc3\xbc"
        "cher.example: alias, line 1\n"
        "    y@example.org: not a domain of ours, goes on as it is\n"
        "=> i@wac.tax\n=> y@example.org\n");
  CHECK(team->problems ==
        std::vector<std::string>{"/etc/chasquid/domains/wac.tax/aliases:3: no ':' between name and "
                                 "recipients (chasquid ignores the line before 1.16 and refuses "
                                 "the file since)"});
  CHECK(cli::render_alias(*cli::resolve_alias(host.files, conf, "te-am@wac.tax"), false) ==
        "me@example.net\n");
  REQUIRE(host.files.write(std::string(conf) + "/chasquid.conf",
                           "drop_characters: \"-\" suffix_separators: ''", {0644, {}, {}}));
  CHECK(cli::render_alias(*cli::resolve_alias(host.files, conf, "te-am@wac.tax"), false) ==
        "i@wac.tax\ny@example.org\n");
  CHECK(cli::render_alias(*cli::resolve_alias(host.files, conf, "team+x@wac.tax"), false) ==
        "me@example.net\n");
  CHECK(cli::resolve_alias(host.files, conf, "x@example.org").error().code == ErrorCode::not_found);
  host.write("wac.tax/aliases", "a: b\nb: a\n");
  CHECK(cli::resolve_alias(host.files, conf, "a@wac.tax").error().what ==
        "a loop of aliases: a@wac.tax → b@wac.tax → a@wac.tax");
}

TEST_CASE("password: long, readable, and never the same", "[cli]") {
  std::set<std::string> seen;
  std::set<char> letters;
  for (int i = 0; i < 200; ++i) {
    auto const password = cli::generate_password();
    REQUIRE(password);
    auto const& text = password->reveal();
    CHECK(text.size() == 30);
    for (std::size_t j = 0; j < text.size(); ++j) CHECK((text[j] == '-') == (j % 6 == 5 && j < 25));
    CHECK(text.find_first_not_of("0123456789abcdefghjkmnpqrstvwxyz-") == std::string::npos);
    letters.insert(text.begin(), text.end());
    seen.insert(text);
  }
  CHECK(seen.size() == 200);
  CHECK(letters.size() == 33);
}
