#include "daemon/control/answers.hpp"

#include <nlohmann/json.hpp>

#include "core/base64/base64.hpp"
#include "daemon/control/requests.hpp"
#include "daemon/control/shown.hpp"

namespace mailstack::control {

using mailstack::format;  // of times, which overloads of ours would hide

namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t most_recipients = 20;  // of a message in a list

std::string text_of(json const& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json json_of(conf::Problems const& problems) {
  return json::parse(conf::format_json(problems), nullptr, false);
}

std::string_view word_of(queue::Way way) {
  switch (way) {
    case queue::Way::remote: return "remote";
    case queue::Way::local: return "local";
    case queue::Way::pipe: return "pipe";
    case queue::Way::via: return "via";
  }
  return "unknown";
}

std::string_view word_of(queue::RecipientStatus status) {
  switch (status) {
    case queue::RecipientStatus::waiting: return "waiting";
    case queue::RecipientStatus::delivered: return "delivered";
    case queue::RecipientStatus::failed: return "failed";
  }
  return "unknown";
}

/// `tried`: a time of the next attempt is one; of a held message it is not.
json json_of(queue::Recipient const& recipient, bool tried) {
  json out{{"address", queue::shown_address(recipient)}};
  if (!recipient.original.empty() && recipient.original != recipient.address)
    out["original"] = recipient.original;
  out["way"] = word_of(recipient.way);
  if (!recipient.via.empty()) out["via"] = recipient.via;
  out["status"] = word_of(recipient.status);
  out["attempts"] = recipient.attempts;
  if (tried && recipient.status == queue::RecipientStatus::waiting && recipient.attempts > 0)
    out["next"] = format(recipient.next);
  if (!recipient.last_reply.empty()) out["reply"] = recipient.last_reply;
  if (!recipient.last_host.empty()) out["host"] = recipient.last_host;
  return out;
}

/// `held` first: nothing is tried then.
std::string_view state_of(queue::Entry const& entry) {
  if (entry.unreadable) return "unreadable";
  if (entry.envelope.held) return "held";
  if (entry.running) return "running";
  return entry.next ? "waiting" : "ready";
}

json json_of(queue::Entry const& entry, std::size_t most, bool all) {
  auto const& envelope = entry.envelope;
  json out{{"id", queue::format_id(entry.id)},
           {"state", state_of(entry)},
           {"sender", envelope.sender},
           {"octets", entry.octets}};
  if (entry.unreadable) return out;
  out["created"] = format(envelope.created);
  bool const tried = !envelope.held;
  if (entry.next && tried) out["next"] = format(*entry.next);
  if (!envelope.user.empty()) out["user"] = envelope.user;
  if (!envelope.message_id.empty()) out["message_id"] = envelope.message_id;
  if (envelope.bounce) out["bounce"] = true;
  std::size_t waiting = 0;
  auto recipients = json::array();
  for (auto const& one : envelope.recipients) {
    bool const waits = one.status == queue::RecipientStatus::waiting;
    waiting += waits ? 1 : 0;
    if ((all || waits) && recipients.size() < most) recipients.push_back(json_of(one, tried));
  }
  out["waiting"] = waiting;
  out["recipients"] = std::move(recipients);
  return out;
}

}  // namespace

std::string format_status(Status const& status) {
  json out{{"version", status.version},
           {"pid", status.pid},
           {"started", format(status.started)},
           {"loaded", format(status.loaded)},
           {"ready", status.ready},
           {"stopping", status.stopping}};
  if (status.reading_since) out["reading_since"] = format(*status.reading_since);
  out["listeners"] = json::array();
  for (auto const& one : status.listeners)
    out["listeners"].push_back({{"address", one.address}, {"service", one.service}});
  out["problems"] = json_of(status.problems);
  out["keys"] = json::array();
  for (auto const& key : status.keys) {
    json one{{"domain", key.domain}, {"selector", key.selector}, {"signs", key.signs}};
    if (!key.why.empty()) one["why"] = key.why;
    out["keys"].push_back(std::move(one));
  }
  out["spool"] = {{"messages", status.spool.items},
                  {"live_octets", status.spool.live_octets},
                  {"disk_octets", status.spool.disk_octets},
                  {"syncs", status.spool.syncs},
                  {"puts", status.spool.puts}};
  out["digests"] = json::object();
  for (auto const& [path, digest] : status.digests) out["digests"][path] = digest;
  return text_of(out);
}

std::string format_problems(conf::Problems const& problems) {
  return text_of({{"problems", json_of(problems)}});
}

std::string format_metrics(std::string const& text) { return text_of({{"metrics", text}}); }

std::string format_entries(queue::Page const& page) {
  json out{{"messages", json::array()}};
  for (auto const& entry : page.entries)
    out["messages"].push_back(json_of(entry, most_recipients, false));
  if (page.next) out["next"] = queue::format_id(*page.next);
  return text_of(out);
}

std::string format_entry(queue::Entry const& entry, queue::Content const& content) {
  json out{{"message", json_of(entry, entry.envelope.recipients.size(), true)}};
  if (content && valid_utf8(*content) == *content)
    out["content"] = *content;
  else if (content)
    out["content_base64"] = base64::format(*content);
  return text_of(out);
}

std::string format_stats(queue::QueueStats const& stats) {
  json out{{"messages", stats.items},        {"held", stats.held},
           {"unreadable", stats.unreadable}, {"running", stats.running},
           {"ready", stats.ready},           {"waiting", stats.waiting},
           {"octets", stats.octets},         {"oldest", stats.oldest.count()}};
  out["destinations"] = json::array();
  for (auto const& one : stats.destinations) {
    json destination{{"name", one.name},
                     {"messages", one.items},
                     {"running", one.running},
                     {"ready", one.ready},
                     {"window", one.window}};
    if (one.paused_until != TimePoint{}) destination["paused_until"] = format(one.paused_until);
    if (!one.last_reply.empty()) destination["reply"] = one.last_reply;
    out["destinations"].push_back(std::move(destination));
  }
  return text_of(out);
}

std::string format_count(std::size_t count) { return text_of({{"count", count}}); }

std::string format_error(Error const& error) {
  return text_of({{"error", {{"code", format(error.code)}, {"what", error.what}}}}) + "\n";
}

}  // namespace mailstack::control
