#include "daemon/delivery/curfew.hpp"

#include <poll.h>
#include <sys/eventfd.h>

namespace mailstack::delivery {

Curfew::Curfew(Times times) : times_(times), event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

void Curfew::call() { ::eventfd_write(event_.number(), 1); }

bool Curfew::called() const {
  pollfd event{event_.number(), POLLIN, 0};
  return ::poll(&event, 1, 0) > 0;
}

}  // namespace mailstack::delivery
