#pragma once
/// \file
/// systemd over D-Bus (org.freedesktop.systemd1).

#include <memory>
#include <string>
#include <string_view>

#include "reconciler/world/process.hpp"
#include "reconciler/world/systemd.hpp"

namespace mailstack::world {

/// The bus is opened by the first call, and again after one that lost it, so that making this
/// object costs and fails nothing; a socket behind which nobody answers is given up after sd-bus's
/// own 90 s. journalctl reads the journal.
class SystemBus final : public Systemd {
 public:
  /// `address` as D-Bus writes it (`unix:path=/run/dbus/system_bus_socket`); empty: the system's.
  /// Where the socket stands below a root of its own (`/srv/x/run/dbus/…`), so does the journal.
  /// systemd answers in milliseconds; `call_timeout` leaves room for a machine that starts or
  /// swaps.
  SystemBus(std::unique_ptr<Process> process, std::string address,
            std::chrono::milliseconds call_timeout = std::chrono::seconds(10));
  SystemBus(SystemBus const&) = delete;
  SystemBus& operator=(SystemBus const&) = delete;
  ~SystemBus() override;

  Result<std::string> version() override;
  Result<UnitState> state(std::string const& unit) override;
  Result<> daemon_reload() override;
  Result<> enable(std::string const& unit) override;
  Result<> disable(std::string const& unit) override;
  Result<> run(std::string const& unit, Job job, std::chrono::milliseconds timeout) override;
  Result<> reset_failed(std::string const& unit) override;
  std::vector<std::string> journal(std::string const& unit, TimePoint since,
                                   std::size_t most) override;

 private:
  class Bus;
  std::unique_ptr<Bus> bus_;
  std::unique_ptr<Process> process_;
  std::string address_;
};

/// Where the system behind a bus has its root: `/srv/x` for `unix:path=/srv/x/run/dbus/…`, `/` for
/// the system's own; empty where the address does not say.
std::string root_of_bus(std::string_view address);

/// The path of a unit's object: every octet but letters and digits as `_2e`, and a first digit too.
std::string object_path(std::string_view unit);

}  // namespace mailstack::world
