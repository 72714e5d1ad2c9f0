#include "core/files/working_directory.hpp"

#include <unistd.h>

#include <array>
#include <climits>

namespace mailstack::files {

std::string working_directory() {
  std::array<char, PATH_MAX> path{};
  return ::getcwd(path.data(), path.size()) ? path.data() : "/";
}

}  // namespace mailstack::files
