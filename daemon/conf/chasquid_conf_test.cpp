#include "daemon/conf/chasquid_conf.hpp"

#include <catch2/catch.hpp>

namespace mailstack::conf {
namespace {

Settings read(std::string_view text) {
  Settings settings;
  auto const problems = read_chasquid_conf("c", text, settings);
  INFO(format(problems));
  REQUIRE(problems.empty());
  return settings;
}

std::string problem(std::string_view text) {
  Settings settings;
  auto const problems = read_chasquid_conf("c", text, settings);
  return problems.size() == 1 && failed(problems) ? format(problems[0]) : "not one problem";
}

TEST_CASE("chasquid.conf: every field of 1.18 is read", "[conf]") {
  auto const all = read(R"(
    hostname: "mx.example.org"
    max_data_size_mb: 20
    smtp_address: ":25"  smtp_address: "[::1]:25"
    submission_address: "127.0.0.1:587"
    submission_over_tls_address: "systemd"
    monitoring_address: "127.0.0.1:1099"
    mail_delivery_agent_bin: '/usr/bin/mda'
    mail_delivery_agent_args: ["-x", "%to%"]
    data_dir: "/srv/chasquid/"
    suffix_separators: "-+"
    drop_characters: ""
    mail_log_path: "<stdout>"
    dovecot_auth: false
    dovecot_userdb_path: ""
    dovecot_client_path: ""
    haproxy_incoming: true
    max_queue_items: 500
    give_up_send_after: "1h30m"
  )");
  CHECK(all.hostname == "mx.example.org");
  CHECK(all.limits.session.message == 20U << 20U);
  REQUIRE(all.listen.size() == 4);
  CHECK(all.listen[1].address == "::1");
  CHECK(all.listen[2].service == smtp::Service::submission);
  CHECK(all.listen[2].port == 587);
  CHECK(all.listen[3].systemd);
  CHECK(all.listen[3].service == smtp::Service::submissions);
  CHECK(all.monitoring_address == "127.0.0.1:1099");
  CHECK(all.delivery.mda == "/usr/bin/mda");
  CHECK(all.delivery.mda_arguments == std::vector<std::string>{"-x", "%to%"});
  CHECK(all.state == "/srv/chasquid/mailstackd");
  CHECK(all.suffix_separators == "-+");
  CHECK(all.drop_characters.empty());
  CHECK(all.mail_log_path == "<stdout>");
  CHECK(all.proxies.size() == 2);
  CHECK(all.queue.max_items == 500);
  CHECK(all.queue.lifetime == std::chrono::minutes(90));
}

TEST_CASE("chasquid.conf: what it leaves out is chasquid's default", "[conf]") {
  auto const none = read("# nothing\n");
  CHECK(none.limits.session.message == 50U << 20U);
  CHECK(none.listen.size() == 3);
  CHECK(none.suffix_separators == "+");
  CHECK(none.drop_characters == ".");
  CHECK(none.queue.lifetime == std::chrono::hours(20));
  CHECK(none.proxies.empty());
  // An empty text is the default, but for the two that mean characters; no address is no service.
  auto const empty = read("hostname: '' data_dir: '' smtp_address: '' max_data_size_mb: 0");
  CHECK(empty.state == "/var/lib/mailstackd");
  CHECK(empty.listen.size() == 2);
  CHECK(empty.limits.session.message == 50U << 20U);
}

TEST_CASE("chasquid.conf: durations are those of Go", "[conf]") {
  auto const lifetime = [](std::string const& text) {
    return read("give_up_send_after: \"" + text + "\"").queue.lifetime;
  };
  CHECK(lifetime("1.5h") == std::chrono::minutes(90));
  CHECK(lifetime("90s") == seconds(90));
  CHECK(lifetime("2h0m0s") == std::chrono::hours(2));
  CHECK(lifetime("5000ms") == seconds(5));
  CHECK(lifetime("0") == std::chrono::hours(20));
  for (auto const* bad : {"20", "1d", "-1h", "h", "1h30", "1e3h", "99999999h", ""})
    CHECK(problem("give_up_send_after: \"" + std::string(bad) + "\"")
              .starts_with("c:1:1: error: give_up"));
}

TEST_CASE("chasquid.conf: each mistake is told with its place", "[conf]") {
  CHECK(problem("\n  hostnam: \"x\"") ==
        "c:2:3: error: unknown field hostnam; did you mean hostname?");
  CHECK(problem("quite_other: 1").find("did you mean") == std::string::npos);
  CHECK(problem("hostname: \"a\"\nhostname: \"b\"") == "c:2:1: error: hostname stands twice");
  CHECK(problem("hostname: [\"a\"]") == "c:1:1: error: hostname stands twice");
  CHECK(problem("hostname: 1") == "c:1:1: error: hostname is not a text in quotes");
  for (auto const* bad : {" ", "a b", "a\\tb", "a\\r\\nb", "a\\x7f"})
    CHECK(problem("hostname: \"" + std::string(bad) + "\"") ==
          "c:1:1: error: hostname holds white space or control characters");
  CHECK(problem("hostname: \".\"") == "c:1:1: error: hostname has nothing but dots");
  CHECK(problem("hostname: \"" + std::string(256, 'a') + "\"") ==
        "c:1:1: error: hostname is longer than 255 octets");
  CHECK(problem("max_data_size_mb: -1") ==
        "c:1:1: error: max_data_size_mb is not a number from 0 to 4096");
  CHECK(problem("max_data_size_mb: \"5\"").starts_with("c:1:1: error: max_data_size_mb"));
  CHECK(problem("dovecot_auth: yes") == "c:1:1: error: dovecot_auth is neither true nor false");
  CHECK(problem("smtp_address: \"mx:25\"").starts_with("c:1:1: error: smtp_address: the host"));
  CHECK(problem("monitoring_address: \"1099\"").starts_with("c:1:1: error: monitoring_address"));
  CHECK(problem("monitoring_address: \"/run/x\"").starts_with("c:1:1: error: monitoring_address"));
  CHECK(problem("hostname: \"a").starts_with("c:1:11: error: "));
  CHECK(problem("hostname { }").starts_with("c:1:1: error: hostname is not a text"));
  Settings settings;
  CHECK(read_chasquid_conf("c", "a: 1\nb: 2\nhostname: 3", settings).size() == 3);
}

TEST_CASE("chasquid.conf: the monitoring address is canonical", "[conf]") {
  CHECK(read("monitoring_address: ':1099'").monitoring_address == ":1099");
  CHECK(read("monitoring_address: 'localhost:1099'").monitoring_address == "127.0.0.1:1099");
  CHECK(read("monitoring_address: '[0::1]:1099'").monitoring_address == "[::1]:1099");
}

TEST_CASE("chasquid.conf: dovecot is a warning, not a reason to stop", "[conf]") {
  Settings settings;
  auto const problems = read_chasquid_conf("c", "dovecot_auth: true", settings);
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].warning);
  CHECK_FALSE(failed(problems));
}

}  // namespace
}  // namespace mailstack::conf
