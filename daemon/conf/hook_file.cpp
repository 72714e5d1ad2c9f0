#include "daemon/conf/hook_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace mailstack::conf {

namespace {

/// What the kernel reads of a program to know how to run it (BINPRM_BUF_SIZE).
constexpr std::size_t head_octets = 256;

std::string head_of(std::string const& path) {
  std::array<char, head_octets> head{};
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), head.size());
  return {head.data(), static_cast<std::size_t>(file.gcount())};
}

/// The program that `#!` names; empty where no line begins so.
std::string interpreter_of(std::string_view head) {
  if (!head.starts_with("#!")) return {};
  auto line = head.substr(2, head.find('\n') - 2);
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  return std::string(line.substr(0, line.find_first_of(" \t")));
}

bool can_run(std::string const& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return false;
  if (!S_ISREG(found.st_mode)) errno = EACCES;
  return S_ISREG(found.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

void look_at_form(std::string const& directory, std::string const& path, Problems& problems) {
  // A program that may be executed and not read is run all the same.
  if (::access(path.c_str(), R_OK) != 0) return;
  auto const head = head_of(path);
  if (head.starts_with("#!")) {
    auto const interpreter = interpreter_of(head);
    // It starts in the tree.
    if (can_run(interpreter.starts_with('/') ? interpreter : directory + "/" + interpreter)) return;
    problems.push_back({path,
                        "the hook's first line names `" + interpreter +
                            "`, which cannot be run: " + std::strerror(errno),
                        1, 0, "name a program that is there; until then no mail is taken"});
  } else if (!head.starts_with("\x7f"
                               "ELF")) {
    problems.push_back({path,
                        "the hook is no program that the kernel knows by itself: without `#!` no "
                        "shell runs it, and no mail is taken",
                        0, 0, "begin it with a line such as #!/bin/sh", true});
  }
}

}  // namespace

std::string find_hook(std::string const& directory, Problems& problems) {
  auto path = directory + "/hooks/post-data";
  if (can_run(path)) {
    look_at_form(directory, path, problems);
    return path;
  }
  auto const why = errno;
  if (why == ENOENT || why == ENOTDIR) return {};
  problems.push_back({path, std::string("the hook cannot be executed: ") + std::strerror(why), 0, 0,
                      "make it executable, or take it away; until then no mail is taken"});
  return path;
}

}  // namespace mailstack::conf
