/// \file
/// argv → command. The only place that builds the real doors of the command line.

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <iostream>

#include "core/files/disk_files.hpp"
#include "core/files/working_directory.hpp"
#include "daemon/cli/run.hpp"
#include "daemon/net/sockets.hpp"
#include "daemon/serve/daemon.hpp"

namespace {

using namespace mailstack;

int run_daemon(std::string const& directory) {
  auto daemon = serve::Daemon::open({directory, MAILSTACK_VERSION});
  if (!daemon) {
    std::cerr << "mailstackd: " << daemon.error().what << std::endl;
    return 1;
  }
  (*daemon)->run();
  return 0;
}

/// One line to a control socket and the line that comes back. Waits: a command line has nothing
/// else to do.
Result<std::string> ask(std::string const& path, std::string const& line) {
  auto const address = net::socket_address({path, 0});
  if (!address) return tl::unexpected(address.error());
  int const fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto const refuse = [&](char const* what) {
    auto const code = errno == ENOENT   ? ErrorCode::not_found
                      : errno == EACCES ? ErrorCode::denied
                                        : ErrorCode::unavailable;
    auto error = fail(code, path + ": " + what + ": " + std::strerror(errno));
    if (fd >= 0) ::close(fd);
    return error;
  };
  timeval const limit{60, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (fd < 0 || ::connect(fd, address->get(), address->size) != 0) return refuse("no daemon");
  auto const text = line + "\n";
  for (std::size_t sent = 0; sent < text.size();) {
    auto const put = ::send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (put < 0) return refuse("cannot ask");
    sent += static_cast<std::size_t>(put);
  }
  std::string answer;
  while (!answer.ends_with('\n')) {
    char octets[65'536];
    auto const got = ::recv(fd, octets, sizeof octets, 0);
    if (got <= 0) return refuse("no answer");
    answer.append(octets, static_cast<std::size_t>(got));
  }
  ::close(fd);
  answer.pop_back();
  return answer;
}

Result<std::string> read_input(std::size_t most) {
  std::string text;
  char octets[65'536];
  for (;;) {
    auto const got = ::read(STDIN_FILENO, octets, sizeof octets);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return fail(ErrorCode::unavailable,
                  std::string("standard input cannot be read: ") + std::strerror(errno));
    if (got == 0) return text;
    text.append(octets, static_cast<std::size_t>(got));
    if (text.size() > most)
      return fail(ErrorCode::invalid,
                  "standard input is longer than " + std::to_string(most / 1024 / 1024) + " MiB");
  }
}

}  // namespace

int main(int argc, char** argv) {
  files::DiskFiles files;
  daemon_cli::Doors doors{
      .out = std::cout,
      .err = std::cerr,
      .version = MAILSTACK_VERSION,
      .files = files,
      .working_directory = files::working_directory(),
      .now =
          [] { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); },
      .serve = run_daemon,
      .ask = ask,
      .read_input = read_input,
      .read_line = []() -> std::optional<std::string> {
        std::string line;
        if (!std::getline(std::cin, line)) return std::nullopt;
        return line;
      }};
  return daemon_cli::run(argc, argv, doors);
}
