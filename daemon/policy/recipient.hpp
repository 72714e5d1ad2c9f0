#pragma once
/// \file
/// The answer to RCPT.

#include "daemon/policy/destination.hpp"

namespace mailstack::policy {

/// 250 2.1.5, or what find_destination() refuses with. `sender` is the transaction's.
smtp::Reply check_recipient(Rules const& rules, Client const& client, mail::Path const& sender,
                            mail::Path const& recipient, TimePoint now);

}  // namespace mailstack::policy
