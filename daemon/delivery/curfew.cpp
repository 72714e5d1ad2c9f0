#include "daemon/delivery/curfew.hpp"

#include <poll.h>
#include <sys/eventfd.h>

namespace mailstack::delivery {

namespace {

files::Descriptor event() { return files::Descriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }

bool has_come(files::Descriptor const& event) {
  pollfd file{event.number(), POLLIN, 0};
  return ::poll(&file, 1, 0) > 0;
}

}  // namespace

Curfew::Curfew(Times times) : times_(times), called_(event()), hurried_(event()) {}

void Curfew::call() { ::eventfd_write(called_.number(), 1); }

void Curfew::hurry() {
  call();
  ::eventfd_write(hurried_.number(), 1);
}

bool Curfew::called() const { return has_come(called_); }
bool Curfew::hurried() const { return has_come(hurried_); }

}  // namespace mailstack::delivery
