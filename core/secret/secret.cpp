#include "core/secret/secret.hpp"

namespace mailstack {

void wipe(void* start, std::size_t size) noexcept {
  // A volatile store is observable behaviour, so the compiler may not drop it as memset before a
  // free could be.
  auto volatile* octets = static_cast<unsigned char volatile*>(start);
  for (std::size_t i = 0; i < size; ++i) octets[i] = 0;
}

}  // namespace mailstack
