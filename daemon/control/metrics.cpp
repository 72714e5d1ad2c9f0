#include "daemon/control/metrics.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace mailstack::control {

namespace {

/// A command takes milliseconds, a mail client stays for hours.
constexpr std::array session_bounds{0.01, 0.05, 0.1, 0.25, 0.5,   1.0,   2.5,
                                    5.0,  10.0, 30., 60.0, 300.0, 900.0, 3600.0};
/// A sync of a good disk takes 0.3 ms.
constexpr std::array commit_bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                   0.05,   0.1,   0.25,   0.5,   1.0,  5.0};
constexpr std::array delivery_bounds{0.005, 0.01, 0.025, 0.05, 0.1,  0.25, 0.5,
                                     1.0,   2.5,  5.0,   10.0, 30.0, 60.0, 120.0};
/// What waits, waits for retries.
constexpr std::array waiting_bounds{0.1,   1.0,    5.0,     15.0,    60.0,   300.0,
                                    900.0, 3600.0, 14400.0, 43200.0, 86400.0};

constexpr std::size_t most_codes = 100;

/// `550` and `5.1.1` of `550 5.1.1 no such user`; the second is empty where there is none.
std::pair<std::string_view, std::string_view> codes_of(std::string_view reply) {
  auto const digits = [](std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  auto const code = reply.substr(0, 3);
  if (code.size() != 3 || !digits(code)) return {"none", ""};
  if (reply.size() < 5 || reply[3] != ' ') return {code, ""};
  auto const enhanced = reply.substr(4, std::min(reply.find(' ', 4), reply.size()) - 4);
  // RFC 3463 2: class, subject, detail.
  auto const first = enhanced.find('.');
  auto const second = enhanced.find('.', first == enhanced.npos ? first : first + 1);
  bool const right = first == 1 && second != enhanced.npos && enhanced.size() <= 9 &&
                     digits(enhanced.substr(0, 1)) && digits(enhanced.substr(2, second - 2)) &&
                     digits(enhanced.substr(second + 1));
  return {code, right ? enhanced : std::string_view()};
}

}  // namespace

Metrics::Metrics(std::string_view version)
    : sessions(registry, {"mailstackd_sessions_total", "Sessions of clients", {"service"}}),
      sessions_open(registry, {"mailstackd_sessions_open", "Sessions under way", {"service"}}),
      session_duration(registry,
                       {.name = "mailstackd_session_duration_seconds",
                        .help = "From the connection to its end",
                        .labels = {"service"},
                        .unit = "seconds"},
                       session_bounds),
      tls_sessions(registry, {"mailstackd_tls_sessions_total",
                              "Sessions that were encrypted, by version",
                              {"service", "version"},
                              {},
                              most_codes}),
      tls_failures(
          registry,
          {"mailstackd_tls_failures_total", "Handshakes of clients that failed", {"service"}}),
      auth(registry, {"mailstackd_auth_total",
                      "Logins by result: succeeded, failed, failed_again (the same wrong password)",
                      {"result"}}),
      messages_received(registry, {"mailstackd_messages_received_total",
                                   "Messages that were accepted and are durable",
                                   {"service"}}),
      received_bytes(registry, {.name = "mailstackd_received_bytes_total",
                                .help = "Octets of messages that were accepted",
                                .labels = {"service"},
                                .unit = "bytes"}),
      rejects(registry, {"mailstackd_rejects_total",
                         "Commands and messages that were refused",
                         {"service", "code", "enhanced_code"},
                         {},
                         most_codes}),
      commit_duration(registry,
                      {.name = "mailstackd_commit_duration_seconds",
                       .help = "From the end of a message until it is durable",
                       .unit = "seconds"},
                      commit_bounds),
      delivery_attempts(registry, {"mailstackd_delivery_attempts_total",
                                   "Attempts by result, one a recipient: sent, deferred, failed, "
                                   "expired",
                                   {"result"}}),
      delivery_rejects(registry, {"mailstackd_delivery_rejects_total",
                                  "Recipients that another server or program did not take",
                                  {"code", "enhanced_code"},
                                  {},
                                  most_codes}),
      delivery_duration(registry,
                        {.name = "mailstackd_delivery_duration_seconds",
                         .help = "How long attempts take, by result, one a recipient",
                         .labels = {"result"},
                         .unit = "seconds"},
                        delivery_bounds),
      time_to_delivery(registry,
                       {.name = "mailstackd_time_to_delivery_seconds",
                        .help = "From the arrival of a message to its delivery",
                        .unit = "seconds"},
                       waiting_bounds),
      notices(registry, {"mailstackd_notices_total",
                         "What senders were told: bounced, delayed; dropped where nobody was",
                         {"kind"}}),
      queue_messages(registry, {"mailstackd_queue_messages", "Messages in the queue"}),
      queue_held(registry, {"mailstackd_queue_held_messages", "Those that an operator holds"}),
      queue_unreadable(registry, {"mailstackd_queue_unreadable_messages",
                                  "Those whose state on the disk is damaged"}),
      queue_deliveries(registry, {"mailstackd_queue_deliveries",
                                  "Messages by destination: running, ready (behind a limit or a "
                                  "pause), waiting for their next time",
                                  {"state"}}),
      queue_oldest(registry, {.name = "mailstackd_queue_oldest_age_seconds",
                              .help = "Age of the oldest message in the queue",
                              .unit = "seconds"}),
      queue_bytes(registry, {.name = "mailstackd_queue_bytes",
                             .help = "Octets of the messages in the queue",
                             .unit = "bytes"}),
      destination_messages(
          registry, {"mailstackd_queue_destination_messages",
                     "Messages that wait for a destination: the largest, and all others together",
                     {"destination"}}),
      destination_pause(registry, {.name = "mailstackd_queue_destination_pause_seconds",
                                   .help = "How long a destination is left alone",
                                   .labels = {"destination"},
                                   .unit = "seconds"}),
      spool_bytes(registry, {.name = "mailstackd_spool_bytes",
                             .help = "What the spool takes on the disk, and what of it is in use",
                             .labels = {"kind"},
                             .unit = "bytes"}),
      spool_syncs(registry, {"mailstackd_spool_syncs_total", "Syncs of the spool's disk"}),
      spool_puts(registry, {"mailstackd_spool_puts_total", "Messages that the spool has kept"}),
      configuration_problems(
          registry,
          {"mailstackd_configuration_problems", "What is wrong with the conf tree", {"severity"}}),
      configuration_loaded(registry, {.name = "mailstackd_configuration_loaded_timestamp_seconds",
                                      .help = "When the configuration in use was read",
                                      .unit = "seconds"}),
      certificate_expiry(registry, {.name = "mailstackd_certificate_expiry_timestamp_seconds",
                                    .help = "When a certificate in use expires",
                                    .labels = {"certificate"},
                                    .unit = "seconds"}),
      log_lost(registry,
               {"mailstackd_log_lines_lost_total", "Log lines that could not be written in time"}),
      build(registry, {"mailstackd_build_info", "The version that runs", {"version"}}),
      process_start(registry, {.name = "process_start_time_seconds",
                               .help = "When the process started",
                               .unit = "seconds"}),
      process_cpu(
          registry,
          {.name = "process_cpu_seconds_total", .help = "User and system time", .unit = "seconds"}),
      process_memory(
          registry,
          {.name = "process_resident_memory_bytes", .help = "Resident memory", .unit = "bytes"}),
      process_virtual_memory(
          registry,
          {.name = "process_virtual_memory_bytes", .help = "Virtual memory", .unit = "bytes"}),
      process_descriptors(registry, {"process_open_fds", "Open descriptors"}),
      process_most_descriptors(registry, {"process_max_fds", "How many may be open"}) {
  build.at({version}).set(1);
  // What has not happened yet is 0 and not absent, so that its first increase is seen.
  for (auto const service :
       {smtp::Service::smtp, smtp::Service::submission, smtp::Service::submissions}) {
    auto const name = format(service);
    sessions.at({name});
    sessions_open.at({name});
    session_duration.at({name});
    tls_failures.at({name});
    messages_received.at({name});
    received_bytes.at({name});
  }
  for (auto const* result : {"succeeded", "failed", "failed_again"}) auth.at({result});
  for (auto const* result : {"sent", "deferred", "failed", "expired"})
    delivery_attempts.at({result});
  for (auto const* result : {"sent", "deferred", "failed"}) delivery_duration.at({result});
  for (auto const* kind : {"bounced", "delayed", "dropped"}) notices.at({kind});
}

void Metrics::count(Event const& event) {
  using Kind = Event::Kind;
  auto const service = event.service ? format(*event.service) : std::string_view("none");
  switch (event.kind) {
    case Kind::auth_succeeded: auth.at({"succeeded"}).add(); return;
    case Kind::auth_failed: auth.at({"failed"}).add(); return;
    case Kind::auth_failed_again: auth.at({"failed_again"}).add(); return;
    case Kind::tls_failed: tls_failures.at({service}).add(); return;
    case Kind::rejected: {
      auto const [code, enhanced] = codes_of(event.text);
      rejects.at({service, code, enhanced}).add();
      return;
    }
    case Kind::queued:
      // What a client brought was counted with its reply. What came over no service is ours:
      // bounces.
      if (event.service) return;
      messages_received.at({service}).add();
      received_bytes.at({service}).add(static_cast<double>(event.octets));
      return;
    case Kind::sent:
      if (event.delay) time_to_delivery.get().observe(static_cast<double>(event.delay->count()));
      delivery_attempts.at({format(event.kind)}).add();
      return;
    case Kind::deferred:
    case Kind::failed: {
      auto const [code, enhanced] = codes_of(event.text);
      delivery_rejects.at({code, enhanced}).add();
      delivery_attempts.at({format(event.kind)}).add();
      return;
    }
    case Kind::expired: delivery_attempts.at({format(event.kind)}).add(); return;
    case Kind::bounced:
    case Kind::delayed:
    case Kind::dropped: notices.at({format(event.kind)}).add(); return;
    default: return;
  }
}

void Metrics::show(queue::QueueStats const& stats, TimePoint now) {
  auto const count = [](std::size_t number) { return static_cast<double>(number); };
  queue_messages.get().set(count(stats.items));
  queue_held.get().set(count(stats.held));
  queue_unreadable.get().set(count(stats.unreadable));
  queue_deliveries.at({"running"}).set(count(stats.running));
  queue_deliveries.at({"ready"}).set(count(stats.ready));
  queue_deliveries.at({"waiting"}).set(count(stats.waiting));
  queue_oldest.get().set(static_cast<double>(stats.oldest.count()));
  queue_bytes.get().set(static_cast<double>(stats.octets));
  std::vector<std::pair<LabelValues, double>> recipients, paused;
  auto rest = count(stats.running + stats.ready + stats.waiting);
  for (auto const& one : stats.destinations) {
    recipients.push_back({{one.name}, count(one.items)});
    rest -= count(one.items);
    if (one.paused_until > now)
      paused.push_back({{one.name}, static_cast<double>((one.paused_until - now).count())});
  }
  recipients.push_back({{"other"}, std::max(rest, 0.0)});
  destination_messages.replace(std::move(recipients));
  destination_pause.replace(std::move(paused));
}

void Metrics::show(queue::SpoolStats const& stats) {
  spool_bytes.at({"disk"}).set(static_cast<double>(stats.disk_octets));
  spool_bytes.at({"live"}).set(static_cast<double>(stats.live_octets));
  spool_syncs.get().raise_to(static_cast<double>(stats.syncs));
  spool_puts.get().raise_to(static_cast<double>(stats.puts));
}

void Metrics::show(conf::Problems const& problems, TimePoint loaded,
                   std::vector<Expiry> const& certificates) {
  auto const warnings =
      std::count_if(problems.begin(), problems.end(), [](auto const& one) { return one.warning; });
  configuration_problems.at({"warning"}).set(static_cast<double>(warnings));
  configuration_problems.at({"error"}).set(
      static_cast<double>(static_cast<std::ptrdiff_t>(problems.size()) - warnings));
  configuration_loaded.get().set(static_cast<double>(loaded.time_since_epoch().count()));
  std::vector<std::pair<LabelValues, double>> series;
  for (auto& [name, time] : certificates)
    series.push_back({{std::move(name)}, static_cast<double>(time.time_since_epoch().count())});
  certificate_expiry.replace(std::move(series));
}

void Metrics::show(ProcessFacts const& facts) {
  process_start.get().set(facts.started);
  process_cpu.get().raise_to(facts.cpu_seconds);
  process_memory.get().set(static_cast<double>(facts.resident_bytes));
  process_virtual_memory.get().set(static_cast<double>(facts.virtual_bytes));
  process_descriptors.get().set(static_cast<double>(facts.descriptors));
  process_most_descriptors.get().set(static_cast<double>(facts.most_descriptors));
}

}  // namespace mailstack::control
