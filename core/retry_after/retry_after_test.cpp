#include "core/retry_after/retry_after.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;

TEST_CASE("retry_after: seconds, a date, and what is neither", "[http]") {
  auto const now = *parse_time("1999-12-31T23:59:00Z");
  auto const wait = [&](std::string text) {
    return parse_retry_after({429, {{"retry-after", std::move(text)}}, {}}, now);
  };
  CHECK(wait("0") == Duration(0));
  CHECK(wait("120") == Duration(120));
  CHECK(wait("Fri, 31 Dec 1999 23:59:59 GMT") == Duration(59));
  CHECK(wait("Fri, 31 Dec 1999 23:00:00 GMT") == Duration(0));
  CHECK(wait("9223372036854775807") == std::chrono::days(365));
  CHECK(wait("Fri, 31 Dec 9999 23:59:59 GMT") == std::chrono::days(365));
  for (auto const* text : {"", "-1", "1.5", "soon", "99999999999999999999", "10 s"})
    CHECK_FALSE(wait(text));
  CHECK_FALSE(parse_retry_after({429, {}, {}}, now));
}
