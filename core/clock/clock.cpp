#include "core/clock/clock.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <optional>

namespace mailstack {
namespace {

struct Unit {
  char letter;
  long long seconds;
};

// Largest first. Weeks are read but not written: `14d` says more to most people than `2w`.
constexpr std::array<Unit, 5> units{
    {{'w', 604'800}, {'d', 86'400}, {'h', 3'600}, {'m', 60}, {'s', 1}}};
constexpr long long hundred_years = 100LL * 366 * 86'400;

/// The decimal number of `text`, digits only.
std::optional<long long> digits(std::string_view text) {
  long long number = 0;
  if (text.empty() || text.front() == '-') return std::nullopt;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

auto not_a_time(std::string_view text) {
  return fail(ErrorCode::invalid,
              "`" + std::string(text) + "` is not a time; write UTC like 2026-11-24T16:12:23Z");
}

}  // namespace

std::string format(TimePoint time) {
  auto const day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day const date{day};
  std::chrono::hh_mm_ss const clock{time - day};
  std::array<char, 64> text{};
  int const length =
      std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", int(date.year()),
                    unsigned(date.month()), unsigned(date.day()), int(clock.hours().count()),
                    int(clock.minutes().count()), int(clock.seconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

Result<TimePoint> parse_time(std::string_view text) {
  constexpr std::string_view form = "0000-00-00T00:00:00Z";
  if (text.size() != form.size()) return not_a_time(text);
  for (std::size_t i = 0; i < form.size(); ++i) {
    bool const digit = text[i] >= '0' && text[i] <= '9';
    if (form[i] == '0' ? !digit : text[i] != form[i]) return not_a_time(text);
  }
  auto const part = [&](std::size_t from, std::size_t count) {
    return static_cast<int>(*digits(text.substr(from, count)));
  };
  std::chrono::year_month_day const date{std::chrono::year{part(0, 4)},
                                         std::chrono::month(static_cast<unsigned>(part(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(part(8, 2)))};
  int const hour = part(11, 2);
  int const minute = part(14, 2);
  int const second = part(17, 2);
  // A leap second (:60) has no place in a count of seconds since 1970.
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return not_a_time(text);
  return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         std::chrono::seconds{second};
}

Result<TimePoint> parse_moment(std::string_view text) {
  constexpr long long end_of_9999 = 253'402'300'799;
  auto const seconds = digits(text);
  if (seconds && *seconds <= end_of_9999) return TimePoint{Duration{*seconds}};
  return parse_time(text);
}

std::string format(Duration span) {
  long long rest = span.count();
  if (rest == 0) return "0s";
  std::string text;
  if (rest < 0) {
    text = "-";
    rest = -rest;
  }
  for (auto const& unit : units) {
    if (unit.letter == 'w' || rest < unit.seconds) continue;
    text += std::to_string(rest / unit.seconds) + unit.letter;
    rest %= unit.seconds;
  }
  return text;
}

Result<Duration> parse_duration(std::string_view text) {
  auto const refuse = [&](std::string_view why) {
    return fail(ErrorCode::invalid,
                "`" + std::string(text) + "` is not a duration: " + std::string(why));
  };
  if (text.empty()) return refuse("it is empty; write for example 90s, 10m, 20h or 14d");
  long long total = 0;
  std::size_t next_unit = 0;
  for (auto rest = text; !rest.empty();) {
    auto const end = rest.find_first_not_of("0123456789");
    if (end == std::string_view::npos) return refuse("a unit (s, m, h, d, w) is missing");
    auto const number = digits(rest.substr(0, end));
    if (!number) return refuse(end == 0 ? "a number must stand before each unit" : "too large");
    std::size_t unit = 0;
    while (unit < units.size() && units[unit].letter != rest[end]) ++unit;
    if (unit == units.size()) return refuse("the units are s, m, h, d and w");
    if (unit < next_unit) return refuse("units must fall, as in 1d12h");
    next_unit = unit + 1;
    if (*number > hundred_years / units[unit].seconds) return refuse("longer than 100 years");
    total += *number * units[unit].seconds;
    rest.remove_prefix(end + 1);
  }
  if (total > hundred_years) return refuse("longer than 100 years");
  return Duration{total};
}

}  // namespace mailstack
