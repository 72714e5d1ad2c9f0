#include "tests/support/systemd_instance.hpp"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "tests/support/run_program.hpp"
#include "tests/support/source_tree.hpp"

namespace mailstack::support {
namespace {

std::string script() { return in_source("tests/support/systemd_instance.sh"); }

}  // namespace

std::string SystemdInstance::missing() {
  if (::geteuid() != 0) return "a systemd of one's own needs root";
  for (auto const* path :
       {"/lib/systemd/systemd", "/usr/bin/dbus-daemon", "/usr/bin/unshare", "/usr/bin/setpriv"})
    if (::access(path, X_OK) != 0) return std::string(path) + " is not installed";
  if (::access("/sys/fs/cgroup/unified/cgroup.procs", W_OK) != 0 &&
      ::access("/sys/fs/cgroup/cgroup.procs", W_OK) != 0)
    return "there are no control groups (version 2) to make one in";
  return {};
}

SystemdInstance::SystemdInstance() {
  auto const& path = root();
  process_ = std::make_unique<ServerProcess>(std::vector<std::string>{"bash", script(), path},
                                             path + "/script.log");
  auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!std::filesystem::exists(path + "/state")) {
    if (!process_->running() || std::chrono::steady_clock::now() > end) {
      std::ostringstream log;
      for (auto const* name : {"/script.log", "/log"}) log << std::ifstream(path + name).rdbuf();
      stop();
      throw std::runtime_error("no systemd for the test: " + log.str());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

SystemdInstance::~SystemdInstance() { stop(); }

void SystemdInstance::freeze(bool frozen) const {
  std::string group;
  std::ifstream(root() + "/cgroup") >> group;
  std::ofstream(group + "/cgroup.freeze") << (frozen ? "1" : "0");
}

void SystemdInstance::stop() {
  if (!process_) return;
  process_.reset();
  run_program({"bash", script(), "sweep", root()});
}

void SystemdInstance::write(std::string const& path, std::string const& content) const {
  auto const whole = root() + path;
  std::filesystem::create_directories(whole.substr(0, whole.rfind('/')));
  std::ofstream(whole) << content;
}

}  // namespace mailstack::support
