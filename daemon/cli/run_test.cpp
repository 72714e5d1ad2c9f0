#include "daemon/cli/run.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "daemon/cli/person_test.hpp"
#include "tests/support/source_tree.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace mailstack;
using namespace mailstack::daemon_cli;
using nlohmann::json;
using support::TemporaryDirectory;

TEST_CASE("mailstackd: without a command it serves", "[cli]") {
  Person person;
  CHECK(person.types({}) == 7);
  CHECK(person.served == "/etc/mailstackd");
  CHECK(person.types({"--config", "x/conf"}) == 7);
  CHECK(person.served == support::in_source("x/conf"));
  CHECK(person.asked.empty());
}

TEST_CASE("mailstackd: the queue as a person sees it", "[cli]") {
  Person person;
  CHECK(person.types({"queue", "list"}) == 0);
  CHECK(person.socket == "/run/mailstackd/control");
  CHECK(
      person.out.str() ==
      "1ngh3y0000000  13m   4.1 kB    waiting     bob@example.org\n"
      "    there@remote.example (for team@example.org)  450 4.2.0 greylisted [mx.remote.example], "
      "next in 6m\n"
      "1ngh3y0000007  12m   900 B     held        <>\n"
      "    there@remote.example (for team@example.org)  450 4.2.0 greylisted [mx.remote.example], "
      "held\n");
  CHECK(person.types({"queue", "list", "--sender", "nobody@*"}) == 0);
  CHECK(person.out.str() == "no messages\n");
  CHECK(person.types({"queue", "list", "--format", "json"}) == 0);
  CHECK(json::parse(person.out.str())["messages"].size() == 2);
  CHECK(person.types({"queue", "show", "1ngh3y0000000"}) == 0);
  CHECK(person.out.str().find("i@example.org  delivered") != std::string::npos);
  CHECK(person.types({"queue", "show", "1ngh3y0000000", "--content"}) == 0);
  CHECK(person.out.str() == person.daemon.message);
  person.daemon.message = "\xff";
  CHECK(person.types({"queue", "show", "1ngh3y0000000", "--content"}) == 0);
  CHECK(person.out.str() == "\xff");
  CHECK(person.types({"queue", "stats"}) == 0);
  CHECK(person.out.str().find("remote.example                   2 messages, 0 of 5 running, again "
                              "in 6m  450 4.2.0 greylisted") != std::string::npos);
  CHECK(person.asked.back() == R"({"do":"queue stats","most":20})");
  CHECK(person.out.str().find("1 held, 0 unreadable; deliveries: 0 running, 0 ready, 1 waiting") !=
        std::string::npos);
}

TEST_CASE("mailstackd: a long queue is asked for page by page", "[cli]") {
  Person person;
  auto const first = person.daemon.entries.begin()->second;
  person.daemon.entries.clear();
  for (queue::ItemId id = 1; id <= 2'500; ++id) {
    person.daemon.entries[id] = first;
    person.daemon.entries[id].id = id;
  }
  CHECK(person.types({"queue", "list", "--format", "json"}) == 0);
  CHECK(json::parse(person.out.str())["messages"].size() == 2'500);
  CHECK(person.asked.size() == 3);
  CHECK(person.types({"queue", "list", "--format", "json", "--most", "1001"}) == 0);
  CHECK(json::parse(person.out.str())["messages"].size() == 1'001);
}

TEST_CASE("mailstackd: what strangers wrote does not steer the terminal", "[cli]") {
  Person person;
  auto& entry = person.daemon.entries.begin()->second;
  entry.envelope.sender = "\x1b]0;x\x07@example.org";
  entry.envelope.recipients[0].last_reply = "550 \x1b[2J\r\n";
  CHECK(person.types({"queue", "list"}) == 0);
  CHECK(person.out.str().find('\x1b') == std::string::npos);
  CHECK(person.out.str().find("550 \\u{1b}[2J") != std::string::npos);
}

TEST_CASE("mailstackd: how long a command waits for its answer", "[cli]") {
  Person person;
  using std::chrono::minutes;
  for (std::string const word : {"flush", "hold", "release", "remove"}) {
    person.types({"queue", word, "--held"});
    CHECK(person.patience == minutes(10));
  }
  person.types({"reload"});
  CHECK(person.patience == minutes(10));
  person.types({"status"});
  CHECK(person.patience == minutes(1));
  person.types({"queue", "list"});
  CHECK(person.patience == minutes(1));
  person.types({"stop"});
  CHECK(person.patience == minutes(1));
}

TEST_CASE("mailstackd: what changes the queue", "[cli]") {
  Person person;
  CHECK(person.types({"queue", "flush"}) == 0);
  CHECK(person.out.str() == "1 message\n");
  CHECK(person.types({"queue", "remove", "1ngh3y0000000", "1ngh3y0000007"}) == 0);
  CHECK(person.out.str() == "2 messages\n");
  CHECK(person.err.str().empty());
  CHECK(person.types({"queue", "hold", "1ngh3y0000000", "1ngh3y0000007"}) == 0);
  CHECK(person.out.str() == "1 message\n");
  CHECK(person.err.str() == "mailstackd: 1ngh3y0000007: nothing to do, it is held\n");
  CHECK(person.types({"queue", "remove", "--sender", "<>", "--bounce", "--format", "json"}) == 0);
  CHECK(person.out.str() == "{\"count\":1}\n");
  CHECK(person.asked.back() == R"({"do":"queue remove","sender":"<>","bounce":true})");
  CHECK(person.types({"queue", "release", "--held", "--older-than", "1h30m"}) == 0);
  CHECK(person.asked.back() == R"({"do":"queue release","held":true,"older_than":"1h30m"})");
  CHECK(person.types({"queue", "remove", "0000000000009"}) == 1);
  CHECK(person.err.str() == "mailstackd: 0000000000009: no such message in the queue\n");
  // Nothing is changed where one of them is none.
  auto const before = person.daemon.did.size();
  CHECK(person.types({"queue", "hold", "1ngh3y0000000", "no-id"}) == 3);
  CHECK(person.daemon.did.size() == before);
  CHECK(person.types({"queue", "hold"}) == 3);
  CHECK(person.err.str() ==
        "mailstackd: queue hold needs ids or a filter; where every message is meant, --all\n");
  CHECK(person.types({"queue", "flush", "--all", "--held"}) == 3);
  CHECK(person.err.str() == "mailstackd: --all and filters exclude each other\n");
  // Nothing goes by mistake.
  for (std::vector<std::string> const& words : {std::vector<std::string>{"remove"},
                                                {"hold"},
                                                {"release"},
                                                {"remove", ""},
                                                {"remove", "--sender", ""},
                                                {"remove", "1ngh3y0000000", "--all"},
                                                {"remove", "x"},
                                                {"remove", "--sendr", "x"},
                                                {"remove", "--held", "--not-held"},
                                                {"remove", "--older-than", "soon"},
                                                {"list", "--bounce"},
                                                {"list", "--most", "0"},
                                                {"show"},
                                                {"show", "x"},
                                                {"eat"},
                                                {}}) {
    auto all = words;
    all.insert(all.begin(), "queue");
    CAPTURE(words);
    auto const did = person.daemon.did.size();
    CHECK(person.types(all) == 3);
    CHECK_FALSE(person.err.str().empty());
    CHECK(person.daemon.did.size() == did);
  }
}

TEST_CASE("mailstackd: status, reload and a daemon that is not there", "[cli]") {
  Person person;
  CHECK(person.types({"status"}) == 0);
  CHECK(person.out.str() ==
        "mailstackd 1.0.0, pid 4711, started 6h ago, ready\n"
        "configuration: 2 files, read 66m ago\n"
        "listens on:\n"
        "  192.0.2.1:25             smtp\n"
        "  192.0.2.1:465            submissions\n"
        "queue: 2 messages, 5.0 kB of 1.0 MB on the disk\n"
        "DKIM keys:\n"
        "  example.org 202611e signs\n"
        "  example.org 202612e does not sign: no TXT at 202612e._domainkey.example.org\n"
        "  `mailstackd sign dkim --record --key FILE --domain DOMAIN --selector NAME` prints the "
        "record to publish\n"
        "problems:\n"
        "  error: /etc/mailstackd/domains/example.org/aliases:3: no ':' between name and "
        "recipients; write `name: address, address` or `name: | command`; the aliases of before "
        "stay\n");
  person.daemon.state.reading_since = person.daemon.state.loaded;
  CHECK(person.types({"status"}) == 0);
  CHECK(person.out.str().find("\n  being read again, begun 66m ago\nlistens on:\n") !=
        std::string::npos);
  CHECK(person.types({"status", "--format", "json"}) == 0);
  CHECK(json::parse(person.out.str())["digests"].size() == 2);
  CHECK(person.types({"reload"}) == 3);
  person.daemon.state.problems[0].warning = true;
  CHECK(person.types({"reload"}) == 0);
  person.daemon.state.problems.clear();
  CHECK(person.types({"reload"}) == 0);
  CHECK(person.out.str() == "the configuration is in use\n");
  CHECK(person.types({"stop"}) == 0);
  CHECK(person.out.str() == "stopping; `mailstackd status` answers until it has ended\n");
  person.daemon.state.listeners.clear();  // as it is then
  person.types({"status"});
  CHECK(person.out.str().find("\nlistens nowhere\n") != std::string::npos);
  CHECK(person.types({"metrics", "--socket", "x.sock"}) == 0);
  CHECK(person.socket == support::in_source("x.sock"));
  CHECK(person.out.str() == "# TYPE a counter\na 1\n");
  person.running = false;
  CHECK(person.types({"status"}) == 4);
  CHECK(person.err.str() == "mailstackd: /run/mailstackd/control: no daemon listens here\n");
  CHECK(person.types({"queue", "list", "--format", "json"}) == 4);
  CHECK(person.out.str().empty());
}

TEST_CASE("mailstackd: check config says what is wrong, before a daemon reads it", "[cli]") {
  TemporaryDirectory const directory;
  Person person;
  auto const check = [&](std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"check", "config", "--config", directory.path()});
    return person.types(more);
  };
  std::ofstream(directory.path() + "/chasquid.conf") << "hostnam: \"mail.example.org\"\n";
  CHECK(check() == 3);
  CHECK(person.out.str().find("hostnam") != std::string::npos);
  CHECK(check({"--format", "json"}) == 3);
  auto const told = json::parse(person.out.str());
  CHECK(told["ok"] == false);
  CHECK_FALSE(told["problems"].empty());
  std::ofstream(directory.path() + "/chasquid.conf")
      << "hostname: \"mail.example.org\"\nsmtp_address: \"127.0.0.1:2525\"\n";
  CHECK(check() == 0);
  CHECK(check({"--format", "json"}) == 0);
  CHECK(json::parse(person.out.str())["ok"] == true);
  CHECK(person.asked.empty());
}

TEST_CASE("mailstackd: check srs answers line by line", "[cli]") {
  Person person;
  person.input = R"({"id":1,"op":"forward","address":"a@b.example","now":1795723200})"
                 "\n\nx\n";
  CHECK(person.types({"check", "srs", "--secret", "s3cret", "--domain", "fwd.example"}) == 0);
  auto const text = person.out.str();
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
  auto const first = json::parse(text.substr(0, text.find('\n')));
  CHECK(first["id"] == 1);
  CHECK(first["address"].get<std::string>().starts_with("SRS0="));
  CHECK(first["reason"].is_null());
  CHECK(person.types({"check", "srs", "--domain", "fwd.example"}) == 3);
  // A script whose variable is not set would sign with no key, or for no domain.
  CHECK(person.types({"check", "srs", "--secret", "", "--domain", "fwd.example"}) == 3);
  CHECK(person.types({"check", "srs", "--secret", "s3cret", "--domain", "a b"}) == 3);
  CHECK(person.err.str().starts_with("mailstackd: --domain: "));
}

TEST_CASE("mailstackd: sign dkim writes the message as it came, behind a signature", "[cli]") {
  Person person;
  std::vector<std::string> const words{
      "sign",     "dkim",        "--key",      "tests/support/keys/ed25519.pem",
      "--domain", "example.org", "--selector", "202611e",
      "--now",    "1795723200"};
  auto const with = [&](std::vector<std::string> const& more) {
    auto all = words;
    all.insert(all.end(), more.begin(), more.end());
    return person.types(all);
  };
  std::string const lf = "From: a@example.org\nSubject: x\n\nHi.\n";
  person.input = lf;
  REQUIRE(with({}) == 0);
  auto const text = person.out.str();
  CHECK(text.starts_with(
      "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.org;\n"));
  CHECK(text.find("t=1795723200;") != text.npos);
  CHECK(text.ends_with("\n" + lf));
  CHECK(text.find('\r') == text.npos);
  REQUIRE(with({"--now", "2026-11-26T20:00:00Z"}) == 3);  // twice
  person.input = "From: a@example.org\r\nSubject: x\r\n\r\nHi.\r\n";
  REQUIRE(with({"--canon", "simple/simple", "--headers", "from:subject"}) == 0);
  auto const crlf = person.out.str();
  CHECK(crlf.starts_with(
      "DKIM-Signature: v=1; a=ed25519-sha256; c=simple/simple; d=example.org;\r\n"));
  CHECK(crlf.find("h=from:subject;") != crlf.npos);
  // The wire form of both is the same message, and so is its signature.
  REQUIRE(with({}) == 0);
  auto wire = person.out.str();
  std::erase(wire, '\r');
  CHECK(wire == text);
  CHECK(with({"--canon", "nofws"}) == 3);
  CHECK(with({"--headers", "subject"}) == 3);
  CHECK(with({"--headers", "from:"}) == 3);
  CHECK(with({"--headers", ":from"}) == 3);
  person.input = "Subject: nobody\n\n";
  CHECK(with({}) == 3);
  CHECK(person.out.str().empty());
  CHECK(with({"--record"}) == 0);
  CHECK(
      person.out.str().starts_with("202611e._domainkey.example.org. TXT \"v=DKIM1; k=ed25519; p="));
  CHECK(person.out.str().ends_with("\"\n"));
  CHECK(person.types({"sign", "dkim", "--record", "--key", "tests/support/keys/ed25519.pem",
                      "--domain", "example.org", "--selector", "a b"}) == 3);
  CHECK(person.types({"sign", "dkim", "--key", "no/such.pem", "--domain", "example.org",
                      "--selector", "s"}) == 1);
}
