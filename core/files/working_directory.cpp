#include "core/files/working_directory.hpp"

#include <unistd.h>

#include <array>
#include <climits>

namespace mailstack::files {

std::string working_directory() {
  std::array<char, PATH_MAX> path{};
  return ::getcwd(path.data(), path.size()) ? path.data() : "/";
}

std::string from(std::string_view directory, std::string_view path) {
  if (path.starts_with('/')) return std::string(path);
  while (!path.empty()) {
    auto const slash = path.find('/');
    auto const first = path.substr(0, slash);
    if (first == "..")
      directory = directory.substr(0, directory.rfind('/'));
    else if (!first.empty() && first != ".")
      break;
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  std::string whole(directory == "/" ? "" : directory);
  if (!path.empty()) whole.append("/").append(path);
  return whole.empty() ? "/" : whole;
}

}  // namespace mailstack::files
