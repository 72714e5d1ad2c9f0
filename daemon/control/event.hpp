#pragma once
/// \file
/// Something that happened and is told: one line of the log, and a step of some metrics.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/conf/problem.hpp"
#include "daemon/queue/event.hpp"
#include "daemon/queue/queue.hpp"
#include "daemon/smtp/server_session.hpp"

namespace mailstack::control {

/// Holds nothing secret: there is no place for a password. What a kind does not need is empty.
/// Texts are as the peer wrote them, and live as long as the call that gets the event.
struct Event {
  enum class Kind {
    // The daemon.
    started,
    listening,  ///< at `address`
    reloaded,
    problem,  ///< `trouble`: of the conf tree
    stopping,
    stopped,  ///< `text` is what was cut, if anything was
    // A client.
    auth_succeeded,
    auth_failed,
    auth_failed_again,  ///< the same wrong password once more: counts for nothing
    tls_failed,
    rejected,
    session_cut,  ///< by the daemon's end; `text` is where it was
    // A message, with its id.
    queued,
    sent,  ///< one recipient, as each of the following
    deferred,
    failed,
    cut,  ///< by the daemon's end: it may be delivered, and is tried again
    expired,
    waits,    ///< its next attempt is `delay` away
    bounced,  ///< the sender is told by the message `notice`
    delayed,  ///< the same, of a delay
    dropped,
    removed,
    unreadable,
    done,  ///< nobody waits for it any more
  } kind = Kind::started;

  queue::ItemId id = 0;
  std::string_view address;  ///< our own
  conf::Problem const* trouble = nullptr;
  std::string_view client;  ///< address, behind a proxy the true one
  std::uint16_t port = 0;   ///< of the client; 0: it has none
  std::optional<smtp::Service> service;
  std::string_view user;
  std::string_view from;  ///< reverse-path; of a message, empty is the null path
  std::vector<std::string_view> to;
  std::string_view original;     ///< the recipient as RCPT had it
  std::string_view destination;  ///< of an attempt
  std::string_view host;         ///< who said `text`; empty: we did
  std::string_view text;         ///< a reply on one line, or what was wrong
  std::string_view message_id;
  std::string_view tls;  ///< `TLSv1.3`; empty: in the clear
  std::uint32_t attempt = 0;
  std::optional<std::chrono::seconds> delay;  ///< since the message came
  std::uint64_t octets = 0;
  queue::ItemId notice = 0;
};

/// `auth_failed`, `queued` …: the word in JSON and in the journal.
std::string_view format(Event::Kind kind);

/// `smtp`, `submission`, `submissions`.
std::string_view format(smtp::Service service);

/// What the queue tells. The event borrows from `told`.
Event event_of(queue::Event const& told);

}  // namespace mailstack::control
