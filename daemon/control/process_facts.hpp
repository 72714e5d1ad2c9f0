#pragma once
/// \file
/// What the kernel says of this process, for the metrics that every exporter has.

#include <cstdint>
#include <string_view>

namespace mailstack::control {

struct ProcessFacts {
  double started = 0;      ///< seconds since 1970
  double cpu_seconds = 0;  ///< user and system
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t descriptors = 0;
  std::uint64_t most_descriptors = 0;
};

/// From the text of /proc/PID/stat (proc(5)), whose second field may hold anything. `boot` is the
/// line `btime` of /proc/stat. What cannot be read stays 0.
ProcessFacts parse_stat(std::string_view stat, double boot, double ticks_per_second,
                        std::uint64_t page_octets);

/// Of this process, now.
ProcessFacts process_facts();

}  // namespace mailstack::control
