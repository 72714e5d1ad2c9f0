#include "daemon/control/process_facts.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

namespace mailstack::control {

namespace {

// Fields of /proc/PID/stat as proc(5) counts them; the first behind the name is 3.
constexpr std::size_t first_field = 3, user_ticks = 14, system_ticks = 15, start_ticks = 22,
                      virtual_size = 23, resident_pages = 24;

std::string content(char const* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

double boot_time() {
  static double const time = [] {
    std::ifstream file("/proc/stat");
    for (std::string line; std::getline(file, line);)
      if (line.starts_with("btime ")) return std::strtod(line.c_str() + 6, nullptr);
    return 0.0;
  }();
  return time;
}

std::uint64_t open_descriptors() {
  std::unique_ptr<DIR, int (*)(DIR*)> const folder(::opendir("/proc/self/fd"), &::closedir);
  std::uint64_t count = 0;
  while (folder && ::readdir(folder.get()) != nullptr) ++count;
  return count > 3 ? count - 3 : 0;  // `.`, `..` and the folder itself
}

}  // namespace

ProcessFacts parse_stat(std::string_view stat, double boot, double ticks_per_second,
                        std::uint64_t page_octets) {
  ProcessFacts facts;
  auto const name_end = stat.rfind(')');
  if (name_end == stat.npos || ticks_per_second <= 0) return facts;
  stat.remove_prefix(name_end + 1);
  std::array<std::uint64_t, resident_pages + 1> fields{};
  for (auto field = first_field; field < fields.size() && !stat.empty(); ++field) {
    stat.remove_prefix(std::min(stat.find_first_not_of(' '), stat.size()));
    auto const word = stat.substr(0, stat.find(' '));
    std::from_chars(word.data(), word.data() + word.size(), fields.at(field));
    stat.remove_prefix(word.size());
  }
  auto const seconds = [&](std::uint64_t ticks) {
    return static_cast<double>(ticks) / ticks_per_second;
  };
  facts.cpu_seconds = seconds(fields[user_ticks] + fields[system_ticks]);
  if (fields[start_ticks] > 0) facts.started = boot + seconds(fields[start_ticks]);
  facts.virtual_bytes = fields[virtual_size];
  facts.resident_bytes = fields[resident_pages] * page_octets;
  return facts;
}

ProcessFacts process_facts() {
  auto facts = parse_stat(content("/proc/self/stat"), boot_time(),
                          static_cast<double>(::sysconf(_SC_CLK_TCK)),
                          static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
  facts.descriptors = open_descriptors();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) facts.most_descriptors = limit.rlim_cur;
  return facts;
}

}  // namespace mailstack::control
