/// \file
/// Whatever stands in a file of sysctl.d(5): no crash, and what is read can be written so that it
/// is read again.

// parser: reconciler/kinds/sysctl/settings.cpp

#include <cstdint>
#include <cstdlib>

#include "reconciler/kinds/sysctl/settings.hpp"
#include "reconciler/kinds/sysctl/spec.hpp"

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
  using namespace mailstack::kinds;
  auto const require = [](bool good) {
    if (!good) std::abort();
  };
  auto const settings = sysctl::settings_in({reinterpret_cast<char const*>(data), size});
  std::string text;
  for (auto const& [key, value] : settings) {
    require(!key.empty() && key.find_first_of("=\n") == std::string::npos);
    auto const separator = key.find_first_of("./");
    require(separator == std::string::npos || key[separator] == '.');
    require(sysctl::plain(value) == value);
    // With a dash, since one in front belongs to the line and not to the key.
    text.append("-").append(key).append(" = ").append(value).append("\n");
  }
  require(sysctl::settings_in(text) == settings);
  return 0;
}
