/// \file
/// The keys of mailstackd.yaml but for delivery, queue and limits.

#include <array>

#include "core/text/listed.hpp"
#include "daemon/conf/addresses.hpp"
#include "daemon/conf/fields.hpp"

namespace mailstack::conf {

namespace {

using keys::Type;

Result<> enter_listen(Draft& draft, Texts const& texts) {
  // Once for the list, then once for each of its mappings.
  if (texts.empty()) {
    draft.settings.listen.clear();
  } else {
    draft.settings.listen.emplace_back();
  }
  return {};
}

Result<> put_address(Draft& draft, Texts const& texts) {
  auto& listen = draft.settings.listen.back();
  auto parsed = parse_listen(texts.front(), listen.service);
  if (!parsed) return fail(parsed.error());
  listen = *std::move(parsed);
  listen.place = draft.place;
  return {};
}

Result<> put_service(Draft& draft, Texts const& texts) {
  auto const& word = texts.front();
  draft.settings.listen.back().service = word == "smtp"         ? smtp::Service::smtp
                                         : word == "submission" ? smtp::Service::submission
                                                                : smtp::Service::submissions;
  return {};
}

std::string show_listen(Settings const& settings) {
  constexpr std::array names{"smtp", "submission", "submissions"};
  Texts texts;
  for (auto const& one : settings.listen)
    texts.push_back((one.systemd ? "systemd" : one.address + " " + std::to_string(one.port)) +
                    std::string(" ") + names[static_cast<std::size_t>(one.service)]);
  return listed(texts);
}

Result<> put_state(Draft& draft, Texts const& texts) {
  auto& settings = draft.settings;
  settings.state = texts.front();
  settings.spool.clear();
  settings.control_socket.clear();
  draft.state_given = true;
  return {};
}

/// Where the spool is chosen and the state is not, that lies below it: two daemons with spools of
/// their own share nothing.
Result<> put_spool(Draft& draft, Texts const& texts) {
  auto& settings = draft.settings;
  settings.spool = texts.front();
  if (draft.state_given) return {};
  settings.state = settings.spool + "/state";
  settings.control_socket.clear();
  return {};
}

Result<> put_monitoring(Draft& draft, Texts const& texts) {
  draft.settings.monitoring_address.reset();
  if (texts.front().empty()) return {};
  auto address = parse_numeric_endpoint(texts.front(), 0);
  if (!address) return fail(address.error());
  draft.settings.monitoring_address = *std::move(address);
  return {};
}

Result<> put_line_ends(Draft& draft, Texts const& texts) {
  draft.settings.normalise_line_ends = texts.front() == "normalise";
  return {};
}

Result<> put_servers(Draft& draft, Texts const& texts) {
  draft.settings.dns.servers.clear();
  for (auto const& text : texts) {
    auto server = parse_numeric_endpoint(text, 53);
    if (!server) return fail(within(server.error(), text));
    draft.settings.dns.servers.push_back(*std::move(server));
  }
  return {};
}

Result<> enter_smarthost(Draft& draft, Texts const& /*texts*/) {
  draft.settings.smarthost.emplace();
  return {};
}

Result<> put_tls(Draft& draft, Texts const& texts) {
  draft.settings.smarthost->tls = texts.front() == "starttls"   ? Smarthost::Tls::starttls
                                  : texts.front() == "implicit" ? Smarthost::Tls::implicit
                                                                : Smarthost::Tls::never;
  draft.settings.smarthost->port = texts.front() == "implicit" ? 465 : 587;
  return {};
}

Result<> put_password(Draft& draft, Texts const& texts) {
  draft.settings.smarthost->password = Secret<std::string>(texts.front());
  return {};
}

Result<> put_password_file(Draft& draft, Texts const& texts) {
  auto content = draft.read_secret(texts.front());
  if (!content) return fail(within(content.error(), texts.front()));
  // An editor ends the last line; a password does not end so.
  while (content->ends_with('\n') || content->ends_with('\r')) content->pop_back();
  if (content->empty()) return fail(ErrorCode::invalid, "the file is empty");
  draft.settings.smarthost->password = Secret<std::string>(*std::move(content));
  return {};
}

Result<> put_log(Draft& draft, Texts const& texts) {
  using Log = Settings::Log;
  draft.settings.log = texts.front() == "json"      ? Log::json
                       : texts.front() == "journal" ? Log::journal
                                                    : Log::chasquid;
  return {};
}

constexpr long long day = 86'400;

constexpr Row all[] = {
    field<[](auto& s) -> auto& { return s.hostname; }>(
        {.path = "hostname",
         .type = Type::name,
         .derived = "`hostname` of chasquid.conf, else the host's name",
         .summary = "What the daemon calls itself: in its greeting, in EHLO, in Received and in "
                    "bounces; as postmaster's domain and in maildirs only after a restart"},
        true),
    {{.path = "listen",
      .type = Type::mapping,
      .list = true,
      .derived = "the `*_address` fields of chasquid.conf, else the inherited sockets smtp, "
                 "submission and submission_tls",
      .summary = "Where connections are taken. Where it is given, it is all"},
     enter_listen,
     show_listen,
     true},
    {{.path = "listen.*.address",
      .type = Type::string,
      .required = true,
      .summary = "`ADDRESS:PORT`, `[IPV6]:PORT`, `:PORT` for every address of the host, a path for "
                 "a unix socket, `systemd` for the inherited sockets of this service",
      .example = "\"[::1]:465\""},
     put_address},
    {{.path = "listen.*.service",
      .type = Type::choice,
      .required = true,
      .choices = "smtp|submission|submissions",
      .summary = "Mail from other servers; from users with STARTTLS; from users under TLS from the "
                 "first octet"},
     put_service},
    field<[](auto& s) -> auto& { return s.user; }>(
        {.path = "user",
         .type = Type::string,
         .derived = "whoever starts it",
         .summary =
             "The account that the daemon becomes where root starts it, once its ports are "
             "bound; the conf tree must be readable by it, and state, spool and log its own"},
        true),
    {{.path = "seccomp",
      .type = Type::choice,
      .derived = "`on`, unless `delivery.local` is a program with a setuid or setgid bit",
      .choices = "on|off",
      .summary =
          "Whether the daemon and all programs that it starts are denied what no mail needs: "
          "mounts, modules, other processes' memory, namespaces, clocks. With it no program "
          "gains anything by its setuid or setgid bit"},
     [](Draft& draft, Texts const& texts) -> Result<> {
       draft.settings.seccomp = texts.front() == "on";
       return {};
     },
     [](Settings const& settings) {
       return settings.seccomp ? show_value(*settings.seccomp) : std::string();
     },
     true},
    {{.path = "state",
      .type = Type::path,
      .derived = "`mailstackd` in `data_dir` of chasquid.conf where that is given, else "
                 "/var/lib/mailstackd",
      .summary = "The directory of what the daemon remembers: the key of SRS, which hosts spoke "
                 "TLS"},
     put_state,
     [](Settings const& settings) { return settings.state; },
     true},
    {{.path = "spool",
      .type = Type::path,
      .derived = "`queue` in `state`",
      .summary =
          "The directory of the queue, which takes 64 MiB when it is empty (queue.md). Where "
          "it is given and `state` is not, the rest of the state lies in `state` below it"},
     put_spool,
     [](Settings const& settings) { return settings.spool; },
     true},
    field<[](auto& s) -> auto& { return s.control_socket; }>(
        {.path = "control_socket",
         .type = Type::path,
         .derived = "/run/mailstackd/control; `control` in `state` where a spool, a state or a "
                    "data_dir is given",
         .summary = "The unix socket through which `mailstackd queue` and others speak with the "
                    "daemon"},
        true),
    {{.path = "monitoring_address",
      .type = Type::string,
      .derived = "`monitoring_address` of chasquid.conf, else none",
      .summary = "Where metrics and health are served over HTTP, to everybody who gets there; "
                 "`\"\"`: nowhere, whatever chasquid.conf says",
      .example = "127.0.0.1:1099"},
     put_monitoring,
     [](Settings const& settings) { return settings.monitoring_address.value_or(""); },
     true},
    field<[](auto& s) -> auto& { return s.suffix_separators; }>(
        {.path = "suffix_separators",
         .type = Type::string,
         .fallback = "\"+\"",
         .summary = "What follows the first of these in a local part does not count: `user+tag`"}),
    field<[](auto& s) -> auto& { return s.drop_characters; }>(
        {.path = "drop_characters",
         .type = Type::string,
         .fallback = "\".\"",
         .summary = "These do not count in a local part: `us.er`"}),
    field<[](auto& s) -> auto& { return s.trusted_networks; }>(
        {.path = "trusted_networks",
         .type = Type::string,
         .list = true,
         .summary =
             "Who may relay without a password. A prefix below /8 but fc00::/7 holds strangers "
             "and is refused",
         .example = "[192.0.2.0/24, \"2001:db8::/32\"]"}),
    field<[](auto& s) -> auto& { return s.proxies; }>(
        {.path = "proxies",
         .type = Type::string,
         .list = true,
         .derived = "everybody where `haproxy_incoming` of chasquid.conf is true, else nobody",
         .summary = "Peers that begin each connection with a line of the PROXY protocol, version "
                    "1; others must not. Where everybody is one, `trusted_networks` must be empty: "
                    "the address in the line is what is trusted",
         .example = "[192.0.2.7]"}),
    {{.path = "line_ends",
      .type = Type::choice,
      .fallback = "refuse",
      .choices = "refuse|normalise",
      .summary = "What becomes of a message with a bare CR or LF. It is never taken for the end of "
                 "the message"},
     put_line_ends,
     [](Settings const& settings) {
       return std::string(settings.normalise_line_ends ? "normalise" : "refuse");
     }},
    {{.path = "dns", .type = Type::mapping, .summary = "How names are looked up"}},
    {{.path = "dns.servers",
      .type = Type::string,
      .list = true,
      .derived = "those of /etc/resolv.conf",
      .summary = "Numeric addresses, each with or without a port",
      .example = "[127.0.0.1, \"[::1]:5353\"]"},
     put_servers,
     [](Settings const& settings) { return listed(settings.dns.servers); }},
    field<[](auto& s) -> auto& { return s.dns.dnssec; }>(
        {.path = "dns.dnssec",
         .type = Type::choice,
         .fallback = "off",
         .choices = "on|off",
         .summary = "Whether answers are validated"}),
    field<[](auto& s) -> auto& { return s.dns.trust_anchor; }>(
        {.path = "dns.trust_anchor",
         .type = Type::path,
         .fallback = "/usr/share/dns/root.key",
         .summary = "Where validation begins: a zone file with DS or DNSKEY records, that of "
                    "Debian's package dns-root-data or one of a zone of your own"}),
    field<[](auto& s) -> auto& { return s.dns.timeout; }>(
        {.path = "dns.timeout",
         .type = Type::string,
         .fallback = "5s",
         .summary = "For one attempt; `500ms` is a duration here, too"}),
    field<[](auto& s) -> auto& { return s.dns.attempts; }>({.path = "dns.attempts",
                                                            .type = Type::integer,
                                                            .fallback = "3",
                                                            .minimum = 1,
                                                            .maximum = 10,
                                                            .summary = "For one question"}),
    {{.path = "smarthost",
      .type = Type::mapping,
      .summary = "The host that all mail for others is handed to"},
     enter_smarthost},
    {{.path = "smarthost.host",
      .type = Type::string,
      .required = true,
      .summary = "Its name or address"},
     [](Draft& draft, Texts const& texts) {
       return assign(draft.settings.smarthost->host, texts);
     }},
    {{.path = "smarthost.tls",
      .type = Type::choice,
      .fallback = "starttls",
      .choices = "starttls|implicit|never",
      .summary = "How TLS begins. Without TLS no password is sent"},
     put_tls},
    {{.path = "smarthost.port",
      .type = Type::integer,
      .derived = "465 with `tls: implicit`, else 587",
      .minimum = 1,
      .maximum = 65535,
      .summary = "Its port"},
     [](Draft& draft, Texts const& texts) {
       return assign(draft.settings.smarthost->port, texts);
     }},
    {{.path = "smarthost.user", .type = Type::string, .summary = "Who logs in there"},
     [](Draft& draft, Texts const& texts) {
       return assign(draft.settings.smarthost->user, texts);
     }},
    {{.path = "smarthost.password", .type = Type::string, .summary = "With which password"},
     put_password},
    {{.path = "smarthost.password_file",
      .type = Type::path,
      .summary = "The file that holds it, so that mailstackd.yaml can be shown to others"},
     put_password_file},
    {{.path = "srs",
      .type = Type::mapping,
      .summary = "How senders of forwarded mail are rewritten"}},
    field<[](auto& s) -> auto& { return s.srs_secret_file; }>(
        {.path = "srs.secret_file",
         .type = Type::path,
         .derived = "srs.key in `state`, made at the first start",
         .summary = "The secret; all hosts that take bounces for each other share it"}),
    field<[](auto& s) -> auto& { return s.srs_lifetime; }>(
        {.path = "srs.lifetime",
         .type = Type::duration,
         .fallback = "21d",
         .minimum = day,
         .maximum = 365 * day,
         .summary = "How long a bounce finds its way back"}),
    {{.path = "log",
      .type = Type::choice,
      .fallback = "chasquid",
      .choices = "chasquid|json|journal",
      .summary = "The form of the log's lines: those of chasquid's mail log, JSON, or fields of "
                 "the journal"},
     put_log,
     [](Settings const& settings) { return std::to_string(static_cast<int>(settings.log)); },
     true},
    field<[](auto& s) -> auto& { return s.mail_log_path; }>(
        {.path = "mail_log_path",
         .type = Type::path,
         .fallback = "<syslog>",
         .summary =
             "`<syslog>`, `<stdout>`, `<stderr>` or a file. Where nothing listens at /dev/log, "
             "`<syslog>` is standard error until something does"},
        true),
    field<[](auto& s) -> auto& { return s.loops; }>(
        {.path = "loops",
         .type = Type::integer,
         .fallback = "0",
         .maximum = 256,
         .summary = "Threads that hold sessions; 0 is one for each core"},
        true),
};

}  // namespace

std::span<Row const> general_rows() { return all; }

}  // namespace mailstack::conf
