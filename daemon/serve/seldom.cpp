#include "daemon/serve/seldom.hpp"

namespace mailstack::serve {

bool Seldom::is_due(std::string const& text, TimePoint now) {
  constexpr Duration pause{3600};
  std::lock_guard const lock(mutex_);
  bool const first = told_.find(text) == nullptr;
  auto& last = told_.touch(text);
  // A clock that was set back does not make it silent.
  bool const due = first || now < last || now - last >= pause;
  if (due) last = now;
  return due;
}

}  // namespace mailstack::serve
