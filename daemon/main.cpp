/// \file
/// argv → the daemon.

#include <iostream>
#include <string>

#include "daemon/serve/daemon.hpp"

int main(int argc, char** argv) {
  std::string directory = "/etc/mailstackd";
  if (argc == 3 && std::string(argv[1]) == "--config") directory = argv[2];
  auto daemon = mailstack::serve::Daemon::open({directory, MAILSTACK_VERSION});
  if (!daemon) {
    std::cerr << "mailstackd: " << daemon.error().what << std::endl;
    return 1;
  }
  (*daemon)->run();
  return 0;
}
