/// \file
/// Names: what parse() takes, it takes again as text(), and the parts fit together.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/dns/name.hpp"

using mailstack::dns::Name;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  auto const origin = *Name::parse("sub.example.org.");
  auto const name = Name::parse(text, origin);
  if (!name) {
    require(!name.error().what.empty());
    return 0;
  }
  require(name->text().ends_with('.'));
  auto const again = Name::parse(name->text());
  require(again && *again == *name);
  require(name->within(*name) && name->within(Name{}) && name->within(name->parent()));
  require(name->label_count() == 0 || name->parent().label_count() + 1 == name->label_count());
  for (Name const& zone : {origin, name->parent()}) {
    auto const relative = Name::parse(name->relative_to(zone), zone);
    require(!name->within(zone) || (relative && *relative == *name));
  }
  return 0;
}
