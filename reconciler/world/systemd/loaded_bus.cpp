#include "reconciler/world/systemd/loaded_bus.hpp"

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "core/files/descriptor.hpp"

// The shared object, as the build made it.
asm(".section .rodata\n"
    ".balign 16\n"
    "mailstack_systemd_module:\n"
    ".incbin \"" MAILSTACK_SYSTEMD_MODULE
    "\"\n"
    "mailstack_systemd_module_end:\n"
    ".previous\n");
extern "C" char const mailstack_systemd_module[];
extern "C" char const mailstack_systemd_module_end[];

namespace mailstack::world {

namespace {

tl::unexpected<Error> cannot(std::string const& what) {
  return fail(ErrorCode::unavailable, "what speaks with systemd cannot be loaded: " + what);
}

/// The object in memory, under a name that dlopen() takes: nothing of it need be installed.
Result<files::Descriptor> written() {
  files::Descriptor file(::memfd_create("mailstack-systemd", MFD_CLOEXEC));
  if (!file.open()) return cannot(std::strerror(errno));
  std::string_view rest(
      mailstack_systemd_module,
      static_cast<std::size_t>(mailstack_systemd_module_end - mailstack_systemd_module));
  while (!rest.empty()) {
    auto const done = ::write(file.number(), rest.data(), rest.size());
    if (done < 0 && errno != EINTR) return cannot(std::strerror(errno));
    if (done > 0) rest.remove_prefix(static_cast<std::size_t>(done));
  }
  return file;
}

}  // namespace

Result<std::unique_ptr<Systemd>> load_system_bus(std::unique_ptr<Process> process) {
  auto const file = written();
  if (!file) return fail(file.error());
  auto const name = "/proc/self/fd/" + std::to_string(file->number());
  // Never closed: its objects live as long as the program.
  void* const object = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (object == nullptr) return cannot(::dlerror());
  using Make = Systemd* (*)(Process*);
  auto const make = reinterpret_cast<Make>(::dlsym(object, "mailstack_systemd"));
  if (make == nullptr) return cannot(::dlerror());
  return std::unique_ptr<Systemd>(make(process.release()));
}

}  // namespace mailstack::world
