#include <string>

#include "core/mail/date/date.hpp"
#include "core/mail/dsn/dsn.hpp"

namespace mailstack::mail::dsn {
namespace {

constexpr std::string_view eol = "\r\n";

std::string opening(Report const& report) {
  auto const what = (report.ours ? "A notice that this server sent on\r\n" : "Your message of ") +
                    format_date(report.arrived);
  switch (report.cause) {
    case Cause::refused:
      return what + "\r\ncould not be delivered. It will not be tried again for:\r\n";
    case Cause::expired:
      return what + "\r\ncould not be delivered in time. It will not be tried again for:\r\n";
    case Cause::removed:
      return what +
             "\r\nwas removed before it was delivered, by who runs this server. It did\r\n"
             "not reach:\r\n";
    case Cause::delayed: return what + "\r\nis delayed. It has not reached yet:\r\n";
  }
  return what + "\r\n";
}

/// What a person can do, by what the enhanced code says (RFC 3463 3).
std::string_view advice(Report const& report, Recipient const& recipient) {
  std::string_view const status = recipient.status;
  if (report.cause == Cause::removed) return "Ask postmaster, below, why.";
  if (report.cause == Cause::expired)
    return "The server there could not be reached, or did not take the message for\r\n"
           "    now, for all this time. Send it again later, or reach them another way.";
  if (status == "5.1.10") return "This domain takes no mail at all.";
  if (status.starts_with("5.1."))
    return "Look for a mistake in the address. If there is none, it may not exist any\r\n"
           "    more: ask its owner another way.";
  if (status == "5.2.2") return "The mailbox is full. Tell its owner another way.";
  if (status == "5.3.4" || status == "5.2.3")
    return "The message is too big for the server there. Send less, or a link.";
  if (status.starts_with("5.7."))
    return "The server there does not want this message. Its own words, above, may say\r\n"
           "    why; if not, the postmaster there knows.";
  return "The words of the server, above, are all that is known here.";
}

}  // namespace

std::string explain(Report const& report, bool whole_message) {
  std::string text = "This is the mail server " + report.host + ".\r\n\r\n" + opening(report);
  for (auto const& recipient : report.recipients) {
    text.append(eol).append("  ").append(recipient.address).append(eol);
    if (!recipient.reply.empty()) {
      auto const who = recipient.host.empty() ? "This server" : recipient.host;
      text.append("    ").append(who).append(" said:\r\n    ").append(recipient.reply).append(eol);
    }
    if (report.cause != Cause::delayed && !report.ours)
      text.append("    ").append(advice(report, recipient)).append(eol);
  }
  if (report.cause == Cause::delayed)
    text.append("\r\nYou need not do anything. It is tried again until\r\n")
        .append(format_date(report.retry_until))
        .append(";\r\nif that is in vain, you will be told.\r\n");
  else if (!report.ours)
    text.append("\r\nIf you need help, write to postmaster@").append(report.host).append(".\r\n");
  if (report.original.empty()) return text;
  return text.append(whole_message ? "\r\nThe message is attached.\r\n"
                                   : "\r\nThe header of the message is attached.\r\n");
}

}  // namespace mailstack::mail::dsn
