/// \file
/// The entry of the shared object that carries SystemBus (loaded_bus.hpp).

#include "reconciler/world/systemd/system_bus.hpp"

/// `process` changes hands, and so does what is returned.
extern "C" mailstack::world::Systemd* mailstack_systemd(mailstack::world::Process* process);
extern "C" mailstack::world::Systemd* mailstack_systemd(mailstack::world::Process* process) {
  return new mailstack::world::SystemBus(std::unique_ptr<mailstack::world::Process>(process), "");
}
