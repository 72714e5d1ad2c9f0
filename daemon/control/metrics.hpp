#pragma once
/// \file
/// What mailstackd counts: every metric, named once.

#include <string>
#include <utility>
#include <vector>

#include "core/clock/clock.hpp"
#include "daemon/conf/problem.hpp"
#include "daemon/control/event.hpp"
#include "daemon/control/instruments.hpp"
#include "daemon/control/process_facts.hpp"
#include "daemon/queue/queue.hpp"
#include "daemon/queue/spool.hpp"

namespace mailstack::control {

/// Of a certificate in use: the name of its directory, and when it ends.
using Expiry = std::pair<std::string, TimePoint>;

/// May be used from any thread. Counters grow where things happen; gauges of a state are set by the
/// show() functions, in front of each exposition.
struct Metrics {
  explicit Metrics(std::string_view version);

  Registry registry;

  // Sessions.
  Counters sessions;            ///< by service
  Gauges sessions_open;         ///< by service
  Histograms session_duration;  ///< by service
  Counters tls_sessions;        ///< by service and version
  Counters tls_failures;        ///< by service
  Counters auth;                ///< by result
  Counters messages_received;   ///< by service
  Counters received_bytes;      ///< by service
  Counters rejects;             ///< by service, code and enhanced code
  Histograms commit_duration;   ///< from the end of a message to durable

  // Delivery.
  Counters delivery_attempts;    ///< by result: one a recipient
  Counters delivery_rejects;     ///< by code and enhanced code of the other side
  Histograms delivery_duration;  ///< of an attempt, by result: of a recipient
  Histograms time_to_delivery;   ///< since the message came
  Counters notices;              ///< to senders, by kind

  // The queue.
  Gauges queue_messages;
  Gauges queue_held;
  Gauges queue_unreadable;
  Gauges queue_deliveries;  ///< by state; every state is always there
  Gauges queue_oldest;      ///< age
  Gauges queue_bytes;
  Gauges destination_messages;  ///< by destination: the largest, and `other`
  Gauges destination_pause;
  Gauges spool_bytes;
  Counters spool_syncs;
  Counters spool_puts;

  // The configuration.
  Gauges configuration_problems;  ///< by severity
  Gauges configuration_loaded;    ///< when
  Gauges certificate_expiry;      ///< by certificate

  // The process.
  Counters log_lost;
  Gauges build;
  Gauges process_start;
  Counters process_cpu;
  Gauges process_memory;
  Gauges process_virtual_memory;
  Gauges process_descriptors;
  Gauges process_most_descriptors;

  /// The part of an event that is counted.
  void count(Event const& event);

  void show(queue::QueueStats const& stats, TimePoint now);
  void show(queue::SpoolStats const& stats);
  void show(conf::Problems const& problems, TimePoint loaded,
            std::vector<Expiry> const& certificates);
  void show(ProcessFacts const& facts);
};

/// How many destinations have series of their own. To be asked of Queue::stats().
constexpr std::size_t most_destinations = 20;

}  // namespace mailstack::control
