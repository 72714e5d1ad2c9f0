#pragma once
/// \file
/// The addresses of a header field such as From (RFC 5322 3.4, 3.6.2; groups by RFC 6854).

#include <string_view>
#include <vector>

#include "core/mail/address/address.hpp"
#include "core/result/result.hpp"

namespace mailstack::mail {

/// Parses the value of the field, folds included: mailboxes and groups between commas, with display
/// names, comments and source routes (RFC 5322 4.4), which are dropped. Empty elements are allowed,
/// as is an empty list. Fails with invalid where an address is none (parse_address() says which
/// are), where no host can be called like its domain, and where quotes, comments, angle brackets or
/// groups are not closed or stand in the wrong place.
Result<std::vector<Address>> parse_address_list(std::string_view value);

}  // namespace mailstack::mail
