#include "core/clock/clock.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;

TEST_CASE("clock: a time is written as RFC 3339 in UTC and read back", "[clock]") {
  struct Row {
    long long seconds;
    char const* text;
  };
  for (auto const& row :
       {Row{0, "1970-01-01T00:00:00Z"}, Row{1'795'536'743, "2026-11-24T16:12:23Z"},
        Row{951'782'400, "2000-02-29T00:00:00Z"}, Row{4'102'444'799, "2099-12-31T23:59:59Z"},
        Row{-1, "1969-12-31T23:59:59Z"}}) {
    CAPTURE(row.text);
    TimePoint const time{Duration{row.seconds}};
    CHECK(format(time) == row.text);
    REQUIRE(parse_time(row.text));
    CHECK(*parse_time(row.text) == time);
  }
}

TEST_CASE("clock: what format() does not write is no time", "[clock]") {
  for (char const* text : {"", "2026-11-24", "2026-11-24T16:12:23", "2026-11-24T16:12:23+00:00",
                           "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-24T24:00:00Z",
                           "2026-11-24T16:60:00Z", "2026-11-24T16:12:60Z", "2026-11-24t16:12:23z",
                           "2026-11-2416:12:23ZZ", "-026-11-24T16:12:23Z", "2026-00-10T00:00:00Z",
                           "2026-11-24T16:12:23Z "}) {
    CAPTURE(text);
    REQUIRE_FALSE(parse_time(text));
    CHECK(parse_time(text).error().code == ErrorCode::invalid);
  }
}

TEST_CASE("clock: a moment is seconds or a time", "[clock]") {
  CHECK(parse_moment("0") == TimePoint{});
  CHECK(parse_moment("1795536743") == parse_time("2026-11-24T16:12:23Z"));
  CHECK(parse_moment("2026-11-24T16:12:23Z") == parse_time("2026-11-24T16:12:23Z"));
  CHECK(parse_moment("253402300799"));
  for (char const* text : {"", "-1", "1.5", "253402300800", "99999999999999999999", "now"})
    CHECK_FALSE(parse_moment(text));
}

TEST_CASE("clock: durations", "[clock]") {
  struct Row {
    char const* text;
    long long seconds;
    char const* canonical;
  };
  for (auto const& row :
       {Row{"0s", 0, "0s"}, Row{"90s", 90, "1m30s"}, Row{"10m", 600, "10m"},
        Row{"20h", 72'000, "20h"}, Row{"14d", 1'209'600, "14d"}, Row{"2w", 1'209'600, "14d"},
        Row{"1d12h", 129'600, "1d12h"}, Row{"1w1d1h1m1s", 694'861, "8d1h1m1s"},
        Row{"007m", 420, "7m"}, Row{"36500d", 3'153'600'000, "36500d"}}) {
    CAPTURE(row.text);
    auto const parsed = parse_duration(row.text);
    REQUIRE(parsed);
    CHECK(parsed->count() == row.seconds);
    CHECK(format(*parsed) == row.canonical);
    CHECK(*parse_duration(format(*parsed)) == *parsed);
  }
  CHECK(format(Duration{-90}) == "-1m30s");
}

TEST_CASE("clock: durations that are refused, with the reason", "[clock]") {
  struct Row {
    char const* text;
    char const* reason;
  };
  for (auto const& row :
       {Row{"", "empty"}, Row{"10", "unit"}, Row{"m", "number"}, Row{"-5m", "number"},
        Row{"5x", "units are"}, Row{"12h1d", "fall"}, Row{"1h1h", "fall"}, Row{"1.5h", "units are"},
        Row{"101w1d6000w", "fall"}, Row{"40000d", "100 years"}, Row{"5217w30000d", "100 years"},
        Row{"99999999999999999999s", "too large"}, Row{"1 d", "units are"}}) {
    CAPTURE(row.text);
    auto const parsed = parse_duration(row.text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == ErrorCode::invalid);
    CHECK(parsed.error().what.find(row.reason) != std::string::npos);
  }
}
