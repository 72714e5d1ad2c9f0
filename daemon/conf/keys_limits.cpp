/// \file
/// The keys of mailstackd.yaml below `queue` and `limits`.

#include "daemon/conf/fields.hpp"

namespace mailstack::conf {

namespace {

using keys::Type;

constexpr long long hour = 3600;
constexpr long long day = 24 * hour;

constexpr keys::Key within(Type type, std::string_view path, std::string_view fallback,
                           long long minimum, long long maximum, std::string_view summary) {
  return {.path = path,
          .type = type,
          .fallback = fallback,
          .minimum = minimum,
          .maximum = maximum,
          .summary = summary};
}

constexpr keys::Key span(std::string_view path, std::string_view fallback, long long minimum,
                         long long maximum, std::string_view summary) {
  return within(Type::duration, path, fallback, minimum, maximum, summary);
}

constexpr keys::Key number(std::string_view path, std::string_view fallback, long long minimum,
                           long long maximum, std::string_view summary) {
  return within(Type::integer, path, fallback, minimum, maximum, summary);
}

constexpr keys::Key size(std::string_view path, std::string_view fallback, long long minimum,
                         long long maximum, std::string_view summary) {
  return within(Type::size, path, fallback, minimum, maximum, summary);
}

constexpr Row all[] = {
    {{.path = "queue", .type = Type::mapping, .summary = "What becomes of mail that waits"}},
    {{.path = "queue.retry", .type = Type::mapping, .summary = "When a recipient is tried again"}},
    field<[](auto& s) -> auto& { return s.queue.retry_first; }>(
        span("queue.retry.first", "1m", 1, day, "After the first failure; then twice as long")),
    field<[](auto& s) -> auto& { return s.queue.retry_max; }>(
        span("queue.retry.max", "20m", 1, 7 * day, "At most so long after any failure")),
    field<[](auto& s) -> auto& { return s.queue.jitter; }>(
        {.path = "queue.retry.jitter",
         .type = Type::string,
         .fallback = "20%",
         .summary = "The share by which each wait varies"}),
    {{.path = "queue.host_backoff",
      .type = Type::mapping,
      .summary = "How long a host that fails is left alone"}},
    field<[](auto& s) -> auto& { return s.queue.host_backoff_first; }>(
        span("queue.host_backoff.first", "30s", 1, day, "After the first failure")),
    field<[](auto& s) -> auto& { return s.queue.host_backoff_max; }>(
        span("queue.host_backoff.max", "15m", 1, day, "At most so long")),
    field<[](auto& s) -> auto& { return s.queue.lifetime; }>(
        span("queue.lifetime", "20h", 1, 60 * day,
             "After which a message bounces; `give_up_send_after` of chasquid.conf is the same")),
    field<[](auto& s) -> auto& { return s.queue.delay_warning; }>(
        span("queue.delay_warning", "4h", 0, 60 * day,
             "After which the sender is told that a message still waits; 0s: never")),
    field<[](auto& s) -> auto& { return s.queue.reserve; }>(
        {.path = "queue.reserve",
         .type = Type::string,
         .fallback = "5%",
         .summary = "The share of the disk that stays free: before that, new mail gets 452"},
        true),
    field<[](auto& s) -> auto& { return s.queue.max_items; }>(
        number("queue.max_items", "0", 0, 1'000'000'000,
               "Messages that may wait, counted once for each sender that they go out with: before "
               "that, new mail gets 452; `max_queue_items` of chasquid.conf is the same; 0: any "
               "number")),
    {{.path = "limits", .type = Type::mapping, .summary = "What is too much"}},
    field<[](auto& s) -> auto& { return s.limits.session.message; }>(
        size("limits.message", "50M", 1 << 10, 4LL << 30,
             "A message; `max_data_size_mb` of chasquid.conf is the same")),
    field<[](auto& s) -> auto& { return s.limits.session.header; }>(
        size("limits.header", "256K", 1 << 10, 64 << 20, "The header section of a message")),
    field<[](auto& s) -> auto& { return s.limits.session.command; }>(
        size("limits.command", "2K", 512, 64 << 10, "A command line (RFC 5321 4.5.3.1.4)")),
    field<[](auto& s) -> auto& { return s.limits.session.auth_line; }>(
        size("limits.auth_line", "12K", 12288, 1 << 20, "A line of AUTH (RFC 4954 4)")),
    field<[](auto& s) -> auto& { return s.limits.session.text_line; }>(
        size("limits.text_line", "0", 0, 1 << 30, "A line of a message; 0: any")),
    field<[](auto& s) -> auto& { return s.limits.session.recipients; }>(
        number("limits.recipients", "100", 1, 100'000,
               "Recipients of a message (RFC 5321 4.5.3.1.8 wants 100 at least)")),
    field<[](auto& s) -> auto& { return s.limits.session.errors; }>(
        number("limits.errors", "10", 1, 1'000'000, "Refused commands before a session ends")),
    field<[](auto& s) -> auto& { return s.limits.session.unknown; }>(
        number("limits.unknown", "3", 1, 1'000'000, "Of those: words that are no command of SMTP")),
    field<[](auto& s) -> auto& { return s.limits.session.commands; }>(
        number("limits.commands", "1000", 1, 1'000'000'000,
               "Commands between two messages that bring no mail forward")),
    field<[](auto& s) -> auto& { return s.limits.session.messages; }>(
        number("limits.messages", "1000", 1, 1'000'000'000, "Messages of a session")),
    field<[](auto& s) -> auto& { return s.limits.session.received; }>(
        number("limits.received", "50", 1, 1000, "Received fields before it is a loop")),
    field<[](auto& s) -> auto& { return s.limits.command_timeout; }>(
        span("limits.command_timeout", "5m", 1, hour, "How long a client may be silent")),
    field<[](auto& s) -> auto& { return s.limits.session_timeout; }>(
        span("limits.session_timeout", "1h", 1, 7 * day, "How long a session may last")),
    field<[](auto& s) -> auto& { return s.limits.connections; }>(
        number("limits.connections", "12000", 1, 1'000'000, "Connections at once")),
    field<[](auto& s) -> auto& { return s.limits.per_address; }>(
        number("limits.per_address", "50", 1, 1'000'000,
               "Connections at once from one address; of IPv6, from one /64")),
    field<[](auto& s) -> auto& { return s.limits.per_address_rate; }>(
        number("limits.per_address_rate", "300", 1, 1'000'000'000,
               "Connections a minute from one address")),
    field<[](auto& s) -> auto& { return s.limits.per_address_errors; }>(
        number("limits.per_address_errors", "100", 1, 1'000'000'000,
               "Refusals an hour, then an address gets 421 for its greeting")),
    field<[](auto& s) -> auto& { return s.limits.per_user_rate; }>(
        number("limits.per_user", "0", 0, 1'000'000'000,
               "Recipients an hour of a user; 0: any number. A user's own limit stands in "
               "domains/DOMAIN/mailstackd.yaml")),
    field<[](auto& s) -> auto& { return s.limits.memory; }>(
        size("limits.memory", "256M", 1 << 20, 1LL << 40,
             "Memory for all messages that are being received")),
};

}  // namespace

std::span<Row const> limit_rows() { return all; }

}  // namespace mailstack::conf
