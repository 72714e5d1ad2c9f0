#include "daemon/policy/received.hpp"

#include "core/mail/date/date.hpp"

namespace mailstack::policy {

namespace {

/// What stands in a Received field must not end a comment, a token or the line.
std::string plain(std::string_view text) {
  constexpr std::size_t longest = 255;
  std::string kept;
  for (char const c : text.substr(0, longest))
    if (c > 0x20 && c < 0x7f && std::string_view("()<>;\\\"").find(c) == std::string_view::npos)
      kept += c;
  return kept.empty() ? "unknown" : kept;
}

std::string literal(std::string const& address) {
  return (address.find(':') == std::string::npos ? "[" : "[IPv6:") + address + "]";
}

std::string from_part(Client const& client, Trace const& trace) {
  if (!client.user.empty()) return {};
  auto text = "from " + plain(trace.greeted);
  if (client.address.empty()) return text + " (local)\r\n\t";
  text += " (";
  if (trace.client_name) text += plain(*trace.client_name) + " ";
  return text + literal(client.address) + ")\r\n\t";
}

}  // namespace

std::string protocol_word(Client const& client, Trace const& trace, bool utf8) {
  if (!trace.extended) return "SMTP";
  std::string word = utf8 ? "UTF8SMTP" : "ESMTP";
  if (trace.tls) word += 'S';
  if (!client.user.empty()) word += 'A';
  return word;
}

std::string format_received(Client const& client, Trace const& trace,
                            smtp::Transaction const& transaction) {
  auto text = "Received: " + from_part(client, trace) + "by " + trace.host + " with " +
              protocol_word(client, trace, transaction.utf8);
  if (trace.tls) text += " (" + plain(trace.tls->version) + " " + plain(trace.tls->cipher) + ")";
  text += "\r\n\tid " + trace.id;
  if (transaction.recipients.size() == 1)
    text += "\r\n\tfor <" + transaction.recipients.front().text() + ">";
  return text + "; " + mail::format_date(trace.now) + "\r\n";
}

}  // namespace mailstack::policy
