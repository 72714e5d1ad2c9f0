#include "reconciler/world/process/child_process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <poll.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/files/descriptor.hpp"
#include "reconciler/world/no_broken_pipe.hpp"

namespace mailstack::world {
namespace {

using files::Descriptor;

std::string search_path() {
  char const* const ours = std::getenv("PATH");
  std::string_view rest = ours ? ours : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin";
  std::string path;
  // A relative entry would run what lies in somebody's repository.
  while (!rest.empty()) {
    auto const entry = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
    if (entry.starts_with('/')) path.append(path.empty() ? "" : ":").append(entry);
  }
  return path;
}

std::optional<std::string> find_program(std::string const& name, std::string const& path) {
  if (name.find('/') != std::string::npos)
    return ::access(name.c_str(), F_OK) == 0 ? std::optional(name) : std::nullopt;
  std::string_view rest = path;
  while (!rest.empty()) {
    auto const entry = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
    auto candidate = std::string(entry) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return std::nullopt;
}

/// Whom the child becomes.
struct Identity {
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;
  std::string home;
};

/// nullopt: the child stays who we are.
Result<std::optional<Identity>> identity_of(std::string const& path) {
  if (path.empty() || ::geteuid() != 0) return std::nullopt;
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0)
    return fail(errno == ENOENT ? ErrorCode::not_found : ErrorCode::unavailable,
                "owner of " + path + ": " + std::strerror(errno));
  if (status.st_uid == 0) return std::nullopt;
  Identity identity;
  identity.user = status.st_uid;
  identity.group = status.st_gid;
  identity.groups = {status.st_gid};
  identity.home = "/";
  std::array<char, 16384> buffer;
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(identity.user, &entry, buffer.data(), buffer.size(), &found);
  if (!found) return identity;
  identity.group = found->pw_gid;
  identity.home = found->pw_dir;
  int count = 64;
  identity.groups.resize(static_cast<std::size_t>(count));
  if (::getgrouplist(found->pw_name, found->pw_gid, identity.groups.data(), &count) < 0) {
    identity.groups.resize(static_cast<std::size_t>(count));
    ::getgrouplist(found->pw_name, found->pw_gid, identity.groups.data(), &count);
  }
  identity.groups.resize(static_cast<std::size_t>(count));
  return identity;
}

struct Pipe {
  Descriptor read_end;
  Descriptor write_end;

  bool open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read_end = Descriptor(ends[0]);
    write_end = Descriptor(ends[1]);
    return true;
  }
};

struct Pipes {
  Pipe input;
  Pipe output;
  Pipe errors;
  Pipe refusal;  ///< carries errno where exec failed; closed by a successful one
};

std::vector<char*> pointers(std::vector<std::string> const& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (auto const& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

/// All that the child needs, made before the fork: after it only async-signal-safe calls are legal,
/// since another thread may have held a lock.
struct Launch {
  std::string program;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::string directory;
  std::optional<Identity> identity;
};

[[noreturn]] void become(Launch const& launch, std::vector<char*> const& arguments,
                         std::vector<char*> const& environment, Pipes const& pipes) {
  auto const give_up = [&] {
    int const error = errno;
    (void)!::write(pipes.refusal.write_end.number(), &error, sizeof error);
    ::_exit(127);
  };
  for (int signal = 1; signal < 32; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::dup2(pipes.input.read_end.number(), 0) < 0 ||
      ::dup2(pipes.output.write_end.number(), 1) < 0 ||
      ::dup2(pipes.errors.write_end.number(), 2) < 0)
    give_up();
  ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
  if (launch.identity) {
    auto const& who = *launch.identity;
    if (::setgroups(who.groups.size(), who.groups.data()) != 0 || ::setgid(who.group) != 0 ||
        ::setuid(who.user) != 0)
      give_up();
  }
  if (!launch.directory.empty() && ::chdir(launch.directory.c_str()) != 0) give_up();
  ::execve(launch.program.c_str(), arguments.data(), environment.data());
  give_up();
  ::_exit(127);
}

void feed(Descriptor& to, std::string_view& input) {
  auto const written = ::write(to.number(), input.data(), input.size());
  if (written >= 0) input.remove_prefix(static_cast<std::size_t>(written));
  bool const later = written < 0 && (errno == EINTR || errno == EAGAIN);
  // A program may end without reading all of its input; its status says what it thought of it.
  if (input.empty() || (written < 0 && !later)) to.close();
}

void drain(Descriptor& from, std::string& text) {
  std::array<char, 65536> buffer;
  auto const got = ::read(from.number(), buffer.data(), buffer.size());
  if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
  if (got == 0 || (got < 0 && errno != EINTR)) from.close();
}

/// Feeds and reads all three at once, so that neither side waits for a full pipe.
void converse(Pipes& pipes, std::string_view input, Finished& finished) {
  NoBrokenPipe const guard;
  ::fcntl(pipes.input.write_end.number(), F_SETFL, O_NONBLOCK);
  if (input.empty()) pipes.input.write_end.close();
  while (pipes.output.read_end.open() || pipes.errors.read_end.open()) {
    // poll() passes over negative descriptors.
    std::array<pollfd, 3> watched{{{pipes.input.write_end.number(), POLLOUT, 0},
                                   {pipes.output.read_end.number(), POLLIN, 0},
                                   {pipes.errors.read_end.number(), POLLIN, 0}}};
    if (::poll(watched.data(), watched.size(), -1) < 0) continue;
    if (watched[0].revents != 0) feed(pipes.input.write_end, input);
    if (watched[1].revents != 0) drain(pipes.output.read_end, finished.output);
    if (watched[2].revents != 0) drain(pipes.errors.read_end, finished.errors);
  }
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

Result<Launch> prepare(Command const& command) {
  if (command.argv.empty()) return fail(ErrorCode::invalid, "a command without a program");
  Launch launch;
  auto const path = search_path();
  auto program = find_program(command.argv.front(), path);
  if (!program)
    return fail(ErrorCode::not_found, command.argv.front() + " is not in PATH (" + path +
                                          "); install the package that brings it");
  auto identity = identity_of(command.run_as_owner_of);
  if (!identity) return fail(identity.error());
  launch.program = std::move(*program);
  launch.arguments = command.argv;
  launch.directory = command.directory;
  launch.identity = std::move(*identity);
  char const* const home = std::getenv("HOME");
  launch.environment = {
      "PATH=" + path,
      "HOME=" + (launch.identity ? launch.identity->home : std::string(home ? home : "/")),
      "LANG=C.UTF-8"};
  for (auto const& [name, value] : command.environment)
    launch.environment.push_back(std::string(name).append("=").append(value));
  return launch;
}

}  // namespace

Result<Finished> ChildProcess::run(Command const& command) {
  auto const launch = prepare(command);
  if (!launch) return fail(launch.error());
  auto const arguments = pointers(launch->arguments);
  auto const environment = pointers(launch->environment);
  auto const& name = command.argv.front();
  Pipes pipes;
  if (!pipes.input.open() || !pipes.output.open() || !pipes.errors.open() || !pipes.refusal.open())
    return fail(ErrorCode::unavailable, name + ": " + std::strerror(errno));

  pid_t const child = ::fork();
  if (child < 0) return fail(ErrorCode::unavailable, name + ": " + std::strerror(errno));
  if (child == 0) become(*launch, arguments, environment, pipes);
  pipes.input.read_end.close();
  pipes.output.write_end.close();
  pipes.errors.write_end.close();
  pipes.refusal.write_end.close();

  int error = 0;
  ssize_t got = 0;
  while ((got = ::read(pipes.refusal.read_end.number(), &error, sizeof error)) < 0 &&
         errno == EINTR) {
  }
  if (got == sizeof error) {
    wait_for(child);
    return fail(ErrorCode::unavailable, name + " in " +
                                            (command.directory.empty() ? "." : command.directory) +
                                            " could not be started: " + std::strerror(error));
  }
  Finished finished;
  converse(pipes, command.input, finished);
  finished.status = wait_for(child);
  return finished;
}

}  // namespace mailstack::world
