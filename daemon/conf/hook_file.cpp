#include "daemon/conf/hook_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "daemon/conf/program_path.hpp"

namespace mailstack::conf {

namespace {

/// What the kernel reads of a program to know how to run it (BINPRM_BUF_SIZE).
constexpr std::size_t head_octets = 256;
constexpr std::string_view binary = "\177ELF";

/// Empty where it is no file: to open a pipe would wait for whoever writes to it.
std::string head_of(std::string const& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return {};
  std::array<char, head_octets> head{};
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), head.size());
  return {head.data(), static_cast<std::size_t>(file.gcount())};
}

/// What a line `#!` names. The kernel hands over all that follows the program as one argument.
struct Interpreter {
  std::string program;
  std::string argument;
};

/// As the kernel does it: a carriage return is a part of the name.
std::string_view without_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

Interpreter interpreter_of(std::string_view head) {
  auto const line = without_blanks(head.substr(2, head.find('\n') - 2));
  auto const end = std::min(line.find_first_of(" \t"), line.size());
  return {std::string(line.substr(0, end)), std::string(without_blanks(line.substr(end)))};
}

/// Whom `#!/usr/bin/env NAME` means is looked for in our PATH, which may not be that of the daemon.
void look_at_env(Interpreter const& interpreter, std::string const& directory,
                 std::string const& path, Problems& problems) {
  auto const& name = interpreter.argument;
  if (!interpreter.program.ends_with("/env") || name.empty() || name.starts_with('-')) return;
  if (auto const found = find_program(name, directory); !found)
    problems.push_back({path, "the hook's first line asks env for it: " + found.error().what, 1, 0,
                        "name a program that is there; until then no mail is taken", true});
}

bool can_run(std::string const& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return false;
  if (!S_ISREG(found.st_mode)) errno = EACCES;
  return S_ISREG(found.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

void look_at_form(std::string const& directory, std::string const& path, Problems& problems) {
  if (::access(path.c_str(), R_OK) != 0) {
    // Which of them it is cannot be seen.
    problems.push_back({path,
                        "the hook may be executed and not read: no script can be run so, only a "
                        "binary",
                        0, 0, "let who serves read it", true});
    return;
  }
  auto const head = head_of(path);
  if (head.starts_with("#!")) {
    auto const interpreter = interpreter_of(head);
    auto const& program = interpreter.program;
    // It starts in the tree.
    if (can_run(program.starts_with('/') ? program : directory + "/" + program))
      return look_at_env(interpreter, directory, path, problems);
    problems.push_back({path,
                        "the hook's first line names `" + program +
                            "`, which cannot be run: " + std::strerror(errno),
                        1, 0, "name a program that is there; until then no mail is taken"});
  } else if (!head.starts_with(binary)) {
    problems.push_back({path,
                        "the hook is no program that the kernel knows by itself: without `#!` no "
                        "shell runs it, and no mail is taken",
                        0, 0, "begin it with a line such as #!/bin/sh", true});
  }
}

}  // namespace

std::string hook_path(std::string const& directory) { return directory + "/hooks/post-data"; }

bool is_binary(std::string const& path) { return head_of(path).starts_with(binary); }

std::string find_hook(std::string const& directory, Problems& problems) {
  auto path = hook_path(directory);
  if (can_run(path)) {
    look_at_form(directory, path, problems);
    return path;
  }
  auto const why = errno;
  // A link to nothing was made by somebody who wants a hook.
  struct stat link {};
  if ((why == ENOENT || why == ENOTDIR) && ::lstat(path.c_str(), &link) != 0) return {};
  problems.push_back({path, std::string("the hook cannot be executed: ") + std::strerror(why), 0, 0,
                      "make it executable, or take it away; until then no mail is taken"});
  return path;
}

}  // namespace mailstack::conf
