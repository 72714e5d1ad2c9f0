#pragma once
/// \file
/// One reply of SMTP: code, enhanced code and text (RFC 5321 4.2, RFC 2034, RFC 3463).

#include <string>
#include <string_view>

namespace mailstack::smtp {

struct Reply {
  int code = 0;          ///< 200 to 599
  std::string enhanced;  ///< `5.7.1`; empty where RFC 2034 4 forbids it: greeting, HELO, EHLO, 3yz
  std::string text;      ///< lines between `\n`; printable

  [[nodiscard]] bool positive() const { return code >= 200 && code < 400; }
  [[nodiscard]] bool transient() const { return code >= 400 && code < 500; }
  [[nodiscard]] bool permanent() const { return code >= 500; }
  bool operator==(Reply const&) const = default;
};

/// `250-2.1.5 …CRLF250 2.1.5 …CRLF`: no line over 512 octets (RFC 5321 4.5.3.1.5), no octet that
/// could end one.
std::string format(Reply const& reply);

/// The same at the end of `out`, from parts.
void append_reply(std::string& out, int code, std::string_view enhanced, std::string_view text);

/// `550 5.1.1 no such user`, on one line: for logs and bounces.
std::string one_line(Reply const& reply);

}  // namespace mailstack::smtp
