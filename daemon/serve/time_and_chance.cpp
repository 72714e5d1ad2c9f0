#include "daemon/serve/time_and_chance.hpp"

#include <chrono>
#include <random>

namespace mailstack::serve {

TimePoint now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

policy::Instant steady() {
  return std::chrono::duration_cast<policy::Instant>(
      std::chrono::steady_clock::now().time_since_epoch());
}

double chance() {
  thread_local std::mt19937_64 engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

Secret<std::string> process_key() {
  std::random_device random;
  std::string key;
  for (int i = 0; i < 32; ++i) key += static_cast<char>(random());
  return Secret<std::string>(std::move(key));
}

}  // namespace mailstack::serve
