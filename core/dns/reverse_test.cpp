#include "core/dns/reverse.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;

TEST_CASE("reverse: names of addresses", "[dns]") {
  constexpr char const* four = "10.113.0.203.in-addr.arpa.";
  constexpr char const* six =
      "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.";
  CHECK(dns::reverse_name("203.0.113.10")->text() == four);
  CHECK(dns::reverse_name("2001:db8::10")->text() == six);
  CHECK(dns::reverse_name("2001:0DB8:0::10")->text() == six);
  for (auto const* text : {"", "203.0.113", "203.0.113.256", "x", "::g", "203.0.113.10/32"})
    CHECK_FALSE(dns::reverse_name(text));
}

TEST_CASE("reverse: what the PTRs say beside what they should", "[dns]") {
  using Names = std::vector<std::string>;
  auto const compare = [](Names const& names) {
    return dns::compare_reverse(names, "smtp.wac.tax.");
  };
  CHECK(compare({"smtp.wac.tax."}).right);
  CHECK(compare({"smtp.wac.tax."}).others.empty());
  auto const both = compare({"smtp.wac.tax.", "static.example."});
  CHECK(both.right);
  CHECK(both.others == Names{"static.example"});
  CHECK_FALSE(compare({"static.example."}).right);
  CHECK_FALSE(compare({}).right);
}
