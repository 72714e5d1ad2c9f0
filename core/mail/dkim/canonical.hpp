#pragma once
/// \file
/// The form of a message that DKIM signs: relaxed canonicalization (RFC 6376 3.4.2, 3.4.4), which
/// survives folding, trailing white space and blank lines that are lost on the way.

#include <string>
#include <string_view>

namespace mailstack::mail::dkim {

/// `subject:Is dinner ready?` and CRLF: the name in lower case, the value unfolded, runs of white
/// space one space, none around the colon and at the end. Octets that are not ASCII stay.
std::string relaxed_field(std::string_view name, std::string_view value);

/// `body` has CRLF where lines end. Runs of white space are one space, none at the end of a line;
/// no empty lines at the end. The last line gets a CRLF; a body without lines is empty.
std::string relaxed_body(std::string_view body);

}  // namespace mailstack::mail::dkim
