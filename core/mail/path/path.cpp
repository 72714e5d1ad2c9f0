#include "core/mail/path/path.hpp"

namespace mailstack::mail {}  // namespace mailstack::mail
