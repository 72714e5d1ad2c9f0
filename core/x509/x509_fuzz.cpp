/// \file
/// Whatever stands in a chain or a key file: no crash, and what is read holds what it promises.
// parser: core/x509/chain.cpp

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "core/x509/x509.hpp"

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
  using namespace mailstack;
  std::string const text(reinterpret_cast<char const*>(data), size);
  (void)x509::public_key_of(Secret<std::string>(text));
  auto const leaf = x509::read_chain(text);
  if (!leaf) {
    if (x509::signed_by(text, text)) std::abort();
    return 0;
  }
  constexpr std::size_t digits = 64;
  bool const sorted =
      std::is_sorted(leaf->names.begin(), leaf->names.end()) &&
      std::adjacent_find(leaf->names.begin(), leaf->names.end()) == leaf->names.end();
  if (!sorted || leaf->fingerprint.size() != digits || leaf->serial.empty()) std::abort();
  // One that was read is read again, whatever stands behind it.
  if (x509::read_chain(text + "\ntext\n")->fingerprint != leaf->fingerprint) std::abort();
  (void)x509::signed_by(text, text);
  return 0;
}
