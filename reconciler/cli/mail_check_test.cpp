#include "reconciler/cli/mail_check.hpp"

#include <catch2/catch.hpp>

#include "core/dns/rrset.hpp"
#include "core/files/memory_files.hpp"
#include "core/mail/dkim/private_key.hpp"
#include "tests/golden/cases.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_control.hpp"
#include "tests/support/fake_dns_query.hpp"
#include "tests/support/fake_systemd.hpp"
#include "tests/support/source_tree.hpp"

using namespace mailstack;
using doctor::Verdict;

namespace {

class Sender final : public world::MailSender {
 public:
  Result<> greet(world::MailServer const& server) override {
    greeted.push_back(server);
    auto const bad = broken.find(server.address);
    return bad == broken.end() ? Result<>{} : fail(bad->second);
  }
  Result<std::string> send(world::MailServer const& server, world::TestMail const& mail) override {
    CHECK(server.address == "127.0.0.1:465");
    CHECK(mail.password.reveal() == "geheim");
    sent.push_back(mail.text);
    return reply;
  }
  std::map<std::string, Error> broken;
  Result<std::string> reply = "250 2.0.0 queued as 4F2A";
  std::vector<world::MailServer> greeted;
  std::vector<std::string> sent;
};

constexpr char const* waiting =
    R"({"messages":[{"id":"4F2A","state":"waiting","message_id":"<check.0badcafe@example.org>",)"
    R"("recipients":[{"address":"x@example.net","host":"mx.example.net","reply":"451 later"}]}]})";

struct Bench {
  manifest::Host host;
  files::MemoryFiles files;
  support::FakeClock clock;
  Sender sender;
  support::FakeDnsQuery dns;
  support::FakeControl control;
  support::FakeSystemd systemd;
  unsigned looks = 0;
  unsigned stays = 0;  ///< looks at the queue in which the mail is still there

  Bench() {
    host.fqdn = *dns::Name::parse("smtp.example.org");
    control.answer = [this](std::string const& request) -> Result<std::string> {
      CHECK(request.find(R"("do":"queue list")") != std::string::npos);
      return std::string(looks++ < stays ? waiting : R"({"messages":[]})");
    };
  }
  doctor::Findings run(std::string const& to = "x@example.net") {
    cli::MailCheck const check{host,
                               {":25"},
                               {},
                               {":465"},
                               "/etc/mailstackd",
                               {},
                               "/run/c",
                               "mailstackd.service",
                               {*dns::Name::parse("example.org")},
                               "i@example.org",
                               to,
                               Secret<std::string>("geheim"),
                               "0badcafe",
                               Duration(3)};
    return cli::check_mail(check, {files, clock, sender, dns, control, systemd});
  }
  static doctor::Finding last(doctor::Findings const& all) {
    REQUIRE_FALSE(all.empty());
    return all.back();
  }
};

}  // namespace

TEST_CASE("check: ports, login and the way of a mail", "[cli]") {
  Bench bench;
  bench.stays = 2;
  bench.systemd.failing["mailstackd.service"].lines = {
      "4F2A from=i@example.org to=x@example.net sent"};
  auto const found = bench.run();
  REQUIRE(found.size() == 5);
  CHECK(found[0].asked == "certificate of port 25");
  CHECK(found[1].asked == "certificate of port 465");
  CHECK(found[2].check == "dkim");
  CHECK(found[2].verdict == Verdict::warning);
  CHECK(found[3].answered == "250 2.0.0 queued as 4F2A");
  CHECK(found[4].verdict == Verdict::ok);
  CHECK(found[4].answered.ends_with(" sent"));
  CHECK(bench.sender.greeted[0].starttls);
  CHECK_FALSE(bench.sender.greeted[1].starttls);
  CHECK(bench.sender.greeted[0].name == "smtp.example.org");
  REQUIRE(bench.sender.sent.size() == 1);
  CHECK(bench.sender.sent[0].find("Message-ID: <check.0badcafe@example.org>\r\n") !=
        std::string::npos);
}

TEST_CASE("check: each step that fails says what it means", "[cli]") {
  Bench bench;
  SECTION("a certificate that nobody trusts") {
    bench.sender.broken["127.0.0.1:25"] = {ErrorCode::denied, "expired"};
    auto const found = bench.run();
    CHECK(found[0].verdict == Verdict::problem);
    CHECK(found[0].answered == "expired");
  }
  SECTION("a login that is refused ends it") {
    bench.sender.reply = fail(ErrorCode::denied, "the login is refused");
    auto const last = Bench::last(bench.run());
    CHECK(last.check == "login");
    CHECK(last.verdict == Verdict::problem);
    CHECK(bench.looks == 0);
  }
  SECTION("a receiver that refuses it") {
    bench.systemd.failing["mailstackd.service"].lines = {
        "4F2A from=i@example.org to=x@example.net failed (permanent): mx.example.net: 550 no"};
    auto const last = Bench::last(bench.run());
    CHECK(last.verdict == Verdict::problem);
    CHECK(last.answered.ends_with("550 no"));
  }
  SECTION("a receiver that lets it wait") {
    bench.stays = 1000;
    auto const last = Bench::last(bench.run());
    CHECK(last.verdict == Verdict::warning);
    CHECK(last.answered == "it is waiting: mx.example.net says 451 later");
  }
  SECTION("a daemon without a control socket") {
    bench.control.answer = nullptr;
    CHECK(Bench::last(bench.run()).verdict == Verdict::unknown);
  }
  SECTION("nothing is sent where nobody gets it") {
    auto const found = bench.run("");
    CHECK(Bench::last(found).check == "dkim");
    CHECK(bench.sender.sent.empty());
  }
}

TEST_CASE("check: a key is compared with its record", "[cli]") {
  Bench bench;
  auto const pem = golden::read(support::in_source("tests/golden/keys/ed25519.pem"));
  auto const directory = std::string("/etc/mailstackd/domains/example.org");
  REQUIRE(bench.files.make_directory(directory, {}));
  REQUIRE(bench.files.write(directory + "/dkim:s1.pem", pem, {}));
  auto const dkim = [&] { return bench.run("").back(); };
  CHECK(dkim().asked == "DKIM key s1._domainkey.example.org");
  CHECK(dkim().verdict == Verdict::problem);
  auto& record = bench.dns.records[{"s1._domainkey.example.org.", dns::type::txt}];
  record = {dns::txt_value("v=DKIM1; k=ed25519; p=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")};
  CHECK(dkim().answered == "its record holds another key");
  auto const key = mail::dkim::PrivateKey::parse(Secret<std::string>(pem));
  REQUIRE(key);
  record = {dns::txt_value("v=DKIM1; k=ed25519; p=" + *key->public_key())};
  CHECK(dkim().verdict == Verdict::ok);
  bench.dns.silent.insert("192.0.2.53:53");
  CHECK(dkim().verdict == Verdict::unknown);
}
