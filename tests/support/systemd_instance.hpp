#pragma once
/// \file
/// A real systemd, PID 1 of namespaces of its own, as long as a test.

#include <memory>
#include <string>

#include "tests/support/server_process.hpp"
#include "tests/support/temporary_directory.hpp"

namespace mailstack::support {

/// What tests/support/systemd_instance.sh boots. The constructor returns when it is up, and throws
/// with its log when it does not come up. The machine's own systemd, if any, is not involved.
class SystemdInstance {
 public:
  /// Why none can be had here; empty where one can.
  static std::string missing();

  SystemdInstance();
  SystemdInstance(SystemdInstance const&) = delete;
  SystemdInstance& operator=(SystemdInstance const&) = delete;
  ~SystemdInstance();

  /// For DBUS_SYSTEM_BUS_ADDRESS.
  [[nodiscard]] std::string bus() const {
    return "unix:path=" + root() + "/run/dbus/system_bus_socket";
  }
  /// Its /etc, /run and /var stand here; nothing else of its root does.
  [[nodiscard]] std::string const& root() const { return directory_.path(); }
  /// Writes `root() + path`, with its parents.
  void write(std::string const& path, std::string const& content) const;
  /// Lets all of it stand still, or go on.
  void freeze(bool frozen) const;
  /// What it looks like to a client when the machine's D-Bus and systemd are gone.
  void stop();

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<ServerProcess> process_;
};

}  // namespace mailstack::support
