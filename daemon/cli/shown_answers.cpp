#include "daemon/cli/shown_answers.hpp"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "daemon/control/shown.hpp"

namespace mailstack::daemon_cli {

namespace {

using control::clause;
using control::word;
using nlohmann::json;

json parsed(std::string const& text) { return json::parse(text, nullptr, false); }

std::string text_at(json const& object, char const* name) {
  auto const found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::int64_t number_at(json const& object, char const* name) {
  auto const found = object.find(name);
  return found != object.end() && found->is_number() ? found->get<std::int64_t>() : 0;
}

bool flag_at(json const& object, char const* name) {
  auto const found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

json const& list_at(json const& object, char const* name) {
  static json const none = json::array();
  auto const found = object.find(name);
  return found != object.end() && found->is_array() ? *found : none;
}

/// `3m`, `2h`: one unit is enough to see.
std::string rough(Duration span) {
  auto const seconds = std::max<std::int64_t>(span.count(), 0);
  if (seconds < 120) return std::to_string(seconds) + "s";
  if (seconds < 7200) return std::to_string(seconds / 60) + "m";
  if (seconds < 172'800) return std::to_string(seconds / 3600) + "h";
  return std::to_string(seconds / 86'400) + "d";
}

/// `3m ago`, `in 3m`; as it stands where it is no time.
std::string when(std::string const& text, TimePoint now) {
  auto const time = parse_time(text);
  if (!time) return text;
  return *time > now ? "in " + rough(*time - now) : rough(now - *time) + " ago";
}

std::string size(std::int64_t octets) {
  if (octets < 1'000) return std::to_string(octets) + " B";
  auto amount = static_cast<double>(octets);
  char const* unit = "";
  for (auto const* next : {"kB", "MB", "GB", "TB"}) {
    if (amount < 1'000) break;
    amount /= 1'000;
    unit = next;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", amount, unit);
  return text;
}

std::string messages(std::int64_t number) {
  return std::to_string(number) + (number == 1 ? " message" : " messages");
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text;
}

std::string sender_of(json const& message) {
  auto const sender = text_at(message, "sender");
  return sender.empty() ? "<>" : word(sender);
}

bool is_held(json const& message) { return text_at(message, "state") == "held"; }

std::string recipient_line(json const& recipient, bool held, TimePoint now) {
  auto line = "    " + word(text_at(recipient, "address"));
  if (auto const original = text_at(recipient, "original"); !original.empty())
    line += " (for " + word(original) + ")";
  if (auto const status = text_at(recipient, "status"); status != "waiting") line += "  " + status;
  if (auto const reply = text_at(recipient, "reply"); !reply.empty()) line += "  " + clause(reply);
  if (auto const host = text_at(recipient, "host"); !host.empty())
    line += " [" + clause(host) + "]";
  if (held && text_at(recipient, "status") == "waiting")
    line += ", held";
  else if (auto const next = text_at(recipient, "next"); !next.empty())
    line += ", next " + when(next, now);
  return line + "\n";
}

std::string message_line(json const& message, TimePoint now) {
  auto const created = parse_time(text_at(message, "created"));
  return padded(text_at(message, "id"), 13) + "  " +
         padded(created ? rough(now - *created) : "?", 4) + "  " +
         padded(size(number_at(message, "octets")), 8) + "  " +
         padded(text_at(message, "state"), 10) + "  " + sender_of(message) + "\n";
}

std::string problem_lines(json const& problems) {
  std::string out;
  for (auto const& one : problems) {
    out += text_at(one, "severity") == "warning" ? "  warning: " : "  error: ";
    out += clause(text_at(one, "path"));
    for (auto const* place : {"line", "column"})
      if (auto const number = number_at(one, place); number > 0)
        out += ":" + std::to_string(number);
    out += ": " + clause(text_at(one, "what"));
    if (auto const remedy = text_at(one, "remedy"); !remedy.empty()) out += "; " + clause(remedy);
    out += "\n";
  }
  return out;
}

}  // namespace

std::string show_status(std::string const& answer, TimePoint now) {
  auto const status = parsed(answer);
  auto out = "mailstackd " + clause(text_at(status, "version")) + ", pid " +
             std::to_string(number_at(status, "pid")) + ", started " +
             when(text_at(status, "started"), now) + ", ";
  out += flag_at(status, "stopping") ? "stopping"
         : flag_at(status, "ready")  ? "ready"
                                     : "not ready";
  auto const digests = status.find("digests");
  auto const since = text_at(status, "reading_since");
  out += "\nconfiguration: " + std::to_string(digests == status.end() ? 0 : digests->size()) +
         " files, read " + when(text_at(status, "loaded"), now) + "\n";
  if (!since.empty()) out += "  being read again, begun " + when(since, now) + "\n";
  out += list_at(status, "listeners").empty() ? "listens nowhere\n" : "listens on:\n";
  for (auto const& one : list_at(status, "listeners"))
    out += "  " + padded(clause(text_at(one, "address")), 24) + " " +
           clause(text_at(one, "service")) + "\n";
  if (auto const spool = status.find("spool"); spool != status.end())
    out += "queue: " + messages(number_at(*spool, "messages")) + ", " +
           size(number_at(*spool, "live_octets")) + " of " +
           size(number_at(*spool, "disk_octets")) + " on the disk\n";
  auto const& keys = list_at(status, "keys");
  if (!keys.empty()) out += "DKIM keys:\n";
  for (auto const& key : keys)
    out += "  " + clause(text_at(key, "domain")) + " " + clause(text_at(key, "selector")) +
           (flag_at(key, "signs") ? " signs" : " does not sign: " + clause(text_at(key, "why"))) +
           "\n";
  if (std::any_of(keys.begin(), keys.end(), [](json const& key) { return !flag_at(key, "signs"); }))
    out +=
        "  `mailstackd sign dkim --record --key FILE --domain DOMAIN --selector NAME` prints the "
        "record to publish\n";
  auto const& problems = list_at(status, "problems");
  return out + (problems.empty() ? "" : "problems:\n" + problem_lines(problems));
}

std::string show_problems(std::string const& answer) {
  auto const said = parsed(answer);  // outlives what is read of it
  auto const& problems = list_at(said, "problems");
  if (problems.empty()) return "the configuration is in use\n";
  return problem_lines(problems);
}

std::string show_messages(std::string const& answer, TimePoint now) {
  std::string out;
  auto const page = parsed(answer);
  for (auto const& message : list_at(page, "messages")) {
    out += message_line(message, now);
    auto const& recipients = list_at(message, "recipients");
    for (auto const& one : recipients) out += recipient_line(one, is_held(message), now);
    auto const more = number_at(message, "waiting") - static_cast<std::int64_t>(recipients.size());
    if (more > 0) out += "    and " + std::to_string(more) + " more\n";
  }
  return out;
}

std::string show_message(std::string const& answer, TimePoint now) {
  auto const whole = parsed(answer);
  auto const found = whole.find("message");
  if (found == whole.end()) return {};
  auto const& message = *found;
  auto out = message_line(message, now) + "  came " + text_at(message, "created") + "\n";
  if (auto const user = text_at(message, "user"); !user.empty()) out += "  of " + word(user) + "\n";
  if (auto const id = text_at(message, "message_id"); !id.empty())
    out += "  Message-ID " + word(id) + "\n";
  for (auto const& one : list_at(message, "recipients"))
    out += recipient_line(one, is_held(message), now);
  return out;
}

std::string show_stats(std::string const& answer, TimePoint now) {
  auto const stats = parsed(answer);
  auto const count = [&](char const* name) { return std::to_string(number_at(stats, name)); };
  auto out = messages(number_at(stats, "messages")) + ", " + size(number_at(stats, "octets")) +
             ", the oldest " + rough(Duration(number_at(stats, "oldest"))) + "\n" + count("held") +
             " held, " + count("unreadable") + " unreadable; deliveries: " + count("running") +
             " running, " + count("ready") + " ready, " + count("waiting") + " waiting\n";
  for (auto const& one : list_at(stats, "destinations")) {
    out += "  " + padded(word(text_at(one, "name")), 32) + " " +
           messages(number_at(one, "messages")) + ", " + std::to_string(number_at(one, "running")) +
           " of " + std::to_string(number_at(one, "window")) + " running";
    auto const until = parse_time(text_at(one, "paused_until"));
    if (until && *until > now) out += ", again in " + rough(*until - now);
    if (auto const reply = text_at(one, "reply"); !reply.empty()) out += "  " + clause(reply);
    out += "\n";
  }
  return out;
}

}  // namespace mailstack::daemon_cli
