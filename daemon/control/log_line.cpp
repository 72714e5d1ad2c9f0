#include "daemon/control/log_line.hpp"

#include <algorithm>
#include <cstdio>

#include "core/json_text/json_text.hpp"
#include "core/text/host_port.hpp"
#include "daemon/control/shown.hpp"

namespace mailstack::control {

using mailstack::format;  // of times, which overloads of ours would hide

namespace {

using Kind = Event::Kind;

/// Recipients of a line; the spool has them all.
constexpr std::size_t most_shown = 100;
constexpr std::size_t most_field = 2'048;  // octets of a journal field of a peer

std::string from(Event const& event) {
  return " from=" + (event.from.empty() ? std::string("<>") : word(event.from));
}

/// As Go prints a list.
std::string list(std::vector<std::string_view> const& all) {
  std::string out = "[";
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i > 0) out += ' ';
    if (i == most_shown) {
      out += "…";
      break;
    }
    out += word(all[i]);
  }
  return out + "]";
}

std::string to(Event const& event) {
  return " to=" + (event.to.empty() ? "" : word(event.to.front()));
}

/// `192.0.2.1:4025`, `[2001:db8::1]:4025`, as Go prints it; `unix` has no port.
std::string client_of(Event const& event) {
  auto address = word(event.client);
  return event.port == 0 ? address : host_port(address, event.port);
}

std::string client_line(Event const& event) {
  auto line = client_of(event);
  switch (event.kind) {
    case Kind::auth_succeeded: return line + " auth succeeded for " + word(event.user);
    case Kind::auth_failed: return line + " auth failed for " + word(event.user);
    case Kind::auth_failed_again: return line + " auth failed again for " + word(event.user);
    case Kind::tls_failed: return line + " TLS failed: " + clause(event.text);
    default: break;
  }
  line += event.kind == Kind::session_cut ? " cut by the stop" : " rejected";
  // chasquid leaves an empty sender away: before MAIL there is none.
  if (!event.from.empty()) line += " from=" + word(event.from);
  if (!event.to.empty()) line += " to=" + list(event.to);
  return line + " - " + clause(event.text);
}

/// Who said it, where it was not us.
std::string said(Event const& event) {
  auto text = clause(event.text);
  return event.host.empty() ? text : word(event.host) + ": " + text;
}

std::string message_line(Event const& event) {
  auto const line = queue::format_id(event.id) + from(event);
  auto const notice = [&] { return " by " + queue::format_id(event.notice); };
  switch (event.kind) {
    case Kind::queued:
      return line + " queued" + (event.client.empty() ? "" : " ip=" + client_of(event)) +
             " to=" + list(event.to);
    case Kind::sent: return line + to(event) + " sent";
    case Kind::deferred: return line + to(event) + " failed (temporary): " + said(event);
    case Kind::failed: return line + to(event) + " failed (permanent): " + said(event);
    case Kind::cut:
      return line + to(event) +
             " cut by the stop, may be delivered, is tried again: " + said(event);
    case Kind::expired: return line + to(event) + " failed (permanent): expired: " + said(event);
    case Kind::waits:
      return line + " completed loop, next in " + format(event.delay.value_or(Duration{0}));
    case Kind::bounced: return line + to(event) + " bounced" + notice();
    case Kind::delayed: return line + to(event) + " delay told" + notice();
    case Kind::dropped: return line + to(event) + " dropped: nobody to tell";
    case Kind::removed: return line + to(event) + " removed by an operator";
    case Kind::unreadable: return line + " unreadable: " + clause(event.text);
    default: return line + " all done";
  }
}

std::string stamp(LogTime time) {
  auto const seconds = std::chrono::floor<std::chrono::seconds>(time);
  auto text = format(seconds);  // ends with Z
  text.pop_back();
  auto fraction = std::to_string(1'000'000 + (time - seconds).count());
  return text.append(".").append(fraction, 1).append("Z");
}

bool of_message(Kind kind) { return kind >= Kind::queued; }

/// The members that answers of the control socket have for a problem.
template <class Text, class Number>
void each_field(conf::Problem const& problem, Text text, Number number) {
  text("severity", conf::severity(problem));
  text("path", problem.path);
  if (problem.line != 0) number("line", problem.line);
  if (problem.column != 0) number("column", problem.column);
  text("what", problem.what);
  if (!problem.remedy.empty()) text("remedy", problem.remedy);
}

/// Names and values of what the event has, in one order for JSON and the journal. `text` is called
/// for texts, `number` for numbers, `texts` for lists.
template <class Text, class Number, class Texts>
void each_field(Event const& event, Text text, Number number, Texts texts) {
  auto const present = [&](char const* name, std::string_view value) {
    if (!value.empty()) text(name, value);
  };
  if (of_message(event.kind)) text("id", queue::format_id(event.id));
  present("address", event.address);
  if (event.trouble != nullptr) each_field(*event.trouble, text, number);
  present("client", event.client);
  if (event.port != 0) number("port", event.port);
  if (event.service) text("service", format(*event.service));
  present("tls", event.tls);
  present("user", event.user);
  if (of_message(event.kind) || !event.from.empty()) text("from", event.from);
  if (!event.to.empty()) texts("to", event.to);
  present("original", event.original);
  present("message_id", event.message_id);
  present("destination", event.destination);
  present("host", event.host);
  present("text", event.text);
  if (event.attempt > 0) number("attempt", event.attempt);
  if (event.delay) number("delay", event.delay->count());
  if (event.octets > 0) number("octets", static_cast<std::int64_t>(event.octets));
  if (event.notice != 0) text("notice", queue::format_id(event.notice));
}

/// A field in the form with a length, which holds any octet; in the short one where it can.
void append_journal(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  if (value.find('\n') == value.npos) {
    out.append("=").append(value).append("\n");
    return;
  }
  out += '\n';
  for (std::uint64_t size = value.size(), i = 0; i < 8; ++i, size >>= 8U)
    out += static_cast<char>(size & 0xffU);  // little-endian
  out.append(value).append("\n");
}

std::string upper(std::string_view name) {
  std::string text("MAILSTACKD_");
  for (char const c : name) text += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

}  // namespace

std::string maillog_line(Event const& event) {
  switch (event.kind) {
    case Kind::started:
      return "daemon started" + (event.text.empty() ? "" : ": " + clause(event.text));
    case Kind::listening: return "daemon listening on " + word(event.address);
    case Kind::reloaded: return "daemon reloaded its configuration";
    case Kind::problem:
      return "configuration: " +
             (event.trouble == nullptr ? "" : clause(conf::format(*event.trouble)));
    case Kind::stopping: return "daemon stopping";
    case Kind::stopped:
      return "daemon stopped" + (event.text.empty() ? "" : ": " + clause(event.text));
    default: return of_message(event.kind) ? message_line(event) : client_line(event);
  }
}

std::string json_line(Event const& event, LogTime time) {
  std::string out;
  json_text::Object object(out);
  object.add("time", stamp(time));
  object.add("event", format(event.kind));
  each_field(
      event, [&](char const* name, std::string_view value) { object.add(name, value); },
      [&](char const* name, std::int64_t value) { object.add(name, value); },
      [&](char const* name, std::vector<std::string_view> const& all) {
        object.key(name);
        out += '[';
        for (std::size_t i = 0; i < std::min(all.size(), most_shown); ++i) {
          if (i > 0) out += ',';
          json_text::append_string(out, all[i]);
        }
        out += ']';
      });
  object.end();
  return out;
}

std::string journal_entry(Event const& event) {
  std::string out;
  append_journal(out, "MESSAGE", maillog_line(event));
  append_journal(out, "PRIORITY", std::to_string(priority(event)));
  append_journal(out, "SYSLOG_FACILITY", "2");  // mail
  append_journal(out, "SYSLOG_IDENTIFIER", "mailstackd");
  append_journal(out, "MAILSTACKD_EVENT", format(event.kind));
  auto const add = [&](char const* name, std::string_view value) {
    append_journal(out, upper(name), value.substr(0, most_field));
  };
  each_field(
      event, add, [&](char const* name, std::int64_t value) { add(name, std::to_string(value)); },
      [&](char const* name, std::vector<std::string_view> const& all) {
        // A field may stand several times, one value each.
        for (std::size_t i = 0; i < std::min(all.size(), most_shown); ++i) add(name, all[i]);
      });
  return out;
}

int priority(Event const& event) {
  constexpr int error = 3, warning = 4, notice = 5, information = 6;
  switch (event.kind) {
    case Kind::unreadable: return error;
    case Kind::problem: return event.trouble != nullptr && event.trouble->warning ? warning : error;
    case Kind::session_cut:
    case Kind::failed:
    case Kind::cut:
    case Kind::expired:
    case Kind::dropped: return warning;
    case Kind::auth_failed:
    case Kind::rejected:
    case Kind::removed:
    case Kind::started:
    case Kind::stopping:
    case Kind::stopped:
    case Kind::reloaded: return notice;
    default: return information;
  }
}

}  // namespace mailstack::control
