/// \file
/// Whatever stands between the brackets: no crash, a path that was taken is within the limits, says
/// nothing that could end its line, and is the same when it is written and read again.

#include <cstdint>
#include <cstdlib>

#include "core/mail/path/path.hpp"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
  using mailstack::mail::Path;
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  auto const path = mailstack::mail::parse_path(text);
  if (!path) return 0;
  require(path->local.size() <= Path::most_local && path->domain.size() <= Path::most_domain);
  auto const again = path->text();
  require(again.size() + 2 <= Path::most_octets);
  for (char const c : again) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  require(mailstack::mail::parse_path(again) == path);
  require(path->null() == text.empty());
  return 0;
}
