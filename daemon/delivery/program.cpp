#include "daemon/delivery/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <optional>

#include "core/files/descriptor.hpp"

namespace mailstack::delivery {

namespace {

using files::Descriptor;
using policy::ProgramEnd;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// How often an ended program is looked for where the kernel gives no descriptor for it.
constexpr int look_every = 20;

struct Pipe {
  Descriptor read;
  Descriptor write;
};

bool open_pipe(Pipe& pipe) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  pipe.read = Descriptor(ends[0]);
  pipe.write = Descriptor(ends[1]);
  return true;
}

void do_not_block(Descriptor const& file) {
  ::fcntl(file.number(), F_SETFL, ::fcntl(file.number(), F_GETFL) | O_NONBLOCK);
}

/// What is written to a program that is gone raises SIGPIPE in this thread: it is held back, and
/// taken away at the end.
class NoPipeSignal {
 public:
  NoPipeSignal() {
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  NoPipeSignal(NoPipeSignal const&) = delete;
  NoPipeSignal& operator=(NoPipeSignal const&) = delete;
  ~NoPipeSignal() {
    timespec const at_once{};
    if (::sigismember(&before_, SIGPIPE) == 0)
      while (::sigtimedwait(&pipe_, nullptr, &at_once) > 0) continue;
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_{};
  sigset_t before_{};
};

std::vector<char*> pointers(std::vector<std::string> const& strings) {
  std::vector<char*> all;
  all.reserve(strings.size() + 1);
  for (auto const& one : strings) all.push_back(const_cast<char*>(one.c_str()));
  all.push_back(nullptr);
  return all;
}

/// posix_spawn, not fork: other threads hold locks, and a copy of a large process costs.
int spawn(Program const& program, Pipe const& in, Pipe const& out, Pipe const& errors, pid_t& pid) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&files, in.read.number(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, out.write.number(), STDOUT_FILENO);
  auto const& second = program.errors_apart ? errors.write : out.write;
  ::posix_spawn_file_actions_adddup2(&files, second.number(), STDERR_FILENO);
  ::posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  if (!program.directory.empty())
    ::posix_spawn_file_actions_addchdir_np(&files, program.directory.c_str());
  sigset_t all;
  sigset_t none;
  ::sigfillset(&all);
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  auto const argv = pointers(program.argv);
  auto const environment = pointers(program.environment);
  int const error =
      ::posix_spawnp(&pid, argv[0], &files, &attributes, argv.data(), environment.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  return error;
}

/// What is read of a program, and the first octets of it.
struct Stream {
  Descriptor end;
  std::string kept = {};

  /// What is there by now.
  void read(std::size_t most, steady_clock::time_point deadline) {
    std::array<char, 16384> room{};
    while (end.open()) {
      auto const got = ::read(end.number(), room.data(), room.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) return end.close();
      kept.append(room.data(),
                  std::min(static_cast<std::size_t>(got), most - std::min(most, kept.size())));
      if (steady_clock::now() >= deadline) return;
    }
  }
};

/// A program that runs, and what goes in and out of it.
class Running {
 public:
  /// `errors` is not open where they are no stream of their own.
  Running(Program const& program, pid_t pid, Descriptor in, Descriptor out, Descriptor errors)
      : program_(program),
        pid_(pid),
        in_(std::move(in)),
        out_{std::move(out)},
        errors_{std::move(errors)},
        ended_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))),
        deadline_(steady_clock::now() + program.limit) {
    do_not_block(in_);
    do_not_block(out_.end);
    if (errors_.end.open()) do_not_block(errors_.end);
    if (program.input.empty()) in_.close();
  }

  Ran finish() && {
    int status = 0;
    while (!reap(status, WNOHANG)) {
      if (steady_clock::now() >= deadline_) {
        ::kill(-pid_, SIGKILL);
        reap(status, 0);
        return ran({asked_ ? ProgramEnd::How::cut : ProgramEnd::How::timed_out, 0});
      }
      heed_curfew();
      wait();
    }
    return ran(end_of(status));
  }

 private:
  Ran ran(ProgramEnd end) {
    read(out_);
    read(errors_);
    return {end, std::move(out_.kept), true, std::move(errors_.kept)};
  }

  [[nodiscard]] bool curfew() const { return program_.curfew && program_.curfew->called(); }

  /// Asked to end, many end with 0, whatever they had done. One that was not asked and ends badly
  /// may have been told by whoever stops us.
  [[nodiscard]] ProgramEnd end_of(int status) const {
    bool const well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (asked_ || (!well && curfew())) return {ProgramEnd::How::cut, 0};
    if (WIFSIGNALED(status)) return {ProgramEnd::How::signalled, WTERMSIG(status)};
    return {ProgramEnd::How::exited, WEXITSTATUS(status)};
  }

  void heed_curfew() {
    if (asked_ || (!cut_since_ && !curfew())) return;
    auto const now = steady_clock::now();
    auto const& times = program_.curfew->times();
    if (!cut_since_) cut_since_ = now;
    if (now < *cut_since_ + times.own && !program_.curfew->hurried()) return;
    asked_ = true;
    deadline_ = std::min(deadline_, now + times.grace);
    ::kill(-pid_, SIGTERM);
  }

  /// When something is to be done that no descriptor tells of.
  [[nodiscard]] steady_clock::time_point next_time() const {
    if (!cut_since_ || asked_) return deadline_;
    return std::min(deadline_, *cut_since_ + program_.curfew->times().own);
  }

  bool reap(int& status, int options) const {
    for (;;) {
      auto const got = ::waitpid(pid_, &status, options);
      if (got == pid_) return true;
      if (got == 0) return false;
      if (errno != EINTR) {
        status = SIGKILL;  // somebody else reaped it: what it did is not known
        return true;
      }
    }
  }

  /// What of the curfew may still come.
  [[nodiscard]] int curfew_descriptor() const {
    if (!program_.curfew || asked_) return -1;
    return cut_since_ ? program_.curfew->hurry_descriptor() : program_.curfew->call_descriptor();
  }

  void wait() {
    std::array<pollfd, 5> files{{{in_.number(), POLLOUT, 0},
                                 {out_.end.number(), POLLIN, 0},
                                 {errors_.end.number(), POLLIN, 0},
                                 {ended_.number(), POLLIN, 0},
                                 {curfew_descriptor(), POLLIN, 0}}};
    auto const left = std::chrono::ceil<milliseconds>(next_time() - steady_clock::now()).count();
    auto const span = std::clamp<long long>(left, 0, ended_.open() ? 3'600'000 : look_every);
    if (::poll(files.data(), files.size(), static_cast<int>(span)) <= 0) return;
    if (files[0].revents != 0) write();
    if (files[1].revents != 0) read(out_);
    if (files[2].revents != 0) read(errors_);
  }

  void write() {
    auto const put =
        ::write(in_.number(), program_.input.data() + written_, program_.input.size() - written_);
    if (put > 0) written_ += static_cast<std::size_t>(put);
    bool const gone = put < 0 && errno != EAGAIN && errno != EINTR;
    if (gone || written_ == program_.input.size()) in_.close();
  }

  void read(Stream& stream) const { stream.read(program_.most_output, deadline_); }

  Program const& program_;
  pid_t pid_;
  Descriptor in_;
  Stream out_;
  Stream errors_;
  Descriptor ended_;  // becomes readable; not open where the kernel has no such thing
  steady_clock::time_point deadline_;
  std::optional<steady_clock::time_point> cut_since_;  // when the curfew was heard of
  bool asked_ = false;                                 // to end, by SIGTERM
  std::size_t written_ = 0;
};

}  // namespace

Ran run_program(Program const& program) {
  auto const not_begun = [](int error) {
    return Ran{{ProgramEnd::How::not_begun, 0}, std::strerror(error), false};
  };
  if (program.argv.empty()) return not_begun(EINVAL);
  if (program.curfew && program.curfew->called()) return {{ProgramEnd::How::cut, 0}, {}, false};
  Pipe in;
  Pipe out;
  Pipe errors;
  if (!open_pipe(in) || !open_pipe(out)) return not_begun(errno);
  if (program.errors_apart && !open_pipe(errors)) return not_begun(errno);
  NoPipeSignal const held;
  pid_t pid = -1;
  if (auto const error = spawn(program, in, out, errors, pid); error != 0) return not_begun(error);
  in.read.close();
  out.write.close();
  errors.write.close();
  return Running(program, pid, std::move(in.write), std::move(out.read), std::move(errors.read))
      .finish();
}

}  // namespace mailstack::delivery
