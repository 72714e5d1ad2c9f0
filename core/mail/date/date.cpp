#include "core/mail/date/date.hpp"

#include <array>
#include <string_view>

namespace mailstack::mail {

namespace {

constexpr std::array<std::string_view, 7> weekdays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string two_digits(long number) {
  auto text = std::to_string(number);
  return text.size() < 2 ? "0" + text : text;
}

}  // namespace

std::string format_date(TimePoint time) {
  auto const day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day const date{day};
  std::chrono::hh_mm_ss const clock{time - day};
  std::string text(weekdays[std::chrono::weekday{day}.c_encoding()]);
  text.append(", ").append(std::to_string(static_cast<unsigned>(date.day()))).append(" ");
  text.append(months[static_cast<unsigned>(date.month()) - 1]).append(" ");
  text.append(std::to_string(static_cast<int>(date.year()))).append(" ");
  text.append(two_digits(clock.hours().count())).append(":");
  text.append(two_digits(clock.minutes().count())).append(":");
  text.append(two_digits(clock.seconds().count())).append(" +0000");
  return text;
}

}  // namespace mailstack::mail
