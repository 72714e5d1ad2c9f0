#include "daemon/serve/confine.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "daemon/conf/outlook.hpp"
#include "daemon/conf/program_path.hpp"
#include "daemon/conf/snapshot.hpp"
#include "daemon/serve/account.hpp"
#include "daemon/serve/call_filter.hpp"

namespace mailstack::serve {

namespace {

/// Whether a program has a setuid or setgid bit.
bool gains_privileges(conf::Settings const& settings) {
  auto const path = conf::find_program(settings.delivery.mda, settings.directory);
  struct stat found {};
  return path && ::stat(path->c_str(), &found) == 0 && (found.st_mode & (S_ISUID | S_ISGID)) != 0;
}

bool wants_filter(conf::Settings const& settings) {
  if (settings.seccomp) return *settings.seccomp;
  bool const runs_program = settings.delivery.local == conf::Settings::Delivery::Local::mda;
  return !runs_program || !gains_privileges(settings);
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
  auto const account = conf::find_account(settings.user);
  if (!account)
    return fail(account.error().code,
                conf::format(conf::problem_of_user(settings, account.error())));
  auto bound = bind(settings);
  if (!bound) return bound;
  auto const control = std::filesystem::path(settings.control_socket).parent_path().string();
  std::vector<std::string> directories{settings.state, settings.spool, control};
  // One may lie in another: what is above comes first, so that it is the account's, too.
  std::sort(directories.begin(), directories.end());
  for (auto const& directory : directories)
    if (auto made = make_directory(directory, *account); !made) return fail(made.error());
  if (auto became = become(*account); !became) return fail(became.error());
  return bound;
}

}  // namespace

Result<std::vector<net::Bound>> confine(std::string const& directory) {
  std::vector<net::Bound> bound;
  auto const loaded = conf::load(directory, nullptr);
  if (!loaded.snapshot) return bound;  // who opens the daemon says why
  auto const& settings = loaded.snapshot->settings;
  if (conf::becomes(settings.user)) {
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
