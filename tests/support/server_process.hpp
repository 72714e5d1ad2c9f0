#pragma once
/// \file
/// A server that runs as long as a test.

#include <sys/types.h>

#include <string>
#include <vector>

namespace mailstack::support {

/// A child process, killed and reaped in the destructor; it dies with the test, too, where that is
/// killed. Its output goes to `log`.
class ServerProcess {
 public:
  ServerProcess(std::vector<std::string> argv, std::string const& log);
  ServerProcess(ServerProcess const&) = delete;
  ServerProcess& operator=(ServerProcess const&) = delete;
  ~ServerProcess();

  /// False once it has ended by itself.
  [[nodiscard]] bool running();
  /// Stops it as a power cut would (SIGKILL), or lets it sleep and wakes it (SIGSTOP, SIGCONT).
  void signal(int number);

 private:
  pid_t pid_ = -1;
};

}  // namespace mailstack::support
