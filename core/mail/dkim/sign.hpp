#pragma once
/// \file
/// DKIM signatures of a message (RFC 6376 5; RFC 8301, RFC 8463): rsa-sha256 and ed25519-sha256,
/// relaxed/relaxed where nothing else is asked for.
///
/// Neither `l=` (what is appended would be taken for signed, RFC 6376 8.2) nor `x=`. `d=` is in
/// A-labels. `h=` names what the reader and mail programs go by, as often as it stands in the
/// message; and once more what must stand there once at most, so that nobody can add a second
/// Subject in front of the signed one (RFC 6376 5.4, 8.15).

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/dns/name.hpp"
#include "core/mail/dkim/private_key.hpp"
#include "core/mail/message/message.hpp"
#include "core/result/result.hpp"

namespace mailstack::mail::dkim {

/// Who signs, and with what.
struct Signer {
  dns::Name domain;
  std::string selector;
  PrivateKey key;
};

/// Fails with invalid where no key can be published under `selector`: labels of letters, digits,
/// `-` and `_` between dots (RFC 6376 3.1; `_` occurs), none empty or longer than 63 octets.
Result<> check_selector(std::string_view selector);

/// The names of `h=` for this message, in the order of `h=`.
std::vector<std::string> names_to_sign(Message const& message);

enum class Form { relaxed, simple };

/// How a signature is made.
struct Style {
  Form header = Form::relaxed;
  Form body = Form::relaxed;
  std::vector<std::string> names = {};  ///< `h=`; empty: names_to_sign()
};

/// `relaxed/simple` and the like; the body is simple where it is not said (RFC 6376 3.5, `c=`).
/// Fails with invalid.
Result<Style> parse_canonicalization(std::string_view text);

/// What is signed: the fields `names`, each next one of a name from the bottom up and nothing for
/// those that are not there (RFC 6376 5.4.2), then DKIM-Signature with `value`, whose `b=` is
/// empty, without a line end (RFC 6376 3.7).
std::string signed_text(Message const& message, std::span<std::string const> names,
                        std::string_view value, Form form = Form::relaxed);

/// The field `DKIM-Signature: …`, folded to 76 columns where names are not longer, with CRLF at the
/// end of each line. Fails with invalid: not exactly one From, a selector or domain that cannot be
/// one, names that are none or without From (RFC 6376 5.4); with internal where OpenSSL fails.
Result<std::string> sign(Message const& message, Signer const& signer, TimePoint now,
                         Style const& style = {});

/// One field a signer, in their order. What is wrong with one names its selector, and there is no
/// field then.
Result<std::vector<std::string>> sign_each(Message const& message, std::span<Signer const> signers,
                                           TimePoint now);

}  // namespace mailstack::mail::dkim
