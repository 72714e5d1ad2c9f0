#pragma once
/// \file
/// The form of a message that DKIM signs (RFC 6376 3.4). Relaxed survives folding, trailing white
/// space and blank lines that are lost on the way; simple survives nearly nothing.

#include <string>
#include <string_view>

#include "core/mail/message/message.hpp"

namespace mailstack::mail::dkim {

/// `subject:Is dinner ready?` and CRLF: the name in lower case, the value unfolded, runs of white
/// space one space, none around the colon and at the end. Octets that are not ASCII stay.
std::string relaxed_field(std::string_view name, std::string_view value);

/// `body` has CRLF where lines end. Runs of white space are one space, none at the end of a line;
/// no empty lines at the end. The last line gets a CRLF; a body without lines is empty.
std::string relaxed_body(std::string_view body);

/// A field of a Message as it is written, with CRLF (RFC 6376 3.4.1).
std::string simple_field(HeaderField const& field);

/// As it is, with one CRLF at its end in the place of none or many (RFC 6376 3.4.3).
std::string simple_body(std::string_view body);

}  // namespace mailstack::mail::dkim
