#pragma once
/// \file
/// What a server session says of its own accord: each reply stands here once (RFC 5321 4.2, RFC
/// 3463; docs/smtp.md lists them). What policy and intake say comes with their answers.

#include <string_view>

namespace mailstack::smtp::replies {

struct Fixed {
  int code = 0;
  std::string_view enhanced;
  std::string_view text;
};

// 2yz and 3yz
inline constexpr Fixed help{214, "2.0.0", "RFC 5321: EHLO MAIL RCPT DATA RSET NOOP VRFY QUIT"};
inline constexpr Fixed begin_tls{220, "2.0.0", "begin TLS"};
inline constexpr Fixed bye{221, "2.0.0", "bye"};
inline constexpr Fixed fine{250, "2.0.0", "ok"};
inline constexpr Fixed cannot_verify{252, "2.5.0", "send some mail, and we shall see"};
inline constexpr Fixed go_on{334, "", ""};
inline constexpr Fixed login_user{334, "", "VXNlcm5hbWU6"};      // `Username:`
inline constexpr Fixed login_password{334, "", "UGFzc3dvcmQ6"};  // `Password:`

// the last word of a session
inline constexpr Fixed stopping{421, "4.3.2", "the service stops; come back"};
inline constexpr Fixed timed_out{421, "4.4.2", "waited too long"};
inline constexpr Fixed too_many_errors{421, "4.7.0", "too many errors"};
inline constexpr Fixed too_many_commands{421, "4.7.0", "too many commands without mail"};
inline constexpr Fixed too_many_messages{421, "4.7.0", "enough messages for one session"};
inline constexpr Fixed not_http{421, "4.7.0", "this is SMTP"};
inline constexpr Fixed not_tls{421, "4.7.0", "TLS begins with STARTTLS here"};
inline constexpr Fixed no_proxy_line{421, "4.7.0", "the proxy did not say whom it speaks for"};
inline constexpr Fixed spoke_first{554, "", "spoke before the greeting"};

// a command cannot be carried out
inline constexpr Fixed no_tls_now{454, "4.7.0", "TLS is not available"};
inline constexpr Fixed too_many_recipients{452, "4.5.3", "too many recipients"};
inline constexpr Fixed unknown_command{500, "5.5.2", "unknown command"};
inline constexpr Fixed line_too_long{500, "5.5.2", "the line is too long"};
inline constexpr Fixed bad_line{500, "5.5.2", "a command is printable and ends in CRLF"};
inline constexpr Fixed auth_line_too_long{500, "5.5.6", "the line is too long"};
inline constexpr Fixed argument_missing{501, "5.5.4", "an argument is missing"};
inline constexpr Fixed argument_extra{501, "5.5.4", "no argument belongs here"};
inline constexpr Fixed bad_name{501, "5.5.4", "that is no host name"};
inline constexpr Fixed bad_parameter{501, "5.5.4", "a parameter is malformed or said twice"};
inline constexpr Fixed auth_cancelled{501, "5.5.2", "cancelled"};
inline constexpr Fixed auth_malformed{501, "5.5.2", "that is no such response in base64"};
inline constexpr Fixed not_offered{502, "5.5.1", "not offered"};
inline constexpr Fixed greet_first{503, "5.5.1", "say EHLO first"};
inline constexpr Fixed mail_first{503, "5.5.1", "say MAIL first"};
inline constexpr Fixed recipient_first{503, "5.5.1", "say RCPT first"};
inline constexpr Fixed in_transaction{503, "5.5.1", "not inside a transaction"};
inline constexpr Fixed tls_already{503, "5.5.1", "TLS is there already"};
inline constexpr Fixed auth_already{503, "5.5.1", "authenticated already"};
inline constexpr Fixed mechanism_unknown{504, "5.5.4", "PLAIN or LOGIN"};
inline constexpr Fixed tls_first{530, "5.7.0", "say STARTTLS first"};
inline constexpr Fixed auth_first{530, "5.7.0", "authenticate first"};
inline constexpr Fixed identity_differs{535, "5.7.8", "nobody acts for another here"};
inline constexpr Fixed auth_needs_tls{538, "5.7.11", "only under TLS"};
inline constexpr Fixed over_limit{552, "5.3.4", "the message is larger than what is taken here"};
inline constexpr Fixed needs_utf8{553, "5.6.7", "an address that is not ASCII needs SMTPUTF8"};
inline constexpr Fixed nobody_accepted{554, "5.5.1", "no recipient was accepted"};
inline constexpr Fixed value_unknown{555, "5.5.4", "that value is not known here"};
inline constexpr Fixed parameter_unknown{555, "5.5.4", "that parameter is not known here"};

// after the dot
inline constexpr Fixed bare_line_end{550, "5.6.0", "lines end in CRLF, and neither stands alone"};
inline constexpr Fixed header_over_limit{552, "5.3.4", "the header section is too large"};
inline constexpr Fixed nul_in_header{554, "5.6.0", "a NUL stands in the header section"};
inline constexpr Fixed text_line_too_long{554, "5.6.0", "a line of the message is too long"};
inline constexpr Fixed loop{554, "5.4.6", "too many Received fields: the mail goes in a circle"};

}  // namespace mailstack::smtp::replies
