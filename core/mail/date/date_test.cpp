#include "core/mail/date/date.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;

TEST_CASE("date: weekday, day, month, year, time, zone", "[date]") {
  auto const at = [](char const* time) { return mail::format_date(*parse_time(time)); };
  CHECK(at("1970-01-01T00:00:00Z") == "Thu, 1 Jan 1970 00:00:00 +0000");
  CHECK(at("2026-11-26T20:14:36Z") == "Thu, 26 Nov 2026 20:14:36 +0000");
  CHECK(at("2028-02-29T23:59:09Z") == "Tue, 29 Feb 2028 23:59:09 +0000");
}
