/// \file
/// Whatever stands in a spool: no crash, and what parses is exactly what format() writes.
// parser: daemon/queue/envelope.cpp

#include <cstdint>
#include <cstdlib>

#include "daemon/queue/envelope.hpp"

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
  using namespace mailstack::queue;
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  auto const envelope = parse_envelope(text);
  if (envelope && format(*envelope) != text) std::abort();
  return 0;
}
