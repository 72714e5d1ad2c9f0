/// \file
/// argv → command. The only place that builds real adapters.

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <malloc.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>

#include "core/files/disk_files.hpp"
#include "core/files/standard_input.hpp"
#include "core/files/working_directory.hpp"
#include "reconciler/cli/commands/commands.hpp"
#include "reconciler/world/clock/system_clock.hpp"
#include "reconciler/world/control_socket/unix_control.hpp"
#include "reconciler/world/dns_query/dns_client.hpp"
#include "reconciler/world/http/curl_http.hpp"
#include "reconciler/world/machine/local_machine.hpp"
#include "reconciler/world/mail_sender/curl_smtp.hpp"
#include "reconciler/world/process/child_process.hpp"
#include "reconciler/world/secrets/stored_secrets.hpp"
#include "reconciler/world/systemd/loaded_bus.hpp"
#include "reconciler/world/systemd/no_systemd.hpp"
#include "reconciler/world/tls_peer/tls_client.hpp"

namespace {

using namespace mailstack;

std::atomic<int> stop_asked{0};  // the signal that asked

/// The first signal asks the run to end after its batch; the second ends the process as if there
/// were no handler (SA_RESETHAND). System calls are not restarted, so that a prompt ends too.
void listen_for_stop() {
  struct sigaction action {};
  action.sa_handler = [](int signal) { stop_asked.store(signal); };
  action.sa_flags = SA_RESETHAND;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

/// The full name that /etc/hosts gives for `name`; `name` itself where it gives none. Not by
/// getaddrinfo(), which would ask name servers, and wait for them, on a machine without network.
std::string full_name(std::string const& name) {
  std::ifstream hosts("/etc/hosts");
  for (std::string line; std::getline(hosts, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string address, canonical;
    if (!(words >> address >> canonical) || canonical.find('.') == std::string::npos) continue;
    if (canonical.starts_with(name + ".")) return canonical;
    for (std::string alias; words >> alias;)
      if (alias == name) return canonical;
  }
  return name;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return {};
  std::string const text(name.data());
  return text.find('.') == std::string::npos ? full_name(text) : text;
}

std::vector<std::string> addresses() {
  std::vector<std::string> all;
  ifaddrs* interfaces = nullptr;
  if (::getifaddrs(&interfaces) != 0) return all;
  for (auto const* at = interfaces; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr) continue;
    std::array<char, INET6_ADDRSTRLEN> text{};
    void const* address = nullptr;
    if (at->ifa_addr->sa_family == AF_INET)
      address = &reinterpret_cast<sockaddr_in const*>(at->ifa_addr)->sin_addr;
    else if (at->ifa_addr->sa_family == AF_INET6)
      address = &reinterpret_cast<sockaddr_in6 const*>(at->ifa_addr)->sin6_addr;
    if (address && ::inet_ntop(at->ifa_addr->sa_family, address, text.data(), text.size()))
      all.emplace_back(text.data());
  }
  ::freeifaddrs(interfaces);
  return all;
}

std::optional<std::string> read_line() {
  std::string line;
  for (char c = 0;;) {
    auto const got = ::read(STDIN_FILENO, &c, 1);
    if (got <= 0) return line.empty() ? std::nullopt : std::optional(line);
    if (c == '\n') return line;
    line += c;
  }
}

Result<std::string> read_input(std::size_t most) {
  return files::read_standard_input(
      most, "standard input holds more than " + std::to_string(most / 1024 / 1024) + " MiB");
}

std::optional<Secret<std::string>> read_secret(std::string const& prompt) {
  termios before{};
  // An interrupt must not leave the terminal without echo: the read ends first.
  listen_for_stop();
  bool const terminal = ::tcgetattr(STDIN_FILENO, &before) == 0;
  auto silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  if (terminal) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  // Asked only now: what was typed before is thrown away, and would have been shown.
  if (!prompt.empty()) std::cerr << prompt << std::flush;
  auto line = read_line();
  if (terminal) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  if (terminal) std::cerr << std::endl;
  if (auto const signal = stop_asked.load(); signal != 0)
    ::raise(signal);  // ends us, as it does elsewhere
  if (!line) return std::nullopt;
  Secret<std::string> secret(*line);
  wipe(line->data(), line->size());
  return secret;
}

std::size_t terminal_columns() {
  winsize size{};
  for (int const stream : {STDOUT_FILENO, STDERR_FILENO})
    if (::ioctl(stream, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 0;
}

/// systemd runs where this folder is (sd_booted(3)).
bool runs_systemd() { return ::access("/run/systemd/system", F_OK) == 0; }

std::unique_ptr<world::Systemd> systemd(std::string const& root) {
  if (!root.empty()) return std::make_unique<world::NoSystemd>("what is below --root does not run");
  if (!runs_systemd())
    return std::make_unique<world::NoSystemd>("systemd does not run here (sd_booted(3))");
  auto bus = world::load_system_bus(std::make_unique<world::ChildProcess>());
  if (!bus) return std::make_unique<world::NoSystemd>(bus.error().what);
  return *std::move(bus);
}

/// Where this program stands, for units that will call it.
std::string program() {
  std::array<char, 4096> path{};
  auto const size = ::readlink("/proc/self/exe", path.data(), path.size());
  return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : std::string();
}

std::string random_word() {
  std::array<char, 9> text{};
  std::random_device random;
  std::snprintf(text.data(), text.size(), "%08x", static_cast<unsigned>(random()));
  return text.data();
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  // Threads mostly wait for servers. Heaps of their own would keep the megabytes of each listing.
  ::mallopt(M_ARENA_MAX, 1);
  world::SystemClock clock;
  cli::Doors doors{
      .out = std::cout,
      .err = std::cerr,
      .terminal = {.answers = ::isatty(STDIN_FILENO) == 1,
                   .shows_out = ::isatty(STDOUT_FILENO) == 1,
                   .shows_err = ::isatty(STDERR_FILENO) == 1,
                   .columns = terminal_columns(),
                   .read_line = read_line,
                   .read_secret = read_secret},
      .clock = clock,
      .files = [](std::string const& root) { return std::make_unique<files::DiskFiles>(root); },
      .http =
          [](std::string const& ca_file) {
            return std::make_unique<world::CurlHttp>("mailstack", ca_file);
          },
      .dns =
          [](std::vector<std::string> const& resolvers) {
            return std::make_unique<world::DnsClient>(resolvers);
          },
      .process = [] { return std::make_unique<world::ChildProcess>(); },
      .machine = [] { return std::make_unique<world::LocalMachine>(); },
      .secrets =
          [](std::string const& base) { return std::make_unique<world::StoredSecrets>(base); },
      .systemd = systemd,
      .runs_systemd = runs_systemd,
      .tls = [] { return std::make_unique<world::TlsClient>(); },
      .control = [] { return std::make_unique<world::UnixControl>(); },
      .mail = [] { return std::make_unique<world::CurlSmtp>(); },
      .read_input = read_input,
      .environment =
          [](std::string const& name) {
            auto const* value = std::getenv(name.c_str());
            return std::string(value ? value : "");
          },
      .working_directory = files::working_directory,
      .host_name = host_name,
      .addresses = addresses,
      .hold_signals = listen_for_stop,
      .interrupted = [] { return stop_asked.load() != 0; },
      .privileged = [] { return ::geteuid() == 0; },
      .random_word = random_word,
      .program = program};
  auto const code = cli::run(argc, argv, doors);
#ifdef NDEBUG
  // To take apart what the plan of a large zone stands on is a tenth of its time, and the kernel
  // takes it all at once. Builds for tests and sanitizers end in the long way, so leaks are seen.
  std::cout.flush();
  std::cerr.flush();
  std::_Exit(code);
#endif
  return code;
}
