// The driver and the client at a CA that does what Pebble never does.

#include "reconciler/acme/issue.hpp"

#include <catch2/catch.hpp>

#include "core/x509/x509.hpp"
#include "reconciler/acme/ca_twin.hpp"
#include "tests/support/csr.hpp"
#include "tests/support/fake_clock.hpp"

namespace mailstack::acme {
namespace {

using std::chrono::milliseconds;

bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

class ZoneTwin final : public Challenges {
 public:
  Result<> publish(std::span<Txt const> values) override {
    standing.insert(values.begin(), values.end());
    ++published;
    return outcome;
  }
  Result<> await(std::span<Txt const> values) override {
    for (auto const& value : values)
      if (!standing.contains(value)) return fail(ErrorCode::internal, "awaited what is not there");
    return {};
  }
  Result<> withdraw(std::span<Txt const> values) override {
    if (stuck) return fail(ErrorCode::unavailable, "the zone is locked");
    for (auto const& value : values) standing.erase(value);
    return {};
  }
  std::set<Txt> standing;
  int published = 0;
  Result<> outcome;
  bool stuck = false;
};

struct Bench {
  Bench() {
    request.directory_url = CaTwin::directory_url();
    request.account_key = *x509::make_key();
    request.contact = "postmaster@example.org";
    request.names = {"example.org"};
    request.csr_der = support::make_csr(request.names);
    ca.certificate = support::make_certificate(request.csr_der);
  }

  Result<std::string> run() {
    auto chain = issue(request, {ca, clock, zone,
                                 [this](Kept const& kept) {
                                   request.kept = kept;
                                   return Result<>{};
                                 },
                                 [this](std::string const& line) { lines.push_back(line); }});
    CHECK(ca.problems().empty());
    CHECK((zone.stuck || zone.standing.empty()));
    return chain;
  }
  Error failure() {
    auto const chain = run();
    return chain ? Error{ErrorCode::internal, "it did not fail"} : chain.error();
  }

  CaTwin ca;
  support::FakeClock clock;
  ZoneTwin zone;
  Request request;
  std::vector<std::string> lines;
};

// In the order in which a first run asks for them.
std::vector<std::string> const paths{"/dir",   "/nonce",     "/account",  "/new",
                                     "/authz", "/challenge", "/finalize", "/cert"};
/// Those that are answered with JSON.
std::vector<std::string> const documents{"/dir",       "/account", "/new",     "/authz",
                                         "/challenge", "/order",   "/finalize"};

HttpResponse html(int status) {
  return {status,
          {{"content-type", "text/html"}},
          "<html><head><title>502 Bad Gateway</title></head></html>"};
}

}  // namespace

TEST_CASE("acme twin: a certificate; each nonce is used once, none is asked for twice", "[acme]") {
  Bench bench;
  auto const chain = bench.run();
  REQUIRE(chain);
  CHECK(*chain == bench.ca.certificate);
  CHECK(bench.ca.count("/nonce") == 1);
  CHECK(bench.ca.count("/dir") == 1);
  CHECK(bench.request.kept == Kept{"https://ca.example/account/1", "https://ca.example/order"});
  CHECK(bench.lines == std::vector<std::string>{"account https://ca.example/account/1",
                                                "order https://ca.example/order for example.org",
                                                "TXT published at _acme-challenge.example.org",
                                                "the CA looks"});
}

TEST_CASE("acme twin: without Replay-Nonce in answers each request asks for one", "[acme]") {
  Bench bench;
  for (auto const& path : paths)
    if (path != "/nonce")
      bench.ca.change(path, [](HttpResponse& response) {
        std::erase_if(response.headers,
                      [](auto const& one) { return one.first == "replay-nonce"; });
      });
  REQUIRE(bench.run());
  CHECK(bench.ca.count("/nonce") > 5);
}

TEST_CASE("acme twin: newNonce without a nonce, or with none that is one", "[acme]") {
  Bench bench;
  auto const nonce = GENERATE("", "a b", "a\"b", "ü");
  bench.ca.instead("/nonce", {200, {{"replay-nonce", nonce}}, {}}, false);
  auto const failure = bench.failure();
  CHECK(failure.code == ErrorCode::unavailable);
  CHECK(contains(failure.what, "https://ca.example/nonce: the answer has no Replay-Nonce"));
}

TEST_CASE("acme twin: a bad nonce is tried again, twelve times in all", "[acme]") {
  Bench bench;
  auto const bad = problem_answer(400, "badNonce", "seen before");
  SECTION("11") {
    for (int i = 0; i < 11; ++i) bench.ca.instead("/new", bad);
    REQUIRE(bench.run());
    CHECK(bench.ca.count("/nonce") == 1);  // the error brings the next one
    CHECK(bench.clock.sleeps().size() <= 2);
  }
  SECTION("always") {
    for (int i = 0; i < 50; ++i) bench.ca.instead("/new", bad);
    auto const failure = bench.failure();
    CHECK(failure.code == ErrorCode::unavailable);
    CHECK(contains(failure.what, "refused every nonce"));
    CHECK(bench.ca.count("/new") == 12);
  }
}

TEST_CASE("acme twin: 429 and 503 wait as they are told, up to a minute", "[acme]") {
  Bench bench;
  auto const status = GENERATE(429, 503);
  auto const type = status == 429 ? "rateLimited" : "serverInternal";
  SECTION("seconds") {
    bench.ca.instead("/new", problem_answer(status, type, "slowly", {{"retry-after", "7"}}));
    REQUIRE(bench.run());
    CHECK(bench.clock.sleeps().front() == milliseconds(7'000));
  }
  SECTION("a date") {
    bench.ca.instead("/new", problem_answer(status, type, "slowly",
                                            {{"retry-after", "Thu, 01 Jan 2026 00:00:20 GMT"}}));
    REQUIRE(bench.run());
    CHECK(bench.clock.sleeps().front() == milliseconds(20'000));
  }
  SECTION("too long") {
    bench.ca.instead("/new",
                     problem_answer(status, type, "too many certificates (5) already issued",
                                    {{"retry-after", "86400"}}));
    auto const failure = bench.failure();
    CHECK(failure.code == ErrorCode::unavailable);
    CHECK(contains(failure.what, "too many certificates (5) already issued"));
    CHECK(contains(failure.what, "not before 2026-01-02T00:00:00Z"));
    CHECK(bench.clock.sleeps().empty());
  }
}

TEST_CASE("acme twin: a limit without a time is not tried again", "[acme]") {
  Bench bench;
  bench.ca.instead("/new", problem_answer(429, "rateLimited", "too many"));
  auto const failure = bench.failure();
  CHECK(failure.code == ErrorCode::unavailable);
  CHECK(contains(failure.what, "run again later"));
  CHECK(bench.ca.count("/new") == 1);
}

TEST_CASE("acme twin: an HTML page of a broken proxy, wherever it comes", "[acme]") {
  auto const path = GENERATE(from_range(paths));
  CAPTURE(path);
  SECTION("for a while") {
    Bench bench;
    for (int i = 0; i < 4; ++i) bench.ca.instead(path, html(502));
    REQUIRE(bench.run());
  }
  SECTION("for good") {
    Bench bench;
    for (int i = 0; i < 9; ++i) bench.ca.instead(path, html(502));
    auto const failure = bench.failure();
    CHECK(failure.code == ErrorCode::unavailable);
    CHECK(contains(failure.what, "https://ca.example" + path + ": 502 without a problem document"));
    CHECK(contains(failure.what, "Bad Gateway"));
    CHECK(bench.ca.count(path) == 5);
  }
  SECTION("as success") {
    Bench bench;
    for (int i = 0; i < 9; ++i) bench.ca.instead(path, html(200));
    if (path == "/nonce") {
      REQUIRE(bench.run());  // whose body nobody reads
    } else {
      auto const failure = bench.failure();
      CHECK(failure.code == ErrorCode::unavailable);
      CHECK(contains(failure.what, path));
    }
  }
}

TEST_CASE("acme twin: JSON that is cut off, at any octet", "[acme]") {
  auto const path = GENERATE(from_range(documents));
  CAPTURE(path);
  Bench bench;
  std::size_t whole = 0;
  bench.ca.change(path, [&](HttpResponse& response) { whole = response.body.size(); });
  REQUIRE(bench.run());
  REQUIRE(whole > 10);
  for (std::size_t size = 0; size < whole; ++size) {
    Bench cut;
    cut.request = bench.request;
    cut.request.kept = {};
    cut.ca.certificate = bench.ca.certificate;
    cut.ca.change(path, [&](HttpResponse& response) { response.body.resize(size); });
    auto const failure = cut.failure();
    CAPTURE(size, failure.what);
    REQUIRE(failure.code == ErrorCode::unavailable);
    REQUIRE(contains(failure.what, "https://ca.example" + path));
  }
}

TEST_CASE("acme twin: a redirect is said, not followed", "[acme]") {
  Bench bench;
  bench.ca.instead("/dir", {301, {{"location", "https://elsewhere.example/dir"}}, {}});
  auto const failure = bench.failure();
  CHECK(failure.code == ErrorCode::invalid);
  CHECK(contains(failure.what, "redirects to https://elsewhere.example/dir"));
}

TEST_CASE("acme twin: Location must be there, and be https", "[acme]") {
  auto const path = GENERATE("/account", "/new");
  auto const location = GENERATE("", "/order", "http://ca.example/order");
  CAPTURE(path, location);
  Bench bench;
  bench.ca.change(path, [&](HttpResponse& response) {
    for (auto& [name, value] : response.headers)
      if (name == "location") value = location;
  });
  auto const failure = bench.failure();
  CHECK(failure.code == ErrorCode::unavailable);
  CHECK(contains(failure.what, "no Location with https"));
}

TEST_CASE("acme twin: every problem of newOrder comes with the CA's words", "[acme]") {
  auto const type =
      GENERATE("badCSR", "caa", "compound", "connection", "dns", "incorrectResponse",
               "invalidContact", "malformed", "rejectedIdentifier", "tls", "unauthorized",
               "unsupportedIdentifier", "userActionRequired", "other");
  CAPTURE(type);
  Bench bench;
  bench.ca.instead("/new", problem_answer(403, type, "because of this"));
  auto const failure = bench.failure();
  CHECK(contains(failure.what, "https://ca.example/new: 403: "));
  CHECK(contains(failure.what, std::string("(") + type + "): because of this"));
  CHECK(bench.ca.count("/new") == 1);
}

TEST_CASE("acme twin: Retry-After of an order and of an authorization is waited for", "[acme]") {
  Bench bench;
  SECTION("the order is processed") {
    auto const slowly = [&](HttpResponse& response) {
      auto const at = response.body.find("\"valid\"");
      if (at == std::string::npos || bench.ca.count("/order") > 2) return;
      response.body.replace(at, 7, "\"processing\"");
      response.headers.emplace_back("retry-after", "30");
    };
    bench.ca.change("/finalize", slowly);
    bench.ca.change("/order", slowly);
    REQUIRE(bench.run());
  }
  SECTION("the authorization stays pending") {
    bench.ca.change("/authz", [&](HttpResponse& response) {
      auto const at = response.body.find("\"valid\"");
      if (at == std::string::npos || bench.ca.count("/authz") > 3) return;
      response.body.replace(at, 7, "\"pending\"");
      response.headers.emplace_back("retry-after", "30");
    });
    REQUIRE(bench.run());
  }
  auto const sleeps = bench.clock.sleeps();
  CHECK(std::count(sleeps.begin(), sleeps.end(), milliseconds(30'000)) == 2);
}

TEST_CASE("acme twin: who waits too long leaves the order to the next run", "[acme]") {
  Bench bench;
  bench.ca.change("/finalize", [](HttpResponse& response) {
    response.body.replace(response.body.find("\"valid\""), 7, "\"processing\"");
    response.headers.emplace_back("retry-after", "3600");
  });
  auto const failure = bench.failure();
  CHECK(failure.code == ErrorCode::unavailable);
  CHECK(contains(failure.what, "asks to wait until 2026-01-01T01:0"));
  bench.clock.advance(std::chrono::hours(2));
  REQUIRE(bench.run());
  CHECK(bench.ca.count("/new") == 1);
  CHECK(bench.ca.count("/finalize") == 1);
}

TEST_CASE("acme twin: a CA that never decides is left after five minutes", "[acme]") {
  Bench bench;
  bench.ca.change("/authz", [](HttpResponse& response) {
    auto const at = response.body.find("\"valid\"");
    if (at != std::string::npos) response.body.replace(at, 7, "\"pending\"");
  });
  auto const begin = bench.clock.now();
  auto const failure = bench.failure();
  CHECK(failure.code == ErrorCode::unavailable);
  CHECK(contains(failure.what, "has not decided about example.org yet"));
  CHECK(bench.clock.now() - begin <= patience_with_ca);
  CHECK(bench.clock.now() - begin >= patience_with_ca - Duration(10));
  CHECK(bench.ca.count("/challenge") == 1);
}

TEST_CASE("acme twin: what comes as a certificate is one, and is ours", "[acme]") {
  Bench bench;
  auto const good = bench.ca.certificate;
  auto const key = bench.request.account_key.reveal();
  std::string eleven;
  for (int i = 0; i < 11; ++i) eleven += good;
  auto const other = support::make_certificate(support::make_csr({"example.org"}));
  for (auto const& [text, says] : std::vector<std::pair<std::string, std::string>>{
           {"", "holds no certificate"},
           {key + good, "holds something else than certificates"},
           {good + key, "holds something else than certificates"},
           {good.substr(0, good.size() / 2), "holds something else than certificates"},
           {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "damaged"},
           {eleven, "ten"},
           {other, "not for the key of our request"},
       }) {
    Bench one;
    one.request = bench.request;
    one.ca.certificate = text;
    auto const failure = one.failure();
    CAPTURE(failure.what);
    CHECK(failure.code == ErrorCode::unavailable);
    CHECK(contains(failure.what, says));
    CHECK_FALSE(contains(failure.what, "PRIVATE"));
  }
  // Blank lines between certificates are left out.
  bench.ca.certificate = "\n" + good + "\n\n" + other;
  CHECK(bench.run() == good + other);
}

TEST_CASE("acme twin: records that cannot be withdrawn do not cost the certificate", "[acme]") {
  Bench bench;
  bench.zone.stuck = true;
  SECTION("success") {
    REQUIRE(bench.run());
    CHECK(contains(bench.lines.back(), "stay behind: the zone is locked"));
  }
  SECTION("failure") {
    bench.ca.instead("/finalize", problem_answer(400, "badCSR", "weak key"));
    auto const failure = bench.failure();
    CHECK(failure.code == ErrorCode::invalid);
    CHECK(contains(failure.what, "weak key"));
    CHECK(contains(failure.what, "stay behind: the zone is locked"));
  }
}

TEST_CASE("acme twin: what was published in part is withdrawn", "[acme]") {
  Bench bench;
  bench.zone.outcome = fail(ErrorCode::conflict, "the zone moved");
  auto const failure = bench.failure();
  CHECK(failure == Error{ErrorCode::conflict, "the zone moved"});
}

TEST_CASE("acme twin: an account that was forgotten is registered once, not for ever", "[acme]") {
  Bench bench;
  bench.request.kept.account_url = "https://ca.example/account/0";
  auto const unknown = problem_answer(400, "accountDoesNotExist", "who?");
  SECTION("once") {
    bench.ca.instead("/new", unknown);
    REQUIRE(bench.run());
    CHECK(bench.request.kept.account_url == "https://ca.example/account/1");
  }
  SECTION("always") {
    for (int i = 0; i < 5; ++i) bench.ca.instead("/new", unknown);
    auto const failure = bench.failure();
    CHECK(failure.code == ErrorCode::not_found);
    CHECK(bench.ca.count("/account") == 1);
  }
}

TEST_CASE("acme twin: a deactivated account, a URL that is none, no names", "[acme]") {
  Bench bench;
  SECTION("deactivated") {
    bench.ca.instead(
        "/account",
        {200, {{"location", "https://ca.example/account/1"}}, R"({"status":"deactivated"})"});
    CHECK(contains(bench.failure().what, "is deactivated; make a new account key"));
  }
  SECTION("not wanted") {
    bench.ca.instead("/account", problem_answer(403, "unauthorized", "by invitation"));
    auto const failure = bench.failure();
    CHECK(failure.code == ErrorCode::denied);
    CHECK(contains(failure.what,
                   "the CA does not let this account do that (unauthorized): by invitation; see"));
  }
  SECTION("URL") {
    bench.request.directory_url = "http://ca.example/dir";
    CHECK(bench.failure().code == ErrorCode::invalid);
  }
  SECTION("names") {
    bench.request.names.clear();
    CHECK(bench.failure().code == ErrorCode::invalid);
  }
  SECTION("key") {
    bench.request.account_key = Secret<std::string>("none");
    CHECK(bench.failure().code == ErrorCode::invalid);
  }
}

}  // namespace mailstack::acme
