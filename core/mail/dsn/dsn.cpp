#include "core/mail/dsn/dsn.hpp"

#include <algorithm>
#include <utility>

#include "core/digest/digest.hpp"
#include "core/mail/date/date.hpp"
#include "core/userdb/utf8.hpp"

namespace mailstack::mail::dsn {
namespace {

constexpr std::string_view eol = "\r\n";
constexpr std::size_t most_line = 998;  // octets without CRLF, RFC 5322 2.1.1
constexpr std::size_t good_line = 76;   // where fields are folded
constexpr std::size_t most_word = 900;  // octets of a field that has no place to fold
constexpr std::size_t most_header = std::size_t{64} << 10;

bool ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// `text` without what could end a line; with `utf8`, well-formed sequences stay.
std::string printable(std::string_view text, bool utf8) {
  std::string out;
  while (!text.empty()) {
    auto const octet = static_cast<unsigned char>(text.front());
    auto const length = octet < 0x80 ? 1 : utf8 ? userdb::utf8_length(text) : 0;
    if (length == 0 || octet < 0x20 || octet == 0x7f)
      out += '?';
    else
      out += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(1, length));
  }
  return out;
}

/// The report with nothing in it that could end a line or a field.
Report clean(Report report, bool utf8) {
  report.host = printable(report.host, utf8);
  report.to = printable(report.to, utf8);
  for (auto& recipient : report.recipients) {
    recipient.address = printable(recipient.address, utf8);
    recipient.host = printable(recipient.host, utf8);
    recipient.reply = printable(recipient.reply, utf8);
  }
  return report;
}

/// One field, folded at spaces (RFC 5322 2.2.3). RFC 3464 2.1.1 takes folding as it is.
std::string field(std::string_view name, std::string_view value) {
  std::string line = std::string(name) + ":";
  std::string out;
  while (!value.empty()) {
    auto const end = std::min({value.find(' '), value.size(), most_word});
    if (line.size() + 1 + end > good_line && line.size() > name.size() + 1) {
      out.append(line).append(eol);
      line.clear();
    }
    line.append(" ").append(value.substr(0, end));
    value.remove_prefix(end);
    if (value.starts_with(' ')) value.remove_prefix(1);
  }
  return out.append(line).append(eol);
}

/// Lines of at most 78 octets where words allow it, for what servers say.
std::string wrapped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    auto const end = text.find(eol);
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), line.size() + eol.size()));
    auto const indent = std::string(std::min(line.find_first_not_of(' '), line.size()), ' ');
    while (line.size() > 78) {
      auto cut = line.substr(0, 78).rfind(' ');
      if (cut == line.npos || cut <= indent.size()) cut = std::min(line.find(' ', 78), line.size());
      cut = std::min(cut, most_word);
      out.append(line.substr(0, cut)).append(eol).append(indent);
      line.remove_prefix(std::min(line.size(), cut + (line.size() > cut && line[cut] == ' ')));
    }
    out.append(line).append(eol);
  }
  return out;
}

/// `5.1.1`, or the general code of the cause where it is no such thing (RFC 3463 2).
std::string status_of(Recipient const& recipient, Cause cause) {
  auto const& text = recipient.status;
  bool const form =
      text.size() >= 5 && text.size() <= 9 && std::string_view("245").find(text[0]) != text.npos &&
      std::count(text.begin(), text.end(), '.') == 2 && text[1] == '.' && text.back() != '.' &&
      std::all_of(text.begin(), text.end(),
                  [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  if (form) return text;
  return cause == Cause::delayed ? "4.0.0" : "5.0.0";
}

/// The part for programs (RFC 3464 2.2, 2.3; RFC 6533 3).
std::string status_part(Report const& report, bool utf8) {
  std::string text = field("Reporting-MTA", "dns; " + report.host);
  text += field("Arrival-Date", format_date(report.arrived));
  bool const delayed = report.cause == Cause::delayed;
  for (auto const& recipient : report.recipients) {
    text += eol;
    text += field("Final-Recipient",
                  (utf8 && !ascii(recipient.address) ? "utf-8; " : "rfc822; ") + recipient.address);
    text += field("Action", delayed ? "delayed" : "failed");
    text += field("Status", status_of(recipient, report.cause));
    if (!recipient.host.empty()) text += field("Remote-MTA", "dns; " + recipient.host);
    if (!recipient.reply.empty()) text += field("Diagnostic-Code", "smtp; " + recipient.reply);
    if (recipient.last_attempt != TimePoint{})
      text += field("Last-Attempt-Date", format_date(recipient.last_attempt));
    if (delayed) text += field("Will-Retry-Until", format_date(report.retry_until));
  }
  return text;
}

std::string_view header_of(std::string_view message) {
  if (message.starts_with(eol)) return {};
  auto const end = message.find("\r\n\r\n");
  return end == message.npos ? message : message.substr(0, end + eol.size());
}

/// Whether `text` may stand in a message as it is: CRLF, short lines, no NUL.
bool sendable(std::string_view text) {
  std::size_t length = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n') {
      ++at;
      length = 0;
    } else if (text[at] == '\r' || text[at] == '\n' || text[at] == '\0' || ++length > most_line) {
      return false;
    }
  }
  return true;
}

/// A header as it can be shown: what is not sendable is cut or replaced.
std::string shown_header(std::string_view header) {
  header = header.substr(0, most_header);
  std::string out;
  while (!header.empty()) {
    auto const end = header.find(eol);
    std::string line(header.substr(0, std::min(end, most_line)));
    std::replace_if(
        line.begin(), line.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, '?');
    out.append(line).append(eol);
    header.remove_prefix(end == header.npos ? header.size() : end + eol.size());
  }
  return out;
}

std::string part(std::string_view type, std::string const& content) {
  std::string text = "Content-Type: " + std::string(type) + "\r\n";
  if (!ascii(content)) text += "Content-Transfer-Encoding: 8bit\r\n";
  text.append(eol).append(content);
  if (!content.ends_with(eol)) text += eol;
  return text;
}

/// The message that it is about; empty where nothing of it can be shown.
std::string original_part(Report const& report, bool whole, bool utf8) {
  if (report.original.empty()) return {};
  if (whole) return part(utf8 ? "message/global" : "message/rfc822", std::string(report.original));
  return part(utf8 ? "message/global-headers" : "text/rfc822-headers",
              shown_header(header_of(report.original)));
}

/// Refers to the message so that mail programs show both together (RFC 5322 3.6.4).
std::string references(std::string const& id) {
  bool const fits = id.size() > 2 && id.size() < 250 && id.front() == '<' && id.back() == '>' &&
                    std::all_of(id.begin(), id.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  return fits ? field("In-Reply-To", id) + field("References", id) : "";
}

/// Different for each report about a message, the same for the same one.
std::string token_of(Report const& report) {
  std::string all = report.id + mailstack::format(report.now) + report.to + report.host +
                    std::to_string(static_cast<int>(report.cause));
  for (auto const& one : report.recipients) all += '\n' + one.address + '\n' + one.reply;
  return report.id + "." + digest::sha256(all).substr(0, 16);
}

std::string header(Report const& report, std::string const& message_id) {
  std::string text = field("Date", format_date(report.now));
  text += field("From", "Mail Delivery System <MAILER-DAEMON@" + report.host + ">");
  text += field("To", "<" + report.to + ">");
  text += field("Subject", report.cause == Cause::delayed ? "Your message is delayed"
                           : report.ours ? "A notice of this server could not be delivered"
                                         : "Your message could not be delivered");
  text += field("Message-ID", message_id);
  text += references(report.message_id);
  text += field("Auto-Submitted", "auto-replied");  // RFC 3834 5; nobody answers it
  return text + field("MIME-Version", "1.0");
}

}  // namespace

Notice format(Report const& raw) {
  auto const needs_utf8 = [](Recipient const& one) { return !ascii(one.address); };
  bool const utf8 = !ascii(raw.to) ||
                    std::any_of(raw.recipients.begin(), raw.recipients.end(), needs_utf8) ||
                    (raw.utf8 && !ascii(header_of(raw.original)));
  auto const report = clean(raw, utf8);
  bool const whole = report.cause != Cause::delayed &&
                     report.original.size() <= report.most_original && sendable(report.original);
  auto const words = wrapped(explain(report, whole));
  std::vector<std::string> parts{
      part(ascii(words) ? "text/plain; charset=us-ascii" : "text/plain; charset=utf-8", words),
      part(utf8 ? "message/global-delivery-status" : "message/delivery-status",
           status_part(report, utf8))};
  if (auto last = original_part(report, whole, utf8); !last.empty())
    parts.push_back(std::move(last));

  auto const token = token_of(report);
  auto boundary = "=_" + token;
  auto const collides = [&](std::string const& one) {
    return one.find("--" + boundary) != one.npos;
  };
  while (std::any_of(parts.begin(), parts.end(), collides)) boundary += '_';

  Notice message;
  message.utf8 = utf8;
  message.message_id = "<" + token + "@" + report.host + ">";
  message.text = header(report, message.message_id);
  message.text += "Content-Type: multipart/report; report-type=delivery-status;\r\n boundary=\"" +
                  boundary + "\"\r\n";
  message.eight_bit =
      utf8 || !std::all_of(parts.begin(), parts.end(), [](auto const& one) { return ascii(one); });
  if (message.eight_bit) message.text += "Content-Transfer-Encoding: 8bit\r\n";
  for (auto const& one : parts)
    message.text.append(eol).append("--").append(boundary).append(eol).append(one);
  message.text.append(eol).append("--").append(boundary).append("--").append(eol);
  return message;
}

}  // namespace mailstack::mail::dsn
