#include <catch2/catch.hpp>

#include "daemon/delivery/remote_world_test.hpp"

namespace mailstack::delivery {
namespace {

using namespace test;

TEST_CASE("remote: a message goes to the best MX as it was stored", "[delivery]") {
  World world;
  world.mx_host("d.example", "20", "two.example", "192.0.2.2");
  world.mx_host("d.example", "10", "one.example", "192.0.2.1");
  auto& one = world.hosts.at("192.0.2.1:25");
  world.hosts.at("192.0.2.2:25");
  auto const outcomes = world.deliver(World::job({"b@d.example", "c@d.example"}));
  REQUIRE(outcomes.size() == 2);
  CHECK(smtp::one_line(outcomes[1].reply) == "250 2.0.0 kept");
  CHECK(outcomes[1].host == "one.example");
  REQUIRE(one.mails.size() == 1);
  CHECK(one.mails[0].to == std::vector<std::string>{"b@d.example", "c@d.example"});
  CHECK(one.mails[0].content == "Subject: x\r\n\r\n.dot\r\n");
  CHECK(one.commands[0] == "EHLO out.example.org");
}

TEST_CASE("remote: a dead host, one that greets badly and one that breaks off lead to the next",
          "[delivery]") {
  World world;
  world.mx_host("d.example", "10", "dead.example", "192.0.2.1");
  world.mx_host("d.example", "20", "unwell.example", "192.0.2.2");
  world.mx_host("d.example", "30", "mute.example", "192.0.2.3");
  world.mx_host("d.example", "40", "lost.example", "192.0.2.4");
  world.mx_host("d.example", "50", "good.example", "192.0.2.5");
  world.hosts.at("192.0.2.2:25").greeting = "554 5.3.2 not me";
  world.hosts.at("192.0.2.3:25").greeting = "close";
  world.hosts.at("192.0.2.4:25").replies["MAIL"] = "close";
  auto& good = world.hosts.at("192.0.2.5:25");
  CHECK(world.replies({"b@d.example"}) == "250 2.0.0 kept");
  CHECK(good.mails.size() == 1);
  CHECK(world.hosts.at("192.0.2.4:25").connections == 1);
}

TEST_CASE("remote: where every host is unwell the message waits, whatever they said",
          "[delivery]") {
  World world;
  world.mx_host("d.example", "10", "one.example", "192.0.2.1");
  CHECK(world.replies({"b@d.example"}) ==
        "451 4.4.1 no connection to one.example [192.0.2.1]: connection refused (host)");
  world.hosts.at("192.0.2.1:25").greeting = "554 5.7.1 go away";
  CHECK(world.replies({"b@d.example"}) ==
        "451 4.4.1 refused for now: 554 5.7.1 one.example [192.0.2.1]: go away (host)");
}

TEST_CASE("remote: hosts that never take mail end it (RFC 7504)", "[delivery]") {
  World world;
  world.mx_host("d.example", "10", "one.example", "192.0.2.1");
  world.hosts.at("192.0.2.1:25").greeting = "521 no mail here";
  CHECK(world.replies({"b@d.example"}).starts_with("521 one.example"));
  world.mx_host("d.example", "20", "two.example", "192.0.2.2");
  CHECK(world.replies({"b@d.example"}).starts_with("451 4.4.1 no connection to two.example"));
}

TEST_CASE("remote: refusals of MAIL, RCPT and the message are final at the first host",
          "[delivery]") {
  World world;
  world.mx_host("d.example", "10", "one.example", "192.0.2.1");
  world.mx_host("d.example", "20", "two.example", "192.0.2.2");
  auto& two = world.hosts.at("192.0.2.2:25");
  auto& one = world.hosts.at("192.0.2.1:25");
  one.replies["RCPT TO:<b@"] = "450 4.2.0 greylisted";
  CHECK(world.replies({"b@d.example", "c@d.example"}) == "450 4.2.0 greylisted\n250 2.0.0 kept");
  one.replies["."] = "554 5.7.1 spam";
  CHECK(world.replies({"b@d.example", "c@d.example"}) == "450 4.2.0 greylisted\n554 5.7.1 spam");
  CHECK(two.connections == 0);
}

TEST_CASE("remote: lost after the dot waits, and does not go to the next host at once",
          "[delivery]") {
  World world;
  world.mx_host("d.example", "10", "one.example", "192.0.2.1");
  world.mx_host("d.example", "20", "two.example", "192.0.2.2");
  world.hosts.at("192.0.2.1:25").replies["."] = "close";
  auto& two = world.hosts.at("192.0.2.2:25");
  CHECK(world.replies({"b@d.example"}).starts_with("451 4.4.2 the connection was lost"));
  CHECK(two.connections == 0);
}

TEST_CASE("remote: 421 in a transaction defers the rest, and is the host's fault", "[delivery]") {
  World world;
  world.mx_host("d.example", "10", "one.example", "192.0.2.1");
  world.hosts.at("192.0.2.1:25").replies["RCPT TO:<c@"] = "421 4.7.0 slow down";
  world.hosts.at("192.0.2.1:25").replies["RCPT TO:<b@"] = "550 5.1.1 no";
  CHECK(world.replies({"b@d.example", "c@d.example"}) ==
        "550 5.1.1 no\n421 4.7.0 slow down (host)");
}

// ---- kept connections ----

TEST_CASE("remote: one connection carries many messages, as many as it may", "[delivery]") {
  World world;
  world.settings.delivery.per_connection = 3;
  world.mx_host("d.example", "10", "one.example", "192.0.2.1");
  world.mx_host("e.example", "10", "one.example", "192.0.2.1");
  auto& one = world.hosts.at("192.0.2.1:25");
  for (int i = 0; i < 4; ++i)
    CHECK(world.replies({i % 2 == 0 ? "b@d.example" : "b@e.example"}) == "250 2.0.0 kept");
  CHECK(one.connections == 2);
  CHECK(one.mails.size() == 4);
  CHECK(one.commands[0] == "EHLO out.example.org");
}

TEST_CASE("remote: a kept connection that died counts for nothing", "[delivery]") {
  World world;
  world.mx_host("d.example", "10", "one.example", "192.0.2.1");
  auto& one = world.hosts.at("192.0.2.1:25");
  CHECK(world.replies({"b@d.example"}) == "250 2.0.0 kept");
  world.hosts.close_all();
  world.settle();
  CHECK(world.replies({"b@d.example"}) == "250 2.0.0 kept");
  CHECK(one.connections == 2);
  // It dies just as the message goes out.
  one.replies["MAIL"] = "421 4.4.2 idle for too long";
  CHECK(world.replies({"b@d.example"}) == "421 4.4.2 idle for too long (host)");
  CHECK(one.connections == 3);
}

TEST_CASE("remote: what is not needed for a while is closed with QUIT", "[delivery]") {
  World world;
  world.settings.delivery.keep_idle = std::chrono::seconds(0);
  world.mx_host("d.example", "10", "one.example", "192.0.2.1");
  auto& one = world.hosts.at("192.0.2.1:25");
  CHECK(world.replies({"b@d.example"}) == "250 2.0.0 kept");
  CHECK(one.commands.back() == "QUIT");
  CHECK(one.open == 0);
}

// ---- TLS ----

TEST_CASE(
    "remote: TLS where it is offered; a broken handshake is retried in the clear at the same "
    "host",
    "[delivery]") {
  World world;
  world.mx_host("d.example", "10", "one.example", "192.0.2.1");
  auto& one = world.hosts.at("192.0.2.1:25");
  one.starttls = true;
  one.tls_works = false;
  CHECK(world.replies({"b@d.example"}) == "250 2.0.0 kept");
  CHECK(one.connections == 2);
  CHECK_FALSE(one.mails[0].tls);
  one.tls_works = true;
  world.hosts.close_all();
  world.settle();
  CHECK(world.replies({"b@d.example"}) == "250 2.0.0 kept");
  CHECK(one.mails[1].tls);
}

TEST_CASE(
    "remote: a domain that was seen with TLS is not served without, for a while and over a "
    "restart",
    "[delivery]") {
  World world;
  world.mx_host("d.example", "10", "one.example", "192.0.2.1");
  auto& one = world.hosts.at("192.0.2.1:25");
  one.starttls = true;
  CHECK(world.replies({"b@d.example"}) == "250 2.0.0 kept");
  world.hosts.close_all();

  World later;
  later.settings.state = world.directory.path();
  later.now = world.now + std::chrono::hours(71);
  later.mx_host("d.example", "10", "one.example", "192.0.2.1");
  auto& stripped = later.hosts.at("192.0.2.1:25");
  CHECK(later.replies({"b@d.example"}).starts_with("451 4.7.5 "));
  stripped.starttls = true;
  stripped.tls_works = false;
  CHECK(later.replies({"b@d.example"}).starts_with("451 4.7.5 "));
  CHECK(stripped.mails.empty());
  stripped.starttls = false;
  later.now = world.now + std::chrono::hours(73);
  CHECK(later.replies({"b@d.example"}) == "250 2.0.0 kept");
}

// ---- smarthost, via, literals ----

TEST_CASE("remote: a smarthost takes all under TLS, with the password, from a good certificate",
          "[delivery]") {
  World world;
  world.settings.smarthost = conf::Smarthost{.host = "smart.example",
                                             .port = 587,
                                             .tls = conf::Smarthost::Tls::starttls,
                                             .user = "joe",
                                             .password = Secret<std::string>("x")};
  world.resolver.add("smart.example.", a, "192.0.2.9");
  auto& smart = world.hosts.at("192.0.2.9:587");
  smart.offers.push_back("AUTH PLAIN");
  CHECK(world.replies({"b@d.example"}).starts_with("451 4.7.5 "));
  smart.starttls = true;
  CHECK(world.replies({"b@d.example"}) ==
        "451 4.7.5 smart.example [192.0.2.9]: the TLS handshake failed: the certificate of "
        "smart.example is not good (host)");
  for (auto const& command : smart.commands) CHECK_FALSE(command.starts_with("AUTH"));
  smart.verified = true;
  CHECK(world.replies({"b@d.example"}) == "250 2.0.0 kept");
  CHECK(smart.mails.at(0).tls);
  smart.replies["AUTH"] = "535 5.7.8 wrong";
  world.hosts.close_all();
  world.settle();
  CHECK(world.replies({"b@d.example"}).starts_with("451 4.4.1 refused for now: 535 5.7.8 "));
}

TEST_CASE("remote: a smarthost is one destination, whoever the recipients are", "[delivery]") {
  World world;
  auto job = World::job({"b@d.example", "c@e.example"});
  CHECK(destination_of(world.settings, job.recipients[1]) == "e.example");
  world.settings.smarthost = conf::Smarthost{.host = "smart.example",
                                             .port = 587,
                                             .tls = conf::Smarthost::Tls::never,
                                             .user = {},
                                             .password = {}};
  for (auto const& recipient : job.recipients)
    CHECK(destination_of(world.settings, recipient) == "smarthost smart.example");
  world.resolver.add("smart.example.", a, "192.0.2.9");
  auto& smart = world.hosts.at("192.0.2.9:587");
  CHECK(world.replies(job) == "250 2.0.0 kept\n250 2.0.0 kept");
  REQUIRE(smart.mails.size() == 1);
  CHECK(smart.mails[0].to == std::vector<std::string>{"b@d.example", "c@e.example"});
}

TEST_CASE("remote: a job that was put together for a smarthost that is gone goes nowhere at once",
          "[delivery]") {
  World world;
  world.mx_host("d.example", "10", "one.example", "192.0.2.1");
  auto& one = world.hosts.at("192.0.2.1:25");
  auto job = World::job({"b@d.example", "c@e.example"});
  job.destination = "smarthost smart.example";
  world.keep_destination = true;
  CHECK(world.replies(job) ==
        "451 4.3.0 the way has changed meanwhile\n451 4.3.0 the way has changed meanwhile");
  CHECK(one.connections == 0);
}

TEST_CASE("remote: the servers of via are taken in order, without MX", "[delivery]") {
  World world;
  world.resolver.add("s1.example.", a, "127.0.0.5");
  world.resolver.add("s2.example.", a, "192.0.2.2");
  world.mx_host("s2.example", "10", "wrong.example", "192.0.2.3");
  auto job = World::job({"b@d.example"});
  job.recipients[0].way = queue::Way::via;
  job.recipients[0].via = {"s1.example", "s2.example"};
  job.destination = destination_of({}, job.recipients[0]);
  CHECK(job.destination == "via s1.example/s2.example");
  auto& two = world.hosts.at("192.0.2.2:25");
  CHECK(world.replies(job) == "250 2.0.0 kept");
  CHECK(two.mails.size() == 1);
  auto& one = world.hosts.at("127.0.0.5:25");
  CHECK(world.replies(job) == "250 2.0.0 kept");
  CHECK(one.mails.size() == 1);
}

TEST_CASE("remote: an address literal is where it says, but for our own and loopback",
          "[delivery]") {
  World world;
  auto& there = world.hosts.at("192.0.2.7:25");
  CHECK(world.replies({"b@[192.0.2.7]"}) == "250 2.0.0 kept");
  CHECK(there.mails[0].to[0] == "b@[192.0.2.7]");
  CHECK(world.replies({"b@[127.0.0.1]"}).starts_with("550 5.4.4 "));
  CHECK(world.replies({"b@[192.0.2.200]"}).starts_with("550 5.4.6 "));
}

// ---- LMTP, and what never leaves ----

TEST_CASE("remote: LMTP on a unix socket answers for each mailbox", "[delivery]") {
  World world;
  world.settings.delivery.local = conf::Settings::Delivery::Local::lmtp;
  world.settings.delivery.lmtp = "/run/box/lmtp";
  auto& box = world.hosts.at("/run/box/lmtp");
  box.lmtp = true;
  box.replies[". c@"] = "452 4.2.2 full";
  auto job = World::job({"b@example.org", "c@example.org"});
  for (auto& recipient : job.recipients) recipient.way = queue::Way::local;
  CHECK(world.replies(job) == "250 2.0.0 kept\n452 4.2.2 full");
  CHECK(box.commands[0] == "LHLO out.example.org");
  world.settings.delivery.lmtp = "127.0.0.1:24";
  CHECK(world.replies(job).starts_with("451 4.4.1 no connection to 127.0.0.1: "));
  auto& tcp = world.hosts.at("127.0.0.1:24");
  tcp.lmtp = true;
  CHECK(world.replies(job) == "250 2.0.0 kept\n250 2.0.0 kept");
  CHECK(tcp.mails.size() == 1);
}

TEST_CASE("remote: an address that is none is refused, and the others go", "[delivery]") {
  World world;
  world.mx_host("d.example", "10", "one.example", "192.0.2.1");
  world.hosts.at("192.0.2.1:25");
  CHECK(world.replies({"b@d.example", "b@d.example> x"}) ==
        "250 2.0.0 kept\n550 5.1.3 that is no address");
  auto job = World::job({"b@d.example"});
  job.sender = "a@\r\nx";
  CHECK(world.replies(job).starts_with("553 5.1.7 "));
}

TEST_CASE("remote: a peer that trickles octets has no more time than a silent one", "[delivery]") {
  World world;
  world.settings.delivery.timeouts.command = std::chrono::seconds(1);
  world.mx_host("d.example", "10", "one.example", "192.0.2.1");
  auto& one = world.hosts.at("192.0.2.1:25");
  one.offers.clear();  // one command after the other
  one.replies["MAIL"] = "trickle";
  CHECK(world.replies({"b@d.example"}) ==
        "451 4.4.2 one.example [192.0.2.1]: the peer said nothing for too long after MAIL (host)");
  CHECK(one.open == 0);
}

TEST_CASE("remote: an attempt has a limit of its own, and what was decided by then stays",
          "[delivery]") {
  World world;
  world.settings.delivery.timeouts.attempt = std::chrono::seconds(1);
  world.mx_host("d.example", "10", "one.example", "192.0.2.1");
  world.mx_host("d.example", "20", "two.example", "192.0.2.2");
  auto& one = world.hosts.at("192.0.2.1:25");
  world.hosts.at("192.0.2.2:25");
  one.offers.clear();
  one.replies["RCPT TO:<no@"] = "550 5.1.1 nobody";
  one.replies["RCPT TO:<b@"] = "trickle";
  CHECK(world.replies({"no@d.example", "b@d.example"}) ==
        "550 5.1.1 nobody\n451 4.4.2 one.example [192.0.2.1]: the connection was lost (the attempt "
        "took too long) after RCPT (host)");
  CHECK(one.open == 0);
  CHECK(world.hosts.at("192.0.2.2:25").connections == 0);
}

TEST_CASE("remote: a courier that goes away calls nobody", "[delivery]") {
  bool called = false;
  {
    World gone;
    gone.mx_host("d.example", "10", "one.example", "192.0.2.1");
    gone.hosts.at("192.0.2.1:25").replies["EHLO"] = "silent";
    gone.courier().deliver(World::job({"b@d.example"}), [&](auto const&) { called = true; });
    gone.settle();
    CHECK(gone.hosts.at("192.0.2.1:25").open == 1);
  }
  CHECK_FALSE(called);
}

}  // namespace
}  // namespace mailstack::delivery
