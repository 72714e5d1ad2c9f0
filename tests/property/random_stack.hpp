#pragma once
/// \file
/// Random manifests, and random hands in a random world.

#include <random>
#include <string>
#include <vector>

#include "core/files/memory_files.hpp"

namespace mailstack::property {

/// Repeatable by its seed.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  /// 0 to `sides` - 1.
  std::size_t roll(std::size_t sides) { return engine_() % sides; }
  bool one_in(std::size_t sides) { return roll(sides) == 0; }
  template <class T>
  T const& pick(std::vector<T> const& from) {
    return from[roll(from.size())];
  }

 private:
  std::mt19937_64 engine_;
};

/// A manifest that is legal: hosts, one or two domains with their variants, users, aliases, zone
/// records.
std::string random_manifest(Dice& dice);

/// What somebody did by hand before or between runs: zone files, users and aliases files,
/// configuration, keys.
void random_hands(Dice& dice, files::Files& files);

}  // namespace mailstack::property
