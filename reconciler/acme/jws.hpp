#pragma once
/// \file
/// What an ACME client signs: requests (RFC 8555 6.2) and the value of a dns-01 challenge.

#include <string>
#include <string_view>

#include "reconciler/acme/account_key.hpp"

namespace mailstack::acme {

/// The flattened JWS (RFC 7515 7.2.2) that is POSTed to `url`. `payload` is JSON; empty for
/// POST-as-GET (RFC 8555 6.3). `account_url` becomes `kid`; empty: the key itself stands there as
/// `jwk`, which newAccount alone wants. Fails where the key cannot sign.
Result<std::string> format_jws(AccountKey const& key, std::string_view account_url,
                               std::string_view nonce, std::string_view url,
                               std::string_view payload);

/// The octets of the TXT record that answers a dns-01 challenge with `token` (RFC 8555 8.4).
std::string txt_octets(AccountKey const& key, std::string_view token);

}  // namespace mailstack::acme
