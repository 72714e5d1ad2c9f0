#pragma once
/// \file
/// Runs a program to its end, for tests that ask a real one for its opinion.

#include <string>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

extern char** environ;  // NOLINT: POSIX declares it nowhere

namespace mailstack::support {

struct Finished {
  int status = 0;      ///< exit status; 128 + signal where one ended it; 127 where there is none
  std::string output;  ///< standard output and standard error
};

/// argv[0] is searched in PATH; no shell. Standard input is empty.
inline Finished run_program(std::vector<std::string> const& argv) {
  int pipe_ends[2];
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  std::vector<char*> words;
  words.reserve(argv.size() + 1);
  for (auto const& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 2);
  pid_t child = 0;
  int const failed = ::posix_spawnp(&child, words[0], &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(pipe_ends[1]);
  Finished finished;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(pipe_ends[0], buffer, sizeof buffer)) > 0;)
    finished.output.append(buffer, static_cast<std::size_t>(got));
  ::close(pipe_ends[0]);
  if (failed != 0) return {127, argv[0] + " is not installed"};
  int status = 0;
  ::waitpid(child, &status, 0);
  finished.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return finished;
}

}  // namespace mailstack::support
