#include "core/retry_after/retry_after.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace mailstack {

std::optional<Duration> parse_retry_after(HttpResponse const& response, TimePoint now) {
  constexpr Duration longest = std::chrono::days(365);
  auto const* const text = response.header("retry-after");
  if (!text) return std::nullopt;
  long long count = 0;
  auto const* const end = text->data() + text->size();
  auto const [rest, error] = std::from_chars(text->data(), end, count);
  if (error == std::errc() && rest == end && count >= 0)
    return Duration(std::min<long long>(count, longest.count()));
  std::tm date{};
  if (!::strptime(text->c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date)) return std::nullopt;
  return std::clamp(Duration(::timegm(&date)) - now.time_since_epoch(), Duration(0), longest);
}

}  // namespace mailstack
