/// \file
/// Whatever an aliases file holds: it is kept to the octet, every name resolves or says why not in
/// bounded work, and a change touches no other name.

#include <cstdint>
#include <cstdlib>

#include "core/userdb/resolve.hpp"

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
  using namespace mailstack::userdb;
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  MailDomains mail;
  auto& domain = mail.domains["d.example"];
  domain.aliases = Aliases::parse(text);
  domain.users = {{"i", {}}};
  if (domain.aliases.format() != text) std::abort();
  auto const before = domain.aliases.entries();
  for (std::size_t i = 0; i < before.size() && i < 8; ++i) {
    if (domain.aliases.find(before[i].name) == nullptr) std::abort();
    (void)resolve(mail, before[i].name + "@d.example");
  }
  auto changed = domain.aliases;
  if (!changed.set("i", {"new@example.net"})) std::abort();
  auto const* now = changed.find("i");
  if (now == nullptr || parse_recipients(*now, "d")->front().text != "new@example.net")
    std::abort();
  for (auto const& entry : before)
    if (entry.name != "i" &&
        (changed.find(entry.name) == nullptr || *changed.find(entry.name) != entry.right))
      std::abort();
  if (Aliases::parse(changed.format()).entries().size() != changed.entries().size()) std::abort();
  return 0;
}
