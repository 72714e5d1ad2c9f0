/// \file
/// Whatever a users file holds: no crash, bounded work, and what is taken is written so that it is
/// taken again with the same values.

#include <cstdint>
#include <cstdlib>

#include "core/userdb/text_proto.hpp"
#include "core/userdb/users.hpp"

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
  using namespace mailstack::userdb;
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  auto const message = parse_text_proto(text);
  if (message && !same_message(*message, *message)) std::abort();
  auto const users = parse_users(text);
  if (!users) return 0;
  auto const again = parse_users(format_users(*users).reveal());
  if (!again || !same_users(*again, *users)) std::abort();
  for (auto const& [name, scheme] : *users) {
    auto const* scrypt = std::get_if<Scrypt>(&scheme);
    if (scrypt == nullptr || !check(*scrypt)) continue;
    auto const parsed = parse_phc(format_phc(*scrypt).reveal());
    if (!parsed || !same(*parsed, *scrypt)) std::abort();
  }
  return 0;
}
