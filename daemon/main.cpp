/// \file
/// argv → the daemon, or a command. The only place that builds the real doors of the command line.

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <iostream>
#include <optional>
#include <string>

#include "core/files/disk_files.hpp"
#include "core/files/standard_input.hpp"
#include "core/files/working_directory.hpp"
#include "daemon/cli/run.hpp"
#include "daemon/cli/unix_ask.hpp"
#include "daemon/serve/confine.hpp"
#include "daemon/serve/daemon.hpp"

namespace {

using namespace mailstack;

int run_daemon(std::string const& directory) {
  auto const refuse = [](Error const& error) {
    std::cerr << "mailstackd: " << error.what << std::endl;
    return 1;
  };
  auto bound = serve::confine(directory);
  if (!bound) return refuse(bound.error());
  auto daemon = serve::Daemon::open({directory, MAILSTACK_VERSION, *std::move(bound)});
  if (!daemon) return refuse(daemon.error());
  (*daemon)->run();
  return 0;
}

Result<std::string> read_input(std::size_t most) {
  return files::read_standard_input(most, "standard input is too long");
}

std::optional<std::string> read_line() {
  std::string line;
  if (!std::getline(std::cin, line)) return std::nullopt;
  return line;
}

}  // namespace

int main(int argc, char** argv) {
  files::DiskFiles files;
  return daemon_cli::run(
      argc, argv,
      {.out = std::cout,
       .err = std::cerr,
       .version = MAILSTACK_VERSION,
       .files = files,
       .working_directory = files::working_directory(),
       .now =
           [] {
             return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
           },
       .serve = run_daemon,
       .ask = daemon_cli::unix_ask,
       .read_input = read_input,
       .read_line = read_line});
}
