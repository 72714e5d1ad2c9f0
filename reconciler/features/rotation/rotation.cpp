#include "reconciler/features/rotation/rotation.hpp"

#include <cstdint>

namespace mailstack::features::rotation {
namespace {

std::string digits(unsigned value, std::size_t width) {
  auto text = std::to_string(value);
  return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

std::string month_of(TimePoint time) {
  std::chrono::year_month_day const date{std::chrono::floor<std::chrono::days>(time)};
  return digits(static_cast<unsigned>(static_cast<int>(date.year())), 4) +
         digits(static_cast<unsigned>(date.month()), 2);
}

std::string day_of(TimePoint time) {
  std::chrono::year_month_day const date{std::chrono::floor<std::chrono::days>(time)};
  return month_of(time) + digits(static_cast<unsigned>(date.day()), 2);
}

/// Short, because a selector stands in every signature; unique among all algorithms.
std::string letter_of(std::string_view algorithm) {
  if (algorithm == "ed25519") return "e";
  if (algorithm == "rsa3072") return "r3";
  if (algorithm == "rsa4096") return "r4";
  return "r";
}

}  // namespace

Period period_at(TimePoint now, Duration length, Duration jitter) {
  auto const seconds = (now.time_since_epoch() - jitter).count();
  auto index = seconds / length.count();
  if (seconds < 0 && seconds % length.count() != 0) --index;
  TimePoint const start{Duration(index * length.count()) + jitter};
  return {start, start + length};
}

Duration jitter_of(std::string_view name, Duration length) {
  // FNV-1a: it must give the same number in every build, which std::hash does not promise.
  std::uint64_t hash = 14695981039346656037ULL;
  for (char const c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return Duration(static_cast<Duration::rep>(hash % static_cast<std::uint64_t>(length.count())));
}

Result<std::string> fill(std::string_view pattern, Naming const& naming) {
  std::string text;
  while (!pattern.empty()) {
    auto const brace = std::min(pattern.find_first_of("{}"), pattern.size());
    text += pattern.substr(0, brace);
    pattern.remove_prefix(brace);
    if (pattern.empty()) break;
    auto const close = pattern.find('}');
    if (pattern.front() != '{' || close == pattern.npos)
      return fail(ErrorCode::invalid, "a brace stands alone");
    auto const variable = pattern.substr(1, close - 1);
    if (variable == "yyyymm")
      text += month_of(naming.start);
    else if (variable == "yyyymmdd")
      text += day_of(naming.start);
    else if (variable == "a")
      text += letter_of(naming.algorithm);
    else if (variable == "host")
      text += naming.host;
    else
      return fail(ErrorCode::invalid,
                  "{" + std::string(variable) + "} is none of {yyyymm}, {yyyymmdd}, {a}, {host}");
    pattern.remove_prefix(close + 1);
  }
  return text;
}

bool rotates(std::string_view pattern) { return pattern.find("{yyyymm") != pattern.npos; }

Duration shortest_period(std::string_view pattern) {
  bool const by_day = pattern.find("{yyyymmdd}") != pattern.npos;
  return std::chrono::days(by_day ? 1 : 31);
}

}  // namespace mailstack::features::rotation
