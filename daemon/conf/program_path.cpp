#include "daemon/conf/program_path.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

namespace mailstack::conf {

namespace {

bool is_file(std::string const& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode);
}

bool can_run(std::string const& path) { return is_file(path) && ::access(path.c_str(), X_OK) == 0; }

Result<std::string> run_from(std::string const& path) {
  if (can_run(path)) return path;
  if (is_file(path)) return fail(ErrorCode::denied, path + " is not executable");
  return fail(ErrorCode::not_found, "there is no program " + path);
}

}  // namespace

Result<std::string> find_program(std::string const& program, std::string const& directory) {
  if (program.starts_with('/')) return run_from(program);
  if (program.find('/') != std::string::npos) return run_from(directory + "/" + program);
  auto const* path = std::getenv("PATH");
  std::istringstream directories(path == nullptr ? "/usr/bin:/bin" : path);
  std::string unfit;
  for (std::string one; std::getline(directories, one, ':');) {
    auto const there = one + "/" + program;
    if (can_run(there)) return there;
    if (unfit.empty() && is_file(there)) unfit = there;
  }
  if (!unfit.empty()) return fail(ErrorCode::denied, unfit + " is not executable");
  return fail(ErrorCode::not_found, "there is no program " + program + " in PATH");
}

}  // namespace mailstack::conf
