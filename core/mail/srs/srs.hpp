#pragma once
/// \file
/// The Sender Rewriting Scheme: an envelope sender that a forwarding host may use, and by which a
/// bounce finds its way back. Two hosts agree on it by what libsrs2 and postsrsd write.
///
/// ```
/// bob@there.example    ── forwarded by us ───▶ SRS0=HASH=TT=there.example=bob@ours.example
/// SRS0=HH=TT=d=u@fwd   ── forwarded by us ───▶ SRS1=HASH=fwd==HH=TT=d=u@ours.example
/// SRS1=HH=fwd==rest@x  ── forwarded by us ───▶ SRS1=HASH=fwd==rest@ours.example
/// ```
/// HASH is the front of the base64 of HMAC-SHA1 over what follows it, in lower case, without the
/// `=` between (over fwd and `=HH=TT=d=u` in SRS1). TT is the day, modulo 1024, as two digits of
/// base32 (RFC 4648 6). Local parts on the way may lose their case, so nothing here depends on it.
///
/// Where the local part would be longer than 64 octets the hash is made shorter, down to the 4
/// characters that everybody writes; if that does not help there is no address, and the caller
/// forwards with the sender as it is: a bounce to the true sender is worth more than an SPF pass.
/// A stored token in its place would tie the queue to a table that outlives it.

#include <string>
#include <string_view>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/mail/path/path.hpp"
#include "core/result/result.hpp"
#include "core/secret/secret.hpp"

namespace mailstack::mail::srs {

constexpr std::size_t least_hash = 4;  ///< characters; fewer are refused
constexpr std::size_t our_hash = 8;    ///< characters that we write where they fit

/// The first signs, all are accepted: a new secret is put in front, and the old one goes when its
/// last address has expired.
using Secrets = std::vector<Secret<std::string>>;

/// Whether the local part begins with `SRS0` or `SRS1`, in any case, and one of `=`, `+`, `-`.
bool is_rewritten(std::string_view local);

/// The sender under which `domain` (A-labels) forwards. The null path and addresses of `domain`
/// come back unchanged. Fails with invalid: no secret, a sender without domain, an SRS1 without its
/// parts, a local part that would be longer than 64 octets.
Result<Path> forward(Path const& sender, std::string_view domain, Secrets const& secrets,
                     TimePoint now);

/// The address that was rewritten. SRS1 becomes the SRS0 of the host that wrote that, which alone
/// can check its age. Fails with invalid, and says why: not of this form, a wrong or short hash,
/// with not_found where the day is more than `lifetime` ago.
Result<Path> reverse(std::string_view local, Secrets const& secrets, TimePoint now,
                     Duration lifetime = std::chrono::hours(21 * 24));

/// Answers one line of `mailstackd check srs`. A line is a JSON object
/// `{"id","op":"forward|reverse","address","now"}`, `now` in seconds since 1970 (a number, or a
/// text of digits) or as RFC 3339; the answer is `{"id","address","reason"}`, where `address` is
/// null and `reason` says why, or `reason` is null. `id` comes back as it was.
std::string answer_srs_line(std::string_view line, std::string const& secret,
                            std::string const& domain);

}  // namespace mailstack::mail::srs
