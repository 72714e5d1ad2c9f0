#include "daemon/queue/spool.hpp"

namespace mailstack::queue {

namespace {

/// Crockford's: no letter that looks like a digit.
constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::size_t width = 13;  // 65 bits

}  // namespace

std::string format_id(ItemId id) {
  std::string text(width, '0');
  for (std::size_t i = width; i-- > 0; id >>= 5U) text[i] = digits[id & 31U];
  return text;
}

Result<ItemId> parse_id(std::string_view text) {
  auto const wrong = [&] {
    return fail(ErrorCode::invalid, "not the id of a message in the queue: " + std::string(text));
  };
  // The first digit stands for 4 bits.
  if (text.size() != width || digits.find(text[0]) > 15) return wrong();
  ItemId id = 0;
  for (char const digit : text) {
    auto const value = digits.find(digit);
    if (value == std::string_view::npos) return wrong();
    id = id << 5U | value;
  }
  return id;
}

}  // namespace mailstack::queue
