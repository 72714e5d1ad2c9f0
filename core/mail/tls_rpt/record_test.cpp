#include "core/mail/tls_rpt/record.hpp"

#include <catch2/catch.hpp>

using namespace mailstack::mail::tls_rpt;

TEST_CASE("tls_rpt: what is formatted parses to the same value", "[mail]") {
  Record const record{{"mailto:a@example.org", "https://example.org/reports?x=1"}};
  CHECK(format(record) == "v=TLSRPTv1; rua=mailto:a@example.org,https://example.org/reports?x=1");
  auto const parsed = parse(format(record));
  CHECK(parsed.mistakes.empty());
  CHECK(parsed.record == record);
  CHECK(is_record(format(record)));
}

TEST_CASE("tls_rpt: what is wrong is said", "[mail]") {
  struct Case {
    char const* text;
    char const* what;
  };
  for (auto const& [text, what] : {
           Case{"rua=mailto:a@example.org", "a TLS-RPT record begins with 'v=TLSRPTv1'"},
           Case{"v=TLSRPTv1", "there is no rua= (where reports go)"},
           Case{"v=TLSRPTv1; rua=http://example.org",
                "rua= takes mailto: and https: URIs; 'http://example.org' is neither"},
           Case{"v=TLSRPTv1; rua=mailto:a!b@example.org",
                "write '!' inside 'mailto:a!b@example.org' as %21"},
       }) {
    INFO(text);
    auto const parsed = parse(text);
    REQUIRE(parsed.mistakes.size() == 1);
    CHECK(parsed.mistakes[0].fatal);
    CHECK(parsed.mistakes[0].what == what);
  }
}
