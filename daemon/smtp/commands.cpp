/// \file
/// The commands as a table: what must hold before one is carried out, and what then happens. Each
/// row is one line, so that tools/dev/mutate.sh can leave it out.

#include <algorithm>
#include <array>
#include <charconv>

#include "daemon/smtp/arguments.hpp"
#include "daemon/smtp/conversation.hpp"

namespace mailstack::smtp {
namespace {

using replies::Fixed;

// ---- what must hold ----

enum Need : unsigned {
  bare = 1U << 0U,         ///< no argument
  argument = 1U << 1U,     ///< an argument
  secured = 1U << 2U,      ///< TLS, where users are served (RFC 8314 3.3)
  known = 1U << 3U,        ///< AUTH, where users are served (RFC 6409 4.3)
  greeted = 1U << 4U,      ///< EHLO or HELO
  outside = 1U << 5U,      ///< no transaction
  transaction = 1U << 6U,  ///< a transaction
};

struct Check {
  unsigned need;
  bool (*holds)(Conversation const& talk, std::string_view argument);
  Fixed const& reply;
};

using Talk = Conversation const&;
using Text = std::string_view;

// In the order in which a command that lacks several is told so.
// clang-format off
constexpr std::array checks{
    Check{secured, [](Talk talk, Text) { return talk.tls || !talk.for_users(); }, replies::tls_first},
    Check{greeted, [](Talk talk, Text) { return !talk.greeted_as.empty(); }, replies::greet_first},
    Check{known, [](Talk talk, Text) { return !talk.user.empty() || !talk.for_users(); }, replies::auth_first},
    Check{outside, [](Talk talk, Text) { return !talk.in_transaction; }, replies::in_transaction},
    Check{transaction, [](Talk talk, Text) { return talk.in_transaction; }, replies::mail_first},
    Check{bare, [](Talk, Text text) { return text.empty(); }, replies::argument_extra},
    Check{argument, [](Talk, Text text) { return !text.empty(); }, replies::argument_missing},
};
// clang-format on

// ---- what happens ----

std::string ehlo_lines(Conversation const& talk) {
  auto lines = talk.setup.host + "\nPIPELINING\nSIZE " + std::to_string(talk.setup.limits.message) +
               "\n8BITMIME\nSMTPUTF8\nENHANCEDSTATUSCODES";
  if (!talk.tls && talk.setup.tls_possible) lines += "\nSTARTTLS";
  if (talk.tls && talk.auth_offered() && talk.user.empty()) lines += "\nAUTH PLAIN LOGIN";
  return lines;
}

/// RFC 5321 4.1.1.1, 4.1.4: a transaction ends; TLS and AUTH stay.
void greet(Conversation& talk, std::string_view name, bool extended) {
  if (!host_like(name)) return talk.say(replies::bad_name);
  talk.reset();
  talk.greeted_as = name;
  talk.extended = extended;
  talk.say(Reply{250, "", extended ? ehlo_lines(talk) : talk.setup.host});
}

void ehlo(Conversation& talk, std::string_view name) { greet(talk, name, true); }
void helo(Conversation& talk, std::string_view name) { greet(talk, name, false); }

/// RFC 3207 4. What the peer sent behind it in the clear is nobody's.
void starttls(Conversation& talk, std::string_view) {
  if (talk.tls) return talk.say(replies::tls_already);
  if (!talk.setup.tls_possible) return talk.say(replies::no_tls_now);
  talk.say(replies::begin_tls);
  talk.phase = Phase::tls;
  talk.effects.emplace_back(StartTls{});
}

void auth(Conversation& talk, std::string_view text) {
  if (!talk.auth_offered()) return talk.say(replies::not_offered);
  if (!talk.tls) return talk.say(replies::auth_needs_tls);
  if (!talk.extended) return talk.say(replies::greet_first);
  if (!talk.user.empty()) return talk.say(replies::auth_already);
  begin_auth(talk, text);
}

// ---- parameters of MAIL ----

using Value = std::optional<std::string_view> const&;

/// RFC 1870 6. Leading zeros are digits, too.
Fixed const* take_size(Conversation& talk, Value value) {
  std::uint64_t size = 0;
  if (!value || value->size() > 20) return &replies::bad_parameter;
  auto const [end, error] = std::from_chars(value->data(), value->data() + value->size(), size);
  if (end != value->data() + value->size() || error == std::errc::invalid_argument)
    return &replies::bad_parameter;
  if (error == std::errc::result_out_of_range || size > talk.setup.limits.message)
    return &replies::over_limit;
  talk.transaction.size = size;
  return nullptr;
}

/// RFC 6152 2. A value that is not known is a parameter that cannot be implemented: 555 (RFC 5321
/// 4.1.1.11), for 504 is no reply to MAIL (4.3.2).
Fixed const* take_body(Conversation& talk, Value value) {
  if (!value) return &replies::bad_parameter;
  talk.transaction.eight_bit = same_word(*value, "8BITMIME");
  return talk.transaction.eight_bit || same_word(*value, "7BIT") ? nullptr
                                                                 : &replies::value_unknown;
}

/// RFC 6531 3.4.
Fixed const* take_utf8(Conversation& talk, Value value) {
  talk.transaction.utf8 = true;
  return value ? &replies::bad_parameter : nullptr;
}

/// RFC 4954 5: who is said to have sent it first. Nobody is trusted to say so, so it is only read.
Fixed const* take_auth(Conversation&, Value value) {
  return value && (*value == "<>" || xtext(*value)) ? nullptr : &replies::bad_parameter;
}

struct ParameterRow {
  std::string_view keyword;
  Fixed const* (*take)(Conversation& talk, Value value);
};

// clang-format off
constexpr std::array mail_parameters{
    ParameterRow{"SIZE", take_size},
    ParameterRow{"BODY", take_body},
    ParameterRow{"SMTPUTF8", take_utf8},
    ParameterRow{"AUTH", take_auth},
};
// clang-format on

Fixed const* take_parameter(Conversation& talk, Parameter const& one) {
  // Whoever said HELO knows of no extension (RFC 5321 4.1.1.1).
  if (!talk.extended) return &replies::parameter_unknown;
  auto const row =
      std::find_if(mail_parameters.begin(), mail_parameters.end(),
                   [&](auto const& each) { return same_word(one.keyword, each.keyword); });
  return row == mail_parameters.end() ? &replies::parameter_unknown : row->take(talk, one.value);
}

bool ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// The reply to a path that is none, with the reason: `code` 5.1.7 or 5.1.3.
Reply bad_path(char const* enhanced, std::string why) { return {501, enhanced, std::move(why)}; }

constexpr char const* bad_sender = "5.1.7";     // RFC 3463 3.2: bad sender's mailbox address syntax
constexpr char const* bad_recipient = "5.1.3";  // bad destination mailbox address syntax

void mail(Conversation& talk, std::string_view text) {
  if (talk.messages >= talk.setup.limits.messages)
    return talk.take_leave(replies::too_many_messages);
  PathArgument parts;
  auto const fault = parse_path_argument(text, "FROM:", parts);
  if (fault == ArgumentFault::path) return talk.say(bad_path(bad_sender, "MAIL FROM:<address>"));
  if (fault == ArgumentFault::parameters) return talk.say(replies::bad_parameter);
  auto path = mail::parse_path(parts.path);
  if (!path) return talk.say(bad_path(bad_sender, path.error().what));
  // Only a recipient may be a postmaster of no domain (RFC 5321 4.1.1.3).
  if (path->domain.empty() && !path->null()) return talk.say(bad_path(bad_sender, "there is no @"));
  talk.reset();
  for (auto const& one : parts.parameters)
    if (auto const* refusal = take_parameter(talk, one)) return talk.say(*refusal);
  if (!talk.transaction.utf8 && !ascii(parts.path)) return talk.say(replies::needs_utf8);
  talk.transaction.sender = *path;
  talk.ask(Question::sender, AskSender{std::move(*path)});
}

void rcpt(Conversation& talk, std::string_view text) {
  PathArgument parts;
  auto const fault = parse_path_argument(text, "TO:", parts);
  if (fault == ArgumentFault::path) return talk.say(bad_path(bad_recipient, "RCPT TO:<address>"));
  if (fault == ArgumentFault::parameters) return talk.say(replies::bad_parameter);
  auto path = mail::parse_path(parts.path);
  if (!path) return talk.say(bad_path(bad_recipient, path.error().what));
  if (path->null()) return talk.say(bad_path(bad_recipient, "the null path receives nothing"));
  if (!parts.parameters.empty()) return talk.say(replies::parameter_unknown);
  if (!talk.transaction.utf8 && !ascii(parts.path)) return talk.say(replies::needs_utf8);
  // No error of the peer's: it brings the others with the next message (RFC 5321 4.5.3.1.10).
  if (talk.transaction.recipients.size() >= talk.setup.limits.recipients)
    return talk.say_uncounted(replies::too_many_recipients);
  talk.asked = *path;
  talk.ask(Question::recipient, AskRecipient{std::move(*path)});
}

void data(Conversation& talk, std::string_view) {
  if (!talk.transaction.recipients.empty()) return talk.ask(Question::data, AskData{});
  talk.say(talk.recipients_refused ? replies::nobody_accepted : replies::recipient_first);
}

void rset(Conversation& talk, std::string_view) {
  talk.reset();
  talk.say(replies::fine);
}

void quit(Conversation& talk, std::string_view) {
  talk.say_uncounted(replies::bye);
  talk.close({.after_quit = true});
}
void noop(Conversation& talk, std::string_view) { talk.say(replies::fine); }
void help(Conversation& talk, std::string_view) { talk.say(replies::help); }
void verify(Conversation& talk, std::string_view) { talk.say(replies::cannot_verify); }
void not_offered(Conversation& talk, std::string_view) { talk.say(replies::not_offered); }
void show_door(Conversation& talk, std::string_view) { talk.hang_up(replies::not_http); }

struct CommandRow {
  std::string_view word;
  unsigned needs;
  void (*proceed)(Conversation& talk, std::string_view argument);
  bool brings_mail = false;  ///< does not count against Limits::commands
};

// clang-format off
constexpr std::array commands{
    CommandRow{"MAIL", secured | greeted | known | outside, mail, true},
    CommandRow{"RCPT", secured | greeted | known | transaction, rcpt, true},
    CommandRow{"DATA", secured | greeted | known | transaction | bare, data, true},
    CommandRow{"EHLO", argument, ehlo},
    CommandRow{"HELO", secured | argument, helo},
    CommandRow{"RSET", secured | bare, rset},
    CommandRow{"NOOP", 0, noop},
    CommandRow{"QUIT", bare, quit},
    CommandRow{"STARTTLS", outside | bare, starttls},
    CommandRow{"AUTH", outside | argument, auth},
    CommandRow{"VRFY", secured | known | argument, verify},
    CommandRow{"HELP", secured, help},
    CommandRow{"EXPN", secured, not_offered},
    CommandRow{"BDAT", secured, not_offered},
    CommandRow{"GET", 0, show_door},
    CommandRow{"POST", 0, show_door},
    CommandRow{"HEAD", 0, show_door},
    CommandRow{"PUT", 0, show_door},
    CommandRow{"CONNECT", 0, show_door},
    CommandRow{"OPTIONS", 0, show_door},
};
// clang-format on

void unknown_command(Conversation& talk) {
  bool const last = ++talk.unknown >= talk.setup.limits.unknown;
  talk.say(replies::unknown_command);
  if (last && talk.phase != Phase::closed) talk.hang_up(replies::too_many_errors);
}

/// An octet that could end a line of a log or of a header field, or paint a terminal.
bool printable(std::string_view line) {
  return std::none_of(line.begin(), line.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

void run_command(Conversation& talk, std::string_view line) {
  if (!printable(line)) return talk.say(replies::bad_line);
  auto const [word, text] = split_line(line);
  auto const row = std::find_if(commands.begin(), commands.end(),
                                [&](auto const& one) { return same_word(word, one.word); });
  if (row == commands.end()) return unknown_command(talk);
  if (!row->brings_mail && ++talk.idle_commands > talk.setup.limits.commands)
    return talk.hang_up(replies::too_many_commands);
  for (auto const& check : checks)
    if ((row->needs & check.need) != 0 && !check.holds(talk, text)) return talk.say(check.reply);
  row->proceed(talk, text);
}

}  // namespace mailstack::smtp
