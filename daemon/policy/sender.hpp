#pragma once
/// \file
/// Who may send, and as whom.

#include <string_view>

#include "core/mail/path/path.hpp"
#include "daemon/policy/client.hpp"
#include "daemon/policy/rules.hpp"

namespace mailstack::policy {

/// Whether `user` (`local@domain`) may call itself `address`, in MAIL and in the header: its own
/// address in every spelling that reaches it, but not that of another user; an alias or catch-all
/// through which mail comes to it; what its `send_as` names, `*@domain` for all of a domain.
bool may_send_as(Rules const& rules, std::string_view user, mail::Path const& address);

/// The answer to MAIL: 250, or
/// - 530 5.7.0 to who has not logged in on 587 and 465 and is not of a trusted network (RFC
/// 6409 4.3);
/// - 553 5.7.1 to a user for an address that is not its own (RFC 6409 6.1), or that is no user any
///   more;
/// - 550 5.7.1 to a stranger on 25 who calls itself an address of ours;
/// - 553 5.1.7 for an address without a domain.
/// The null sender is everybody's: a user's program must send the notice that a message was read
/// with it (RFC 8098 3), and the header From is checked all the same.
smtp::Reply check_sender(Rules const& rules, Client const& client, mail::Path const& sender);

}  // namespace mailstack::policy
