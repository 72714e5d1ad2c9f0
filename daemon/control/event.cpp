#include "daemon/control/event.hpp"

namespace mailstack::control {

std::string_view format(Event::Kind kind) {
  using Kind = Event::Kind;
  switch (kind) {
    case Kind::started: return "started";
    case Kind::listening: return "listening";
    case Kind::reloaded: return "reloaded";
    case Kind::problem: return "problem";
    case Kind::stopping: return "stopping";
    case Kind::stopped: return "stopped";
    case Kind::auth_succeeded: return "auth_succeeded";
    case Kind::auth_failed: return "auth_failed";
    case Kind::auth_failed_again: return "auth_failed_again";
    case Kind::tls_failed: return "tls_failed";
    case Kind::rejected: return "rejected";
    case Kind::session_cut: return "session_cut";
    case Kind::queued: return "queued";
    case Kind::sent: return "sent";
    case Kind::deferred: return "deferred";
    case Kind::failed: return "failed";
    case Kind::cut: return "cut";
    case Kind::expired: return "expired";
    case Kind::waits: return "waits";
    case Kind::bounced: return "bounced";
    case Kind::delayed: return "delayed";
    case Kind::dropped: return "dropped";
    case Kind::removed: return "removed";
    case Kind::unreadable: return "unreadable";
    case Kind::done: return "done";
  }
  return "unknown";
}

std::string_view format(smtp::Service service) {
  switch (service) {
    case smtp::Service::smtp: return "smtp";
    case smtp::Service::submission: return "submission";
    case smtp::Service::submissions: return "submissions";
  }
  return "unknown";
}

namespace {

Event::Kind kind_of(queue::Event::Kind kind) {
  using From = queue::Event::Kind;
  using To = Event::Kind;
  switch (kind) {
    case From::queued: return To::queued;
    case From::delivered: return To::sent;
    case From::deferred: return To::deferred;
    case From::failed: return To::failed;
    case From::cut: return To::cut;
    case From::expired: return To::expired;
    case From::bounced: return To::bounced;
    case From::delayed: return To::delayed;
    case From::dropped: return To::dropped;
    case From::removed: return To::removed;
    case From::waits: return To::waits;
    case From::done: return To::done;
    case From::unreadable: return To::unreadable;
  }
  return To::unreadable;
}

}  // namespace

Event event_of(queue::Event const& told) {
  Event event;
  event.kind = kind_of(told.kind);
  event.id = told.id;
  event.from = told.sender;
  if (!told.recipient.empty()) event.to = {told.recipient};
  if (told.original != told.recipient) event.original = told.original;
  event.destination = told.destination;
  event.host = told.host;
  event.text = told.reply;
  event.attempt = told.attempt;
  event.delay = told.delay;
  event.octets = told.octets;
  event.notice = told.notice;
  return event;
}

}  // namespace mailstack::control
