#include "daemon/queue/bounce.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "core/mail/dsn/dsn.hpp"

namespace mailstack::queue {
namespace {

/// The second word of `550 5.1.1 no such user`; what it means is judged where it is written.
std::string enhanced_of(std::string_view reply) {
  auto const start = reply.find(' ');
  if (start == reply.npos) return {};
  auto const rest = reply.substr(start + 1);
  return std::string(rest.substr(0, rest.find(' ')));
}

mail::dsn::Cause cause_of(Bounce::Kind kind) {
  switch (kind) {
    case Bounce::Kind::failed: return mail::dsn::Cause::refused;
    case Bounce::Kind::expired: return mail::dsn::Cause::expired;
    case Bounce::Kind::removed: return mail::dsn::Cause::removed;
    case Bounce::Kind::delayed: return mail::dsn::Cause::delayed;
  }
  return mail::dsn::Cause::refused;
}

/// Whether a path begins with the slash at `at`: neither `and/or` nor `https://` is one.
bool begins_path(std::string_view text, std::size_t at) {
  auto const beside = [&](std::size_t where) { return where < text.size() ? text[where] : ' '; };
  if (text[at] != '/' || beside(at + 1) == ' ' || beside(at + 1) == '/') return false;
  if (at == 0) return true;
  auto const before = static_cast<unsigned char>(text[at - 1]);
  return std::isalnum(before) == 0 && before != '/';
}

/// What a mailbox of this host has said, its files without their names: where they lie is nobody's
/// business.
std::string without_paths(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (begins_path(text, at)) {
      while (!out.empty() && (out.back() == '.' || out.back() == '~')) out.pop_back();
      out += "...";
      at = std::min(text.find_first_of(" '\"`()[]<>,;:", at), text.size());
    } else {
      out += text[at++];
    }
  }
  return out;
}

/// Whether another host has said it, and not a program, a folder or an LMTP server of this one.
bool from_elsewhere(Recipient const& recipient) {
  return recipient.way == Way::remote || recipient.way == Way::via;
}

}  // namespace

NewMessage make_bounce(Bounce const& bounce, std::string const& host) {
  mail::dsn::Report report;
  report.cause = cause_of(bounce.kind);
  report.host = host;
  report.to = bounce.to;
  report.id = format_id(bounce.id);
  report.message_id = bounce.envelope.message_id;
  report.now = bounce.now;
  report.arrived = bounce.envelope.created;
  report.retry_until = bounce.retry_until;
  report.utf8 = bounce.envelope.utf8;
  report.ours = bounce.envelope.bounce;
  if (bounce.content) report.original = *bounce.content;
  bool const refused = bounce.kind == Bounce::Kind::failed;
  for (auto const& recipient : bounce.recipients) {
    std::string status;
    if (bounce.kind == Bounce::Kind::expired)
      status = "4.4.7";  // RFC 3463 3.5, whatever the last reply was
    else if (bounce.kind != Bounce::Kind::removed)
      status = enhanced_of(recipient.last_reply);
    bool const foreign = from_elsewhere(recipient);
    report.recipients.push_back(
        {.address = recipient.original,
         .status = std::move(status),
         .host = foreign ? recipient.last_host : "",
         .reply = foreign ? recipient.last_reply : without_paths(recipient.last_reply),
         .last_attempt = refused ? bounce.now : TimePoint{}});
  }
  auto message = mail::dsn::format(report);

  NewMessage made;
  made.envelope.created = bounce.now;
  made.envelope.utf8 = message.utf8;
  made.envelope.eight_bit = message.eight_bit;
  made.envelope.bounce = true;
  made.envelope.from_domain = host;
  made.envelope.message_id = message.message_id;
  Recipient to;
  to.address = to.original = bounce.to;
  made.envelope.recipients.push_back(std::move(to));
  made.content = std::make_shared<std::string const>(std::move(message.text));
  return made;
}

}  // namespace mailstack::queue
