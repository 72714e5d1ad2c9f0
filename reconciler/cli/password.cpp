#include "reconciler/cli/password.hpp"

#include <array>

#include <sys/random.h>

namespace mailstack::cli {

Result<Secret<std::string>> generate_password() {
  constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  static_assert(alphabet.size() == 32);
  constexpr std::size_t letters = 26;
  constexpr std::size_t group = 5;
  std::array<unsigned char, letters> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size()))
    return fail(ErrorCode::unavailable, "no random numbers for a password");
  std::string password;
  for (std::size_t i = 0; i < letters; ++i) {
    // The last letter joins its group, so that no group is a single one.
    if (i > 0 && i % group == 0 && i + 1 < letters) password += '-';
    // 256 is a multiple of 32, so every letter is equally likely.
    password += alphabet[random[i] % alphabet.size()];
  }
  wipe(random.data(), random.size());
  return Secret<std::string>(std::move(password));
}

}  // namespace mailstack::cli
