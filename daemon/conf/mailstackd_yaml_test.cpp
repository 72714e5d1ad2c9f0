#include "daemon/conf/mailstackd_yaml.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "daemon/conf/reference.hpp"
#include "daemon/conf/restart.hpp"
#include "tests/support/source_tree.hpp"
#include "yaml/values.hpp"

namespace mailstack::conf {
namespace {

Result<std::string> secret(std::string const& path) {
  if (path != "secrets/relay") return fail(ErrorCode::not_found, "no such file");
  return std::string("s3cret\n");
}

Settings read(std::string_view text) {
  Settings settings;
  auto const problems = read_yaml("m", text, secret, settings);
  INFO(format(problems));
  REQUIRE(problems.empty());
  return settings;
}

std::string problems_of(std::string_view text) {
  Settings settings;
  return format(read_yaml("m", text, secret, settings));
}

TEST_CASE("mailstackd.yaml: every group of keys fills its settings", "[conf]") {
  auto const all = read(R"(
hostname: mx.example.org
listen:
  - {service: smtp, address: ":25"}
  - {address: "[::1]:465", service: submissions}
  - {address: /run/mail/submission, service: submission}
spool: /srv/queue
trusted_networks: [127.0.0.0/8, "::1"]
proxies: 192.0.2.7
line_ends: normalise
dns: {servers: [127.0.0.1, "[::1]:5353"], dnssec: on, timeout: 500ms, attempts: 2}
smarthost: {password_file: secrets/relay, user: me, port: 2465, tls: implicit, host: relay.example.net}
delivery:
  port: 2525
  own_names: [mx1.example.org]
  own_addresses: ["2001:DB8::1"]
  source: {ipv4: 192.0.2.1, ipv6: "2001:db8::1"}
  timeouts: {connect: 1s, greeting: 2s, ehlo: 3s, command: 4s, data: 5s, block: 6s, dot: 7s, quit: 8s, starttls: 9s}
  concurrency: {per_destination: 3, total: 30}
  downgrade_memory: 1d12h
  local: lmtp
  lmtp: /run/lmtp
queue:
  retry: {first: 10s, max: 1m, jitter: 10%}
  host_backoff: {first: 5s, max: 1m}
  lifetime: 2d
  delay_warning: 0s
  reserve: 0.1
limits: {message: 10M, per_address: 7, per_user: 8, errors: 9}
srs: {secret_file: secrets/srs, lifetime: 7d}
log: json
loops: 2
)");
  REQUIRE(all.listen.size() == 3);
  CHECK(all.listen[0].service == smtp::Service::smtp);
  CHECK(all.listen[0].port == 25);
  CHECK(all.listen[1].service == smtp::Service::submissions);
  CHECK(all.listen[2].address == "/run/mail/submission");
  CHECK(all.spool == "/srv/queue");
  CHECK(all.state == "/srv/queue/state");
  CHECK(all.control_socket.empty());
  CHECK(all.trusted_networks[1].bits == 128);
  CHECK(all.proxies.size() == 1);
  CHECK(all.normalise_line_ends);
  CHECK(all.dns.servers == std::vector<std::string>{"127.0.0.1:53", "[::1]:5353"});
  CHECK(all.dns.dnssec);
  CHECK(all.dns.timeout == milliseconds(500));
  REQUIRE(all.smarthost);
  CHECK(all.smarthost->port == 2465);
  CHECK(all.smarthost->password.reveal() == "s3cret");
  CHECK(all.delivery.own_addresses == std::vector<std::string>{"2001:db8::1"});
  CHECK(all.delivery.source.ipv4 == "192.0.2.1");
  auto const& timeouts = all.delivery.timeouts;
  CHECK(timeouts.connect.count() == 1);
  CHECK(timeouts.greeting.count() == 2);
  CHECK(timeouts.ehlo.count() == 3);
  CHECK(timeouts.command.count() == 4);
  CHECK(timeouts.data.count() == 5);
  CHECK(timeouts.block.count() == 6);
  CHECK(timeouts.dot.count() == 7);
  CHECK(timeouts.quit.count() == 8);
  CHECK(timeouts.starttls.count() == 9);
  CHECK(all.delivery.total == 30);
  CHECK(all.delivery.downgrade_memory == std::chrono::hours(36));
  CHECK(all.delivery.local == Settings::Delivery::Local::lmtp);
  CHECK(all.queue.jitter == Approx(0.1));
  CHECK(all.queue.reserve == Approx(0.1));
  CHECK(all.queue.delay_warning.count() == 0);
  CHECK(all.limits.session.message == 10U << 20U);
  CHECK(all.limits.per_user_rate == 8);
  CHECK(all.srs_lifetime == std::chrono::hours(7 * 24));
  CHECK(all.log == Settings::Log::json);
}

TEST_CASE("mailstackd.yaml: what follows from others does so in any order", "[conf]") {
  for (auto const* text : {"state: /s\nspool: /q\n", "spool: /q\nstate: /s\n"}) {
    auto const both = read(text);
    CHECK(both.spool == "/q");
    CHECK(both.state == "/s");
  }
  CHECK(read("control_socket: /c\nspool: /q\n").control_socket == "/c");
  CHECK(read("state: /s\n").spool.empty());
  CHECK(read("smarthost: {port: 25, tls: implicit, host: a}").smarthost->port == 25);
  CHECK(read("smarthost: {tls: implicit, host: a}").smarthost->port == 465);
  CHECK(read("smarthost: {host: a}").smarthost->port == 587);
}

// chasquid's port of 1099 is everybody's; a tree that both read could not have it closed for one.
TEST_CASE("mailstackd.yaml: an empty monitoring_address takes back chasquid.conf's", "[conf]") {
  Settings settings;
  settings.monitoring_address = "127.0.0.1:1099";
  CHECK(read_yaml("m", "monitoring_address: \"\"", secret, settings).empty());
  CHECK_FALSE(settings.monitoring_address);
}

TEST_CASE("mailstackd.yaml: each mistake is told with place and remedy", "[conf]") {
  struct Case {
    char const* text;
    char const* said;  ///< the beginning
  };
  static constexpr Case cases[] = {
      {"delay_warning: 1h",
       "m:1:1: error: unknown key `delay_warning`; did you mean `queue.delay_warning`?"},
      {"lifetime: 1h",
       "m:1:1: error: unknown key `lifetime`; did you mean `srs.lifetime` or `queue.lifetime`?"},
      {"lisen: []", "m:1:1: error: unknown key `lisen`; did you mean `listen`?"},
      {"dns:\n  server: a", "m:2:3: error: unknown key `server`; did you mean `servers`?"},
      {"dns: {qqqq: 1}", "m:1:7: error: unknown key `qqqq`; the keys here are: servers, dnssec, "},
      {"listen: [{address: ':25'}]", "m:1:10: error: `service` is missing; write one of smtp, "},
      {"listen: [{service: smtp, address: 'mx:25'}]", "m:1:35: error: `address`: the host is not"},
      {"listen: [{service: imap, address: ':25'}]", "m:1:20: error: `service`: it is not among"},
      {"listen: ':25'", "m:1:9: error: `listen` is a single value; write a list of mappings"},
      {"listen: [':25']", "m:1:10: error: in `listen` stands a single value; write a mapping"},
      {"spool:", "m:1:1: error: `spool` is nothing; write a path"},
      {"spool: [a]", "m:1:8: error: `spool` is a list; write a path"},
      {"dns: 5", "m:1:6: error: `dns` is a single value; write a mapping"},
      {"trusted_networks: [{a: b}]", "m:1:20: error: in `trusted_networks` stands a mapping"},
      {"trusted_networks: [192.0.2.7/24]", "m:1:19: error: `trusted_networks`: 192.0.2.7/24: bits"},
      {"dns: {timeout: 0ms}", "m:1:16: error: `timeout`: it must lie from 1ms to 1h"},
      {"dns: {attempts: 11}", "m:1:17: error: `attempts`: it must lie from 1 to 10"},
      {"dns: {dnssec: yes}",
       "m:1:15: error: `dnssec`: it is not among its words; write one of on, off"},
      {"limits: {errors: \"5\"}", "m:1:18: error: `errors`: in quotes it is text"},
      {"limits: {message: 5T}", "m:1:19: error: `message`: it is not a number with an optional K"},
      {"queue: {lifetime: 5}", "m:1:19: error: `lifetime`: `5` is not a duration: a unit"},
      {"queue: {reserve: 200%}", "m:1:18: error: `reserve`: a share lies from 0 to 1"},
      {"queue: {reserve: nan}", "m:1:18: error: `reserve`: "},
      {"queue: {retry: {first: 2h, max: 1h}}", "m:1:17: error: `queue.retry.first` is more than"},
      {"limits: {message: 300M}", "m:1:10: error: `limits.message` is more than `limits.memory`"},
      {"delivery: {local: maildir}",
       "m:1:12: error: the directory for `local: maildir` is missing"},
      {"delivery: {local: lmtp}", "m:1:12: error: the server for `local: lmtp` is missing"},
      {"smarthost: {port: 25}", "m:1:12: error: `host` is missing; write a text"},
      {"smarthost: {host: a, user: b}", "m:1:1: error: `user` and the password belong together"},
      {"smarthost: {host: a, password: b}",
       "m:1:1: error: `user` and the password belong together"},
      {"smarthost: {host: a, user: b, password: c, tls: never}", "m:1:44: error: without TLS no"},
      {"smarthost: {host: a, user: b, password_file: nowhere}",
       "m:1:46: error: `password_file`: nowhere"},
      {"spool: /a\nspool: /b", "m:2:1: error: `spool` stands here a second time (some programs"},
      {"[a]", "m:1:1: error: the file is not a mapping"},
      {"a: [", "m:1:1: error: end of sequence flow not found"},
      {"\tspool: a", "m:1:1: error: a tab stands in the indentation"},
  };
  for (auto const& one : cases) {
    INFO(one.text);
    CHECK_THAT(problems_of(one.text), Catch::StartsWith(one.said));
  }
  CHECK(problems_of("").empty());
  CHECK(problems_of("dns:\nqueue: {}\n").empty());
  // All at once, in the order of the file.
  CHECK_THAT(problems_of("zzz: 1\nloops: x\nspool: [1]\n"),
             Catch::Contains("m:1:1") && Catch::Contains("\nm:2:8") && Catch::Contains("\nm:3:8"));
}

TEST_CASE("mailstackd.yaml: a password stands in no message", "[conf]") {
  for (auto const* text :
       {"smarthost: {host: a, password: [geheim]}", "smarthost: {password: geheim}",
        "smarthost: {host: a, password: geheim, user: b, password_file: secrets/relay}",
        "smarthost: {host: a, password: {geheim: 1}}"}) {
    INFO(text);
    auto const said = problems_of(text);
    CHECK_FALSE(said.empty());
    CHECK(said.find("geheim") == std::string::npos);
  }
}

TEST_CASE("mailstackd.yaml: the defaults of the table are those of the settings", "[conf]") {
  ReadSecret const none;
  DomainConf none_of_them;
  std::size_t compared = 0;
  for (auto const& row : settings_rows()) {
    if (row.key.fallback.empty() || row.show == nullptr) continue;
    INFO(row.key.path);
    Settings settings;
    Draft draft{settings, none_of_them.policies, none_of_them.source, none};
    auto const texts = yaml::fallback_values(row.key.fallback);
    REQUIRE_FALSE(texts.empty());
    REQUIRE(row.put(draft, texts));
    CHECK(row.show(settings) == row.show(Settings{}));
    ++compared;
  }
  CHECK(compared > 40);
}

TEST_CASE("domains/D/mailstackd.yaml: policies by folded name", "[conf]") {
  DomainConf conf;
  auto const& policies = conf.policies;
  auto const problems = read_domain_yaml("d", R"(
source: {ipv4: 203.0.113.11, ipv6: 2001:DB8::11, name: mail.example.org}
users:
  Ann: {send_as: [Sales@example.org, "*@example.net"], limit: {per_hour: 50}}
  old: {disabled: true}
  app: {receive: false}
  none:
)",
                                         conf);
  INFO(format(problems));
  CHECK(problems.empty());
  CHECK(conf.source.ipv4 == "203.0.113.11");
  CHECK(conf.source.ipv6 == "2001:db8::11");
  CHECK(conf.source.name == "mail.example.org");
  CHECK(policies.size() == 4);
  CHECK(policies.at("ann").send_as.size() == 2);
  CHECK(policies.at("ann").per_hour == 50);
  CHECK(policies.at("old").disabled);
  CHECK(policies.at("old").receive);
  CHECK_FALSE(policies.at("app").receive);

  struct Case {
    char const* text;
    char const* said;
  };
  static constexpr Case cases[] = {
      {"users: {a: {send_as: b}}",
       "d:1:22: error: `send_as`: b is neither an address nor *@DOMAIN"},
      {"users: {a: {send_as: \"*@\"}}", "d:1:22: error: `send_as`: *@: no domain"},
      {"users: {a: {disabled: yes}}", "d:1:23: error: `disabled`: only true and false"},
      {"users: {a: {limit: {per_hour: 0}}}", "d:1:31: error: `per_hour`: it must lie from 1"},
      {"users: {a: {limits: {}}}", "d:1:13: error: unknown key `limits`; did you mean `limit`?"},
      {"users: {A: {}, a: {}}", "d:1:16: error: `a`: this is the user a a second time"},
      {"users: {\"a b\": {}}", "d:1:9: error: `a b`: "},
      {"users: [a]", "d:1:8: error: `users` is a list; write a mapping"},
      {"listen: []", "d:1:1: error: unknown key `listen`"},
      {"source: {ipv4: \"2001:db8::1\"}", "d:1:16: error: `ipv4`: "},
      {"source: {ipv6: 192.0.2.1}", "d:1:16: error: `ipv6`: "},
      {"source: {address: 192.0.2.1}",
       "d:1:10: error: unknown key `address`; the keys here are: ipv4, "},
  };
  for (auto const& one : cases) {
    INFO(one.text);
    conf = {};
    CHECK_THAT(format(read_domain_yaml("d", one.text, conf)), Catch::StartsWith(one.said));
  }
}

TEST_CASE("restart: what a running daemon does not take is named", "[conf]") {
  Settings const running;
  Settings loaded;
  CHECK(needs_restart(running, loaded).empty());
  loaded.limits.session.errors = 3;
  loaded.smarthost.emplace();
  CHECK(changed_keys(running, loaded) == std::vector<std::string>{"smarthost", "limits.errors"});
  CHECK(needs_restart(running, loaded).empty());
  loaded.listen.push_back({{}, 25, smtp::Service::smtp, false});
  loaded.spool = "/elsewhere";
  loaded.loops = 3;
  loaded.user = "mail";
  loaded.seccomp = false;
  loaded.hostname = "b.example";
  loaded.log = Settings::Log::json;
  loaded.mail_log_path = "/elsewhere";
  loaded.queue.reserve = 0.1;
  CHECK(needs_restart(running, loaded) ==
        std::vector<std::string>{"hostname", "listen", "user", "seccomp", "spool", "log",
                                 "mail_log_path", "loops", "queue.reserve"});
  auto other = loaded;
  other.smarthost->password = Secret<std::string>("x");
  CHECK(changed_keys(loaded, other) == std::vector<std::string>{"smarthost"});
}

TEST_CASE("reference: docs/mailstackd.yaml.md is what the table says", "[conf]") {
  auto const path = support::in_source("docs/mailstackd.yaml.md");
  if (std::getenv("UPDATE_GOLDEN") != nullptr) std::ofstream(path) << reference();
  std::ifstream file(path);
  std::string const written(std::istreambuf_iterator<char>(file), {});
  CHECK(written == reference());
}

TEST_CASE("reference: an empty text that says something is shown", "[conf]") {
  CHECK(reference().find("to everybody who gets there; `\"\"`: nowhere, whatever") !=
        std::string::npos);
}

TEST_CASE("reference: its examples are read without a problem", "[conf]") {
  auto const text = reference();
  auto const example = [&](std::size_t from) {
    auto const start = text.find("```yaml\n", from) + 8;
    return std::pair(start, text.substr(start, text.find("```", start) - start));
  };
  auto const [at, settings] = example(0);
  Settings read_into;
  CHECK(format(read_yaml("m", settings, secret, read_into)).empty());
  DomainConf conf;
  CHECK(format(read_domain_yaml("d", example(at).second, conf)).empty());
}

}  // namespace
}  // namespace mailstack::conf
