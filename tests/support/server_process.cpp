#include "tests/support/server_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

namespace mailstack::support {

ServerProcess::ServerProcess(std::vector<std::string> argv, std::string const& log) {
  std::vector<char*> arguments;
  arguments.reserve(argv.size() + 1);
  for (auto& word : argv) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t const parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ > 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // it died before the line above
  int const output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  int const input = ::open("/dev/null", O_RDONLY);
  ::dup2(input, 0);
  ::dup2(output, 1);
  ::dup2(output, 2);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

ServerProcess::~ServerProcess() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool ServerProcess::running() {
  if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
  return pid_ > 0;
}

void ServerProcess::signal(int number) {
  if (pid_ > 0) ::kill(pid_, number);
}

}  // namespace mailstack::support
