#pragma once
/// \file
/// tests/support/name_server.py as long as a test.

#include <unistd.h>

#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

#include "tests/support/server_process.hpp"
#include "tests/support/source_tree.hpp"
#include "tests/support/temporary_directory.hpp"

namespace mailstack::support {

/// A name server on 127.0.0.1 that answers from `records`, a line `NAME TYPE VALUE` each.
class LoopbackNameServer {
 public:
  explicit LoopbackNameServer(std::string const& records) {
    std::ofstream(directory_.path() + "/records") << records;
    process_ = std::make_unique<ServerProcess>(
        std::vector<std::string>{"python3", in_source("tests/support/name_server.py"),
                                 directory_.path() + "/port", directory_.path() + "/records"},
        directory_.path() + "/log");
    std::string port;
    for (int i = 0; i < 1000 && port.empty(); ++i) {
      std::ifstream(directory_.path() + "/port") >> port;
      ::usleep(20'000);
    }
    if (port.empty()) throw std::runtime_error("the name server does not listen");
    address_ = "127.0.0.1:" + port;
  }

  [[nodiscard]] std::string const& address() const { return address_; }
  [[nodiscard]] ServerProcess& process() { return *process_; }

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<ServerProcess> process_;
  std::string address_;
};

}  // namespace mailstack::support
