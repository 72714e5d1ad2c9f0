#include "daemon/serve/confine.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "daemon/conf/snapshot.hpp"
#include "daemon/serve/account.hpp"
#include "daemon/serve/call_filter.hpp"

namespace mailstack::serve {

namespace {

bool gains(std::string const& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && (found.st_mode & (S_ISUID | S_ISGID)) != 0;
}

/// Whether a program has a setuid or setgid bit; found as execvp(3) finds it.
bool gains_privileges(std::string const& program) {
  if (program.find('/') != std::string::npos) return gains(program);
  auto const* path = std::getenv("PATH");
  std::istringstream directories(path == nullptr ? "/usr/bin:/bin" : path);
  for (std::string one; std::getline(directories, one, ':');)
    if (auto const there = one + "/" + program; ::access(there.c_str(), X_OK) == 0)
      return gains(there);
  return false;
}

bool wants_filter(conf::Settings const& settings) {
  if (settings.seccomp) return *settings.seccomp;
  bool const runs_program = settings.delivery.local == conf::Settings::Delivery::Local::mda;
  return !runs_program || !gains_privileges(settings.delivery.mda);
}

Result<std::vector<net::Bound>> bind(conf::Settings const& settings) {
  std::vector<net::Bound> bound;
  for (auto const& at : settings.listen) {
    // A unix socket is the account's own.
    if (at.systemd || at.address.find('/') != std::string::npos) continue;
    auto fd = net::Listener::bind({at.address, at.port});
    if (!fd) return tl::unexpected(fd.error());
    bound.push_back({{at.address, at.port}, *fd});
  }
  return bound;
}

Result<std::vector<net::Bound>> leave_root(conf::Settings const& settings) {
  auto const account = find_account(settings.user);
  if (!account) return fail(within(account.error(), "user"));
  auto bound = bind(settings);
  if (!bound) return bound;
  auto const control = std::filesystem::path(settings.control_socket).parent_path().string();
  for (auto const& directory : {settings.state, settings.spool, control})
    if (auto made = make_directory(directory, *account); !made) return fail(made.error());
  if (auto became = become(*account); !became) return fail(became.error());
  return bound;
}

}  // namespace

Result<std::vector<net::Bound>> confine(std::string const& directory) {
  std::vector<net::Bound> bound;
  auto const loaded = conf::load(directory, nullptr);
  if (!loaded) return bound;
  auto const& settings = loaded->snapshot->settings;
  if (::geteuid() == 0 && !settings.user.empty()) {
    auto left = leave_root(settings);
    if (!left) return left;
    bound = *std::move(left);
  }
  if (!wants_filter(settings)) return bound;
  if (auto const done = refuse_calls(); !done)
    return fail(done.error().code, done.error().what + " (`seccomp: off` goes without)");
  return bound;
}

}  // namespace mailstack::serve
