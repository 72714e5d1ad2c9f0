#include "core/files/standard_input.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace mailstack::files {

Result<std::string> read_standard_input(std::size_t most, std::string_view too_much) {
  constexpr std::size_t step = 65'536;
  std::string text;
  for (std::size_t size = 0;;) {
    // Twice as much each time, so that a large message is not copied often.
    if (size == text.size()) text.resize(std::max(step, std::min(2 * size, most + 1)));
    auto const got = ::read(STDIN_FILENO, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return fail(ErrorCode::unavailable,
                  std::string("standard input cannot be read: ") + std::strerror(errno));
    size += static_cast<std::size_t>(got);
    if (size > most) return fail(ErrorCode::invalid, std::string(too_much));
    if (got == 0) {
      text.resize(size);
      return text;
    }
  }
}

}  // namespace mailstack::files
