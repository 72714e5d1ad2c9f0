#include "reconciler/kinds/ptr/spec.hpp"

#include <catch2/catch.hpp>

#include "tests/support/kind_bench.hpp"

namespace mailstack::kinds {
std::unique_ptr<engine::Kind> make_ptr(Inputs const&, Doors const&);
}

using namespace mailstack;
using namespace mailstack::kinds;
using engine::Action;
using engine::Observation;
using Standing = engine::Observation::Standing;
using Notes = std::vector<std::string>;

namespace {

constexpr char const* four = "10.113.0.203.in-addr.arpa.";
constexpr char const* six =
    "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.";

support::Resources both() {
  return {ptr::verify("mx1", "203.0.113.10", "smtp.wac.tax."),
          ptr::verify("mx1", "2001:db8::10", "smtp.wac.tax.")};
}

struct Bench : support::KindBench {
  Bench() {
    dns.records = {{{four, dns::type::ptr}, {"smtp.wac.tax."}},
                   {{six, dns::type::ptr}, {"smtp.wac.tax."}},
                   {{"smtp.wac.tax.", dns::type::a}, {"203.0.113.10"}},
                   {{"smtp.wac.tax.", dns::type::aaaa}, {"2001:db8::10"}}};
  }
  std::unique_ptr<engine::Kind> kind() { return make_ptr(inputs, doors()); }
  Notes notes(std::size_t which = 0) {
    auto const maker = kind();
    auto const seen = look(*maker, both()).desired[which];
    REQUIRE(seen.standing != Standing::blind);
    auto const verdict = ptr::laws().diff(both()[which].spec, seen, clock.now());
    CHECK(verdict.action == Action::none);
    CHECK(verdict.reasons.empty());
    return verdict.notes;
  }
};

}  // namespace

TEST_CASE("ptr: what is right has no notes", "[ptr]") {
  Bench bench;
  CHECK(bench.notes(0).empty());
  CHECK(bench.notes(1).empty());
}

TEST_CASE("ptr: what is wrong is a note and never an action", "[ptr]") {
  Bench bench;
  auto& names = bench.dns.records[{four, dns::type::ptr}];
  names = {"static.provider.example."};
  CHECK(bench.notes() == Notes{"the PTR says static.provider.example: set smtp.wac.tax at whoever "
                               "rents out the address"});
  names = {"smtp.wac.tax.", "static.provider.example."};
  CHECK(bench.notes() ==
        Notes{"the PTR says static.provider.example too: receivers may look at any of them"});
  names = {"smtp.wac.tax."};
  bench.dns.records[{"smtp.wac.tax.", dns::type::a}] = {"198.51.100.1"};
  CHECK(bench.notes() == Notes{"smtp.wac.tax does not resolve to this address yet"});
  bench.dns.records.erase({four, dns::type::ptr});
  CHECK(bench.notes() == Notes{"has no PTR: set smtp.wac.tax at whoever rents out the address"});
}

TEST_CASE("ptr: a reverse name that is delegated by a CNAME is followed", "[ptr]") {
  Bench bench;
  constexpr char const* tenant = "10.8-15.113.0.203.in-addr.arpa.";
  bench.dns.records.erase({four, dns::type::ptr});
  bench.dns.records[{four, dns::type::cname}] = {tenant};
  bench.dns.records[{tenant, dns::type::ptr}] = {"smtp.wac.tax."};
  CHECK(bench.notes().empty());
  bench.dns.records[{tenant, dns::type::ptr}] = {"other.example."};
  CHECK(bench.notes() == Notes{"the PTR says other.example: set smtp.wac.tax at whoever rents out "
                               "the address"});
}

TEST_CASE("ptr: the next resolver is asked where one fails", "[ptr]") {
  Bench bench;
  bench.dns.servers = {"192.0.2.1:53", "192.0.2.2:53", "192.0.2.3:53"};
  bench.dns.silent = {"192.0.2.1:53"};
  bench.dns.refusing = {"192.0.2.2:53"};
  CHECK(bench.notes().empty());
  CHECK(bench.dns.asked.size() == 12);
}

TEST_CASE("ptr: without an answer it is blind and says why", "[ptr]") {
  Bench bench;
  bench.dns.refusing = {"192.0.2.53:53"};
  auto const kind = bench.kind();
  CHECK(bench.look(*kind, both()).desired[0] ==
        Observation::unseen("PTR of 203.0.113.10: 192.0.2.53:53 answered with rcode 5"));
  bench.dns.silent = {"192.0.2.53:53"};
  CHECK(bench.look(*kind, both()).desired[0] ==
        Observation::unseen("PTR of 203.0.113.10: 192.0.2.53:53: no answer"));
  bench.dns.servers.clear();
  CHECK(bench.look(*kind, both()).desired[0].standing == Standing::blind);
}

TEST_CASE("ptr: a check that nobody asks for any more is not there to be removed", "[ptr]") {
  Bench bench;
  auto const kind = bench.kind();
  auto const look = bench.look(*kind, {both()[0]}, both());
  REQUIRE(look.owned.size() == 2);
  CHECK(look.owned[0] == look.desired[0]);
  CHECK(look.owned[1].standing == Standing::absent);
}
