#include "daemon/serve/seldom.hpp"

#include <catch2/catch.hpp>

namespace mailstack::serve {

TEST_CASE("seldom: the same text is told once an hour", "[serve]") {
  Seldom seldom;
  auto now = TimePoint{Duration{1'780'000'000}};
  CHECK(seldom.is_due("one", now));
  CHECK_FALSE(seldom.is_due("one", now));
  CHECK(seldom.is_due("two", now));
  now += std::chrono::minutes(59);
  CHECK_FALSE(seldom.is_due("one", now));
  now += std::chrono::minutes(1);
  CHECK(seldom.is_due("one", now));
  CHECK_FALSE(seldom.is_due("one", now));
  now -= std::chrono::hours(24);  // the clock was set
  CHECK(seldom.is_due("one", now));
}

TEST_CASE("seldom: texts that differ each time take no memory", "[serve]") {
  Seldom seldom;
  TimePoint const now{Duration{1'780'000'000}};
  CHECK(seldom.is_due("first", now));
  for (int i = 0; i < 100; ++i) CHECK(seldom.is_due(std::to_string(i), now));
  CHECK(seldom.is_due("first", now));  // forgotten
}

}  // namespace mailstack::serve
