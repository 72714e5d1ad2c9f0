/// \file
/// The keys of mailstackd.yaml below `delivery`.

#include "daemon/conf/addresses.hpp"
#include "daemon/conf/fields.hpp"

namespace mailstack::conf {

namespace {

using keys::Type;

constexpr long long hour = 3600;
constexpr long long day = 24 * hour;

Result<> put_own_addresses(Draft& draft, Texts const& texts) {
  draft.settings.delivery.own_addresses.clear();
  for (auto const& text : texts) {
    auto address = parse_numeric(text);
    if (!address) return fail(within(address.error(), text));
    draft.settings.delivery.own_addresses.push_back(*std::move(address));
  }
  return {};
}

Result<> put_local(Draft& draft, Texts const& texts) {
  using Local = Settings::Delivery::Local;
  draft.settings.delivery.local = texts.front() == "mda"    ? Local::mda
                                  : texts.front() == "lmtp" ? Local::lmtp
                                                            : Local::maildir;
  return {};
}

std::string show_local(Settings const& settings) {
  using Local = Settings::Delivery::Local;
  auto const local = settings.delivery.local;
  return local == Local::mda ? "mda" : local == Local::lmtp ? "lmtp" : "maildir";
}

/// How long one thing of a session is waited for.
constexpr keys::Key wait(std::string_view path, std::string_view fallback,
                         std::string_view summary) {
  return {.path = path,
          .type = Type::duration,
          .fallback = fallback,
          .minimum = 1,
          .maximum = hour,
          .summary = summary};
}

constexpr Row all[] = {
    {{.path = "delivery", .type = Type::mapping, .summary = "How mail leaves"}},
    field<[](auto& s) -> auto& { return s.delivery.port; }>(
        {.path = "delivery.port",
         .type = Type::integer,
         .fallback = "25",
         .minimum = 1,
         .maximum = 65535,
         .summary = "The port of other servers; another one than 25 is for tests"}),
    field<[](auto& s) -> auto& { return s.delivery.own_names; }>(
        {.path = "delivery.own_names",
         .type = Type::name,
         .list = true,
         .summary = "Names of MX records that are this host, beside `hostname`",
         .example = "[mx1.example.org]"}),
    {{.path = "delivery.own_addresses",
      .type = Type::string,
      .list = true,
      .summary = "Addresses that are this host, beside those of its interfaces",
      .example = "[203.0.113.10]"},
     put_own_addresses,
     [](Settings const& settings) { return show_value(settings.delivery.own_addresses); }},
    {{.path = "delivery.source",
      .type = Type::mapping,
      .summary =
          "The addresses that connections to other servers come from, where the domain of the "
          "sender names none"}},
    field<[](auto& s) -> auto& { return s.delivery.source.ipv4; }>(
        {.path = "delivery.source.ipv4",
         .type = Type::ipv4,
         .derived = "the system chooses",
         .summary = "For servers with IPv4"}),
    field<[](auto& s) -> auto& { return s.delivery.source.ipv6; }>(
        {.path = "delivery.source.ipv6",
         .type = Type::ipv6,
         .derived = "the system chooses",
         .summary = "For servers with IPv6. Only once its PTR and the AAAA of that name agree with "
                    "what EHLO says; else servers with IPv6 alone are all that it is used for"}),
    field<[](auto& s) -> auto& { return s.delivery.source.name; }>(
        {.path = "delivery.source.name",
         .type = Type::name,
         .derived = "`hostname`",
         .summary = "What EHLO says to other servers"}),
    {{.path = "delivery.timeouts",
      .type = Type::mapping,
      .summary = "How long another server is waited for (RFC 5321 4.5.3.2)"}},
    field<[](auto& s) -> auto& { return s.delivery.timeouts.connect; }>(
        wait("delivery.timeouts.connect", "30s", "For the connection to one address")),
    field<[](auto& s) -> auto& { return s.delivery.timeouts.greeting; }>(
        wait("delivery.timeouts.greeting", "5m", "For the greeting")),
    field<[](auto& s) -> auto& { return s.delivery.timeouts.ehlo; }>(
        wait("delivery.timeouts.ehlo", "5m", "For the reply to EHLO")),
    field<[](auto& s) -> auto& { return s.delivery.timeouts.starttls; }>(
        wait("delivery.timeouts.starttls", "1m", "For the reply to STARTTLS and the handshake")),
    field<[](auto& s) -> auto& { return s.delivery.timeouts.command; }>(
        wait("delivery.timeouts.command", "5m", "For the reply to MAIL, RCPT and AUTH")),
    field<[](auto& s) -> auto& { return s.delivery.timeouts.data; }>(
        wait("delivery.timeouts.data", "2m", "For the reply to DATA")),
    field<[](auto& s) -> auto& { return s.delivery.timeouts.block; }>(
        wait("delivery.timeouts.block", "3m", "For each part of the message to be taken")),
    field<[](auto& s) -> auto& { return s.delivery.timeouts.dot; }>(
        wait("delivery.timeouts.dot", "10m", "For the reply to the end of the message")),
    field<[](auto& s) -> auto& { return s.delivery.timeouts.quit; }>(
        wait("delivery.timeouts.quit", "5s", "For the reply to QUIT")),
    field<[](auto& s) -> auto& { return s.delivery.timeouts.attempt; }>(
        {.path = "delivery.timeouts.attempt",
         .type = Type::duration,
         .fallback = "1h",
         .minimum = 1,
         .maximum = day,
         .summary =
             "For one attempt with all its hosts and commands: however slowly a server takes "
             "a message, it holds a place no longer. What it has decided by then counts"}),
    {{.path = "delivery.concurrency",
      .type = Type::mapping,
      .summary = "How much is delivered at once"}},
    field<[](auto& s) -> auto& { return s.delivery.per_destination; }>(
        {.path = "delivery.concurrency.per_destination",
         .type = Type::integer,
         .fallback = "20",
         .minimum = 1,
         .maximum = 10'000,
         .summary = "Connections to one destination"}),
    field<[](auto& s) -> auto& { return s.delivery.total; }>(
        {.path = "delivery.concurrency.total",
         .type = Type::integer,
         .fallback = "200",
         .minimum = 1,
         .maximum = 100'000,
         .summary = "Connections to all of them"}),
    field<[](auto& s) -> auto& { return s.delivery.downgrade_memory; }>(
        {.path = "delivery.downgrade_memory",
         .type = Type::duration,
         .fallback = "3d",
         .maximum = 365 * day,
         .summary =
             "How long a host that once spoke TLS is not spoken to without; 0s: not at all"}),
    field<[](auto& s) -> auto& { return s.delivery.keep_idle; }>(
        {.path = "delivery.keep_idle",
         .type = Type::duration,
         .fallback = "2s",
         .maximum = 300,
         .summary = "How long a connection without work is kept"}),
    field<[](auto& s) -> auto& { return s.delivery.per_connection; }>(
        {.path = "delivery.per_connection",
         .type = Type::integer,
         .fallback = "100",
         .minimum = 1,
         .maximum = 1'000'000,
         .summary = "Messages over one connection"}),
    {{.path = "delivery.local",
      .type = Type::choice,
      .fallback = "mda",
      .choices = "mda|lmtp|maildir",
      .summary = "How mail for users of this host is handed over"},
     put_local,
     show_local},
    field<[](auto& s) -> auto& { return s.delivery.mda; }>(
        {.path = "delivery.mda",
         .type = Type::path,
         .fallback = "maildrop",
         .summary = "The program that takes a message on its standard input; "
                    "`mail_delivery_agent_bin` of chasquid.conf is the same"}),
    field<[](auto& s) -> auto& { return s.delivery.mda_arguments; }>(
        {.path = "delivery.mda_arguments",
         .type = Type::string,
         .list = true,
         .fallback = "[\"-f\", \"%from%\", \"-d\", \"%to_user%\"]",
         .summary = "Its arguments; `%from%`, `%from_user%`, `%from_domain%`, `%to%`, `%to_user%` "
                    "and `%to_domain%` are replaced"}),
    field<[](auto& s) -> auto& { return s.delivery.lmtp; }>(
        {.path = "delivery.lmtp",
         .type = Type::string,
         .summary = "The server for `local: lmtp`: a path or `HOST:PORT`",
         .example = "/run/dovecot/lmtp"}),
    field<[](auto& s) -> auto& { return s.delivery.maildir; }>(
        {.path = "delivery.maildir",
         .type = Type::path,
         .summary = "The directory for `local: maildir`; `%to%`, `%to_user%` and `%to_domain%` are "
                    "replaced",
         .example = "/var/mail/%to_domain%/%to_user%"}),
    field<[](auto& s) -> auto& { return s.delivery.pipe_timeout; }>(
        {.path = "delivery.pipe_timeout",
         .type = Type::duration,
         .fallback = "30s",
         .minimum = 1,
         .maximum = hour,
         .summary = "How long a program may take for one message"}),
};

}  // namespace

std::span<Row const> delivery_rows() { return all; }

}  // namespace mailstack::conf
