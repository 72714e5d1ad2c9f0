#include "reconciler/doctor/checks.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;
using namespace mailstack::doctor;
using Outcome = world::Greeting::Outcome;
using namespace std::chrono_literals;

namespace {

Subject subject() {
  Subject one;
  one.fqdn = *dns::Name::parse("smtp.wac.tax");
  one.ipv4 = "203.0.113.10";
  one.ipv6 = "2001:db8::10";
  one.machine_name = "smtp.wac.tax";
  one.addresses = {"127.0.0.1", "203.0.113.10", "2001:db8::10"};
  one.now = *parse_time("2026-05-01T06:00:00Z");
  return one;
}

/// Verdict, answer, cause and remedy: what a row of a table is about.
void check(Finding const& one, Verdict verdict, std::string const& answered,
           std::string const& cause, std::string const& remedy) {
  CAPTURE(one.asked);
  CHECK(format(one.verdict) == format(verdict));
  CHECK(one.answered == answered);
  CHECK(one.cause == cause);
  CHECK(one.remedy == remedy);
}

Probe probe(std::string const& address, std::uint16_t port, Outcome outcome,
            std::string const& text) {
  return {"mx.example.net (" + address + ")", {address, port}, {outcome, text}};
}

constexpr char const* ask_support =
    "ask the provider's support to open outbound port 25; `nft list ruleset` shows a firewall of "
    "this machine's own";

Error unavailable(std::string what) { return {ErrorCode::unavailable, std::move(what)}; }

world::Listener listener(std::string address, std::uint16_t port,
                         std::vector<world::Holder> holders) {
  return {std::move(address), port, 0, std::move(holders)};
}

Finding on_port_25(Subject const& who, std::vector<world::Listener> const& listeners,
                   bool daemon = true) {
  auto const all = judge_listeners(who, listeners, daemon);
  REQUIRE(all.size() == 3);
  return all.front();
}

}  // namespace

TEST_CASE("doctor: a banner is a way out", "[doctor]") {
  auto const all = judge_outbound({probe("192.0.2.1", 25, Outcome::line, "220 mx ESMTP")}, 5s);
  REQUIRE(all.size() == 1);
  CHECK(all[0].check == "outbound");
  CHECK(all[0].asked == "port 25 of mx.example.net (192.0.2.1)");
  check(all[0], Verdict::ok, "220 mx ESMTP", "", "");
}

TEST_CASE("doctor: a blocked port 25 is the provider's", "[doctor]") {
  std::string const cause =
      "your provider (or a firewall on this machine) blocks outbound port 25, so no mail leaves";
  auto const all = judge_outbound({probe("192.0.2.1", 25, Outcome::timed_out, "no answer"),
                                   probe("192.0.2.2", 25, Outcome::refused, "Connection refused")},
                                  5s);
  check(all.at(0), Verdict::problem, "no answer within 5 s", cause, ask_support);
  check(all.at(1), Verdict::problem, "Connection refused", cause, ask_support);
  auto const six = judge_outbound({probe("192.0.2.1", 25, Outcome::line, "220 mx"),
                                   probe("2001:db8::1", 25, Outcome::timed_out, "no answer")},
                                  5s);
  check(six.at(1), Verdict::problem, "no answer within 5 s",
        "your provider (or a firewall on this machine) blocks outbound port 25 over IPv6, so no "
        "mail leaves",
        ask_support);
}

TEST_CASE("doctor: where one server answers, another's silence is its own", "[doctor]") {
  auto const all =
      judge_outbound({probe("192.0.2.1", 25, Outcome::line, "220 mx ESMTP"),
                      probe("192.0.2.2", 25, Outcome::timed_out, "no answer"),
                      probe("192.0.2.3", 25, Outcome::refused, "Connection refused"),
                      probe("192.0.2.4", 2525, Outcome::refused, "Connection refused")},
                     5s);
  std::string const cause =
      "others answer, so port 25 is open: this one is down, or keeps this machine's address out";
  std::string const remedy = "try again later; where it stays so, ask who runs it";
  check(all.at(1), Verdict::warning, "no answer within 5 s", cause, remedy);
  check(all.at(2), Verdict::warning, "Connection refused", cause, remedy);
  CHECK(all.at(3).verdict == Verdict::problem);  // another port may be blocked alone
}

TEST_CASE("doctor: connected, and not welcome", "[doctor]") {
  auto const all = judge_outbound({probe("192.0.2.1", 25, Outcome::line, "554 5.7.1 listed"),
                                   probe("192.0.2.2", 25, Outcome::silent, "it said nothing"),
                                   probe("192.0.2.3", 25, Outcome::closed, "it ended")},
                                  5s);
  check(all.at(0), Verdict::warning, "554 5.7.1 listed",
        "port 25 is open, but this server turns this machine away",
        "its words say why: often the PTR, or a list on which the address stands");
  std::string const cause =
      "the server makes strangers wait, or something on the way takes the connection";
  check(all.at(1), Verdict::warning, "connected, and no word within 5 s", cause,
        "try again later, or with more time: `nc -v 192.0.2.2 25`");
  check(all.at(2), Verdict::warning, "connected, and closed at once", cause,
        "try again later, or with more time: `nc -v 192.0.2.3 25`");
}

TEST_CASE("doctor: without a network nothing is claimed of port 25", "[doctor]") {
  auto const all =
      judge_outbound({probe("192.0.2.1", 25, Outcome::unreachable, "Network is unreachable"),
                      probe("192.0.2.2", 25, Outcome::failed, "Too many open files")},
                     5s);
  check(all.at(0), Verdict::unknown, "Network is unreachable",
        "there is no way to it, so nothing is known of port 25",
        "mend the network first: `ip route get 192.0.2.1`");
  check(all.at(1), Verdict::unknown, "Too many open files", "the connection could not be tried",
        "");
}

TEST_CASE("doctor: what arrives is not claimed, but how to see it", "[doctor]") {
  auto who = subject();
  auto const all = judge_inbound(who);
  REQUIRE(all.size() == 3);
  CHECK(all[0].asked == "port 25 of 203.0.113.10 from elsewhere");
  check(all[0], Verdict::unknown, "not asked",
        "a filter of the provider in front of this machine cannot be seen from it",
        "once the daemon runs, from another machine: `nc -vz 203.0.113.10 25`");
  CHECK(all[2].asked == "port 587 of 203.0.113.10 from elsewhere");
  who.ipv4.clear();
  who.submits = false;
  CHECK(judge_inbound(who).size() == 1);
  CHECK(judge_inbound(who)[0].remedy ==
        "once the daemon runs, from another machine: `nc -vz 2001:db8::10 25`");
  who.receives = false;
  CHECK(judge_inbound(who).empty());
}

TEST_CASE("doctor: a free port, chasquid's own, and systemd's for it", "[doctor]") {
  auto const free = on_port_25(subject(), {});
  CHECK(free.asked == "who listens on port 25");
  check(free, Verdict::ok, "nobody: it is free", "", "");
  world::Holder const systemd{1, "systemd", "/usr/lib/systemd/systemd"};
  world::Holder const chasquid{812, "chasquid", "/usr/bin/chasquid"};
  check(on_port_25(subject(), {listener("::", 25, {systemd, chasquid})}), Verdict::ok,
        "systemd (/usr/lib/systemd/systemd, process 1), chasquid (/usr/bin/chasquid, process 812) "
        "on ::",
        "", "");
  check(on_port_25(subject(), {listener("::", 25, {systemd})}), Verdict::ok,
        "systemd (/usr/lib/systemd/systemd, process 1) on ::",
        "systemd holds the sockets of chasquid", "");
  check(on_port_25(subject(), {listener("::", 25, {{1, "systemd", ""}})}, false), Verdict::warning,
        "systemd (process 1) on ::",
        "systemd holds the port for a socket unit, and chasquid is not installed",
        "`systemctl list-sockets` names the unit; disable it where it is not chasquid's");
}

TEST_CASE("doctor: another mail server is named, with what makes room", "[doctor]") {
  struct Row {
    char const *process, *path, *cause, *remedy;
  };
  for (auto const& [process, path, cause, remedy] :
       {Row{"exim4", "/usr/sbin/exim4", "exim4 holds port 25, so chasquid will not get it",
            "`systemctl disable --now exim4`"},
        Row{"master", "/usr/lib/postfix/sbin/master",
            "postfix holds port 25, so chasquid will not get it",
            "`systemctl disable --now postfix`"},
        Row{"master", "", "postfix holds port 25, so chasquid will not get it",
            "`systemctl disable --now postfix`"},
        Row{"master", "/opt/other/master", "master holds port 25, so chasquid will not get it",
            "stop it, or have it listen elsewhere; `systemctl status 77` says which service it is "
            "of"},
        Row{"sendmail-mta", "/usr/libexec/sendmail/sendmail",
            "sendmail holds port 25, so chasquid will not get it",
            "`systemctl disable --now sendmail`"},
        Row{"smtpd", "/usr/sbin/smtpd", "opensmtpd holds port 25, so chasquid will not get it",
            "`systemctl disable --now opensmtpd`"},
        Row{"dovecot", "/usr/sbin/dovecot",
            "dovecot's submission service holds port 25, so chasquid will not get it",
            "take submission out of `protocols` in dovecot's configuration, and restart it"},
        Row{"python3", "/usr/bin/python3.11", "python3 holds port 25, so chasquid will not get it",
            "stop it, or have it listen elsewhere; `systemctl status 77` says which service it is "
            "of"}}) {
    auto const one = on_port_25(subject(), {listener("127.0.0.1", 25, {{77, process, path}}),
                                            listener("::1", 25, {{77, process, path}})});
    auto const where = *path ? std::string(path) + ", " : std::string();
    check(one, Verdict::problem,
          std::string(process) + " (" + where + "process 77) on 127.0.0.1, ::1", cause, remedy);
  }
}

TEST_CASE("doctor: a listener that is not seen is nobody's fault", "[doctor]") {
  auto who = subject();
  check(on_port_25(who, {listener("0.0.0.0", 25, {})}), Verdict::unknown,
        "a process of uid 0 on 0.0.0.0", "only root sees whose socket it is",
        "run `mailstack doctor` as root, or `ss -lntp` there");
  who.privileged = true;
  check(on_port_25(who, {listener("0.0.0.0", 25, {})}), Verdict::unknown,
        "a process of uid 0 on 0.0.0.0",
        "no process here holds that socket: it is another container's, or the kernel's",
        "look for it where the containers of this machine are run");
  auto const blind = judge_listeners(who, fail(unavailable("no /proc")), true);
  REQUIRE(blind.size() == 1);
  check(blind[0], Verdict::unknown, "no /proc", "the kernel's table of sockets cannot be read", "");
}

TEST_CASE("doctor: two servers share a port", "[doctor]") {
  auto const all = judge_listeners(subject(),
                                   std::vector{listener("127.0.0.1", 25, {{1, "exim4", ""}}),
                                               listener("203.0.113.10", 25, {{2, "maddy", ""}})},
                                   true);
  CHECK(all.size() == 4);
  CHECK(number_of(all, Verdict::problem) == 2);
}

TEST_CASE("doctor: the address by which mail leaves is the declared one", "[doctor]") {
  auto const four = judge_way_out(subject(), {false, std::string("203.0.113.10")});
  CHECK(four.asked == "source of connections over IPv4");
  check(four, Verdict::ok, "203.0.113.10", "", "");
  check(judge_way_out(subject(), {true, std::string("2001:db8::10")}), Verdict::ok, "2001:db8::10",
        "", "");
}

TEST_CASE("doctor: mail leaves by another address", "[doctor]") {
  check(judge_way_out(subject(), {false, std::string("198.51.100.7")}), Verdict::problem,
        "198.51.100.7",
        "this machine has 203.0.113.10 too, but mail leaves by 198.51.100.7, which has neither its "
        "PTR nor its SPF",
        "make 203.0.113.10 the source of the default route: `ip route replace default … src "
        "203.0.113.10`, and so in the network's configuration");
  check(judge_way_out(subject(), {true, std::string("2001:db8::abcd")}), Verdict::problem,
        "2001:db8::abcd",
        "this machine has 2001:db8::10 too, but mail leaves by 2001:db8::abcd, which has neither "
        "its PTR nor its SPF",
        "make the other deprecated: `ip address change 2001:db8::abcd dev DEVICE preferred_lft 0`, "
        "and so in the network's configuration");
  auto elsewhere = subject();
  elsewhere.addresses = {"198.51.100.7"};
  check(judge_way_out(elsewhere, {false, std::string("198.51.100.7")}), Verdict::problem,
        "198.51.100.7", "no interface of this machine has 203.0.113.10",
        "give it that address, or correct ipv4: in the manifest to 198.51.100.7");
}

TEST_CASE("doctor: behind a NAT nothing is claimed", "[doctor]") {
  auto inside = subject();
  inside.addresses = {"10.0.0.5"};
  check(judge_way_out(inside, {false, std::string("10.0.0.5")}), Verdict::unknown, "10.0.0.5",
        "behind a NAT? Which address it puts in place of 10.0.0.5 is not seen from here",
        "see on the NAT, or in the Received: line of a mail sent to yourself elsewhere, that it is "
        "203.0.113.10");
}

TEST_CASE("doctor: declared, and no way out", "[doctor]") {
  check(judge_way_out(subject(), {true, fail(unavailable("Network is unreachable"))}),
        Verdict::problem, "Network is unreachable",
        "2001:db8::10 is declared, and no route leads out",
        "give this machine its address and a default route (`ip -6 route`), or leave ipv6: out of "
        "the manifest");
  check(judge_way_out(subject(), {true, fail(unavailable("Network is unreachable")), true}),
        Verdict::problem, "Network is unreachable; net.ipv6.conf.all.disable_ipv6 is 1",
        "2001:db8::10 is declared, and IPv6 is switched off on this machine",
        "`sysctl -w net.ipv6.conf.all.disable_ipv6=0`, and take the line that sets it out of "
        "/etc/sysctl.conf or /etc/sysctl.d; or leave ipv6: out of the manifest");
  check(judge_way_out(subject(), {false, fail(unavailable("Network is unreachable"))}),
        Verdict::problem, "Network is unreachable",
        "203.0.113.10 is declared, and no route leads out",
        "give this machine its address and a default route (`ip route`), or leave ipv4: out of the "
        "manifest");
}

TEST_CASE("doctor: an address that the manifest does not know", "[doctor]") {
  auto who = subject();
  who.ipv6.clear();
  check(
      judge_way_out(who, {true, std::string("2001:db8::10")}), Verdict::warning, "2001:db8::10",
      "mail may leave by 2001:db8::10, which is not in the manifest: no PTR is checked and no SPF "
      "names it",
      "declare it as ipv6:, or keep this machine from using IPv6");
  check(judge_way_out(who, {true, std::string("fd00::2")}), Verdict::ok, "fd00::2",
        "it reaches only its own network, so nothing leaves by it", "");
  check(judge_way_out(who, {true, fail(unavailable("Network is unreachable"))}), Verdict::ok,
        "Network is unreachable", "nothing leaves by it, as the manifest says", "");
  who.ipv4.clear();
  check(judge_way_out(who, {false, std::string("10.0.0.5")}), Verdict::warning, "10.0.0.5",
        "mail may leave by whatever address a NAT puts in its place, which is not in the manifest: "
        "no PTR is checked and no SPF names it",
        "declare it as ipv4:, or keep this machine from using IPv4");
}

TEST_CASE("doctor: names, both ways", "[doctor]") {
  using Texts = std::vector<std::string>;
  auto who = subject();
  auto const look = [](Texts names, Texts addresses, bool confirmed) {
    return resolve::Reverse{std::move(names), std::move(addresses), confirmed};
  };
  auto const right =
      judge_reverse(who, "203.0.113.10", look({"smtp.wac.tax."}, {"203.0.113.10"}, true));
  REQUIRE(right.size() == 2);
  CHECK(right[0].asked == "PTR of 203.0.113.10");
  check(right[0], Verdict::ok, "smtp.wac.tax", "", "");
  CHECK(right[1].asked == "A of smtp.wac.tax");
  check(right[1], Verdict::ok, "203.0.113.10", "", "");

  auto const none = judge_reverse(who, "2001:db8::10", look({}, {}, false));
  std::string const refuse =
      "receivers refuse mail from an address whose reverse name is not the host's";
  std::string const set = "set smtp.wac.tax at whoever rents out the address";
  check(none[0], Verdict::problem, "there is none", refuse, set);
  CHECK(none[1].asked == "AAAA of smtp.wac.tax");
  check(none[1], Verdict::warning, "there is none",
        "receivers ask whether the name leads back to 2001:db8::10, and it does not yet",
        "`mailstack apply` publishes it; a resolver may remember the old answer for its TTL");

  who.publishes = false;
  auto const other =
      judge_reverse(who, "203.0.113.10", look({"static.example."}, {"198.51.100.1"}, false));
  check(other[0], Verdict::problem, "static.example", refuse, set);
  check(other[1], Verdict::problem, "198.51.100.1",
        "receivers ask whether the name leads back to 203.0.113.10, and it does not",
        "publish 203.0.113.10 where the zone of smtp.wac.tax is held");

  auto const two = judge_reverse(
      who, "203.0.113.10", look({"smtp.wac.tax.", "static.example."}, {"203.0.113.10"}, true));
  check(two[0], Verdict::warning, "smtp.wac.tax, static.example",
        "receivers may look at any of them",
        "leave only smtp.wac.tax, at whoever rents out the address");

  resolve::Reverse const blind{fail(unavailable("192.0.2.53:53: no answer")),
                               fail(unavailable("192.0.2.53:53: no answer"))};
  for (auto const& one : judge_reverse(who, "203.0.113.10", blind))
    check(one, Verdict::unknown, "192.0.2.53:53: no answer", "no resolver answers",
          "set dns.resolvers, or mend /etc/resolv.conf");
  who.checks_ptr = false;
  CHECK(judge_reverse(who, "203.0.113.10", blind).size() == 1);
}

TEST_CASE("doctor: a clock that is set, one that drifts, one that is behind", "[doctor]") {
  auto who = subject();
  world::ClockState const set{true, 12'345us};
  auto const before = *parse_time("2026-01-01T00:00:00Z");
  std::string const set_it =
      "`timedatectl set-ntp true` where systemd-timesyncd is installed, else `apt-get install "
      "systemd-timesyncd`";
  auto const good = judge_clock(who, set, before);
  REQUIRE(good.size() == 2);
  CHECK(good[0].asked == "is the clock synchronised");
  check(good[0], Verdict::ok, "yes, to 13 ms", "", "");
  CHECK(good[1].asked == "what time is it");
  check(good[1], Verdict::ok, "2026-05-01T06:00:00Z", "", "");
  check(judge_clock(who, world::ClockState{}, before)[0], Verdict::warning, "no",
        "nothing sets it, so it drifts; with a wrong clock certificates and DKIM signatures fail",
        set_it);
  check(judge_clock(who, fail(unavailable("adjtimex: Operation not permitted")), before)[0],
        Verdict::unknown, "adjtimex: Operation not permitted", "the kernel does not say", "");
  check(judge_clock(who, set, *parse_time("2026-06-01T00:00:00Z"))[1], Verdict::problem,
        "2026-05-01T06:00:00Z",
        "this program was written at 2026-06-01T00:00:00Z, so the clock is behind; certificates "
        "and DKIM signatures fail with it",
        set_it);
  who.last_run = *parse_time("2026-05-02T00:00:00Z");
  check(judge_clock(who, set, fail(unavailable("no /proc")))[1], Verdict::problem,
        "2026-05-01T06:00:00Z",
        "mailstack last ran at 2026-05-02T00:00:00Z, so the clock is behind; certificates and DKIM "
        "signatures fail with it",
        set_it);
}

TEST_CASE("doctor: room on the disk", "[doctor]") {
  constexpr std::uint64_t mb = 1'000'000, gb = 1000 * mb;
  auto const room = [](world::Space space) {
    space.seen = space.seen.empty() ? "/var/lib/chasquid" : space.seen;
    return judge_space("chasquid's queue", "/var/lib/chasquid", space);
  };
  auto const plenty = room({"", 20 * gb, 40 * gb, 900, 1000, false});
  CHECK(plenty.asked == "room in /var/lib/chasquid (chasquid's queue)");
  check(plenty, Verdict::ok, "20.0 GB free (50 %), 90 % of the inodes", "", "");
  check(room({"/var", 20 * gb, 40 * gb, 0, 0, false}), Verdict::ok,
        "20.0 GB free (50 %), seen at /var", "", "");
  std::string const make_room =
      "make room: `du -xh --max-depth=2 /var/lib/chasquid`; `journalctl --vacuum-size=200M` frees "
      "old logs";
  std::string const soon = "that fills soon";
  std::string const bad = "mail and journal will not be written for long";
  check(room({"", 499 * mb, 2 * gb, 900, 1000, false}), Verdict::warning,
        "499 MB free (24 %), 90 % of the inodes", soon, make_room);
  check(room({"", 4 * gb, 100 * gb, 900, 1000, false}), Verdict::warning,
        "4.0 GB free (4 %), 90 % of the inodes", soon, make_room);
  check(room({"", 20 * gb, 40 * gb, 40, 1000, false}), Verdict::warning,
        "20.0 GB free (50 %), 4 % of the inodes", soon, make_room);
  check(room({"", 49 * mb, 100 * mb, 900, 1000, false}), Verdict::problem,
        "49 MB free (49 %), 90 % of the inodes", bad, make_room);
  check(room({"", 900 * mb, 100 * gb, 900, 1000, false}), Verdict::problem,
        "900 MB free (0 %), 90 % of the inodes", bad, make_room);
  check(room({"", 20 * gb, 40 * gb, 9, 1000, false}), Verdict::problem,
        "20.0 GB free (50 %), 0 % of the inodes", bad, make_room);
  check(room({"", 20 * gb, 40 * gb, 900, 1000, true}), Verdict::problem,
        "20.0 GB free (50 %), 90 % of the inodes, mounted read-only",
        "nothing can be written there",
        "`mount -o remount,rw`, after a look at `dmesg`: a disk that fails is made read-only, too");
  check(judge_space("mailstack's state", "/x", fail(unavailable("/x: Permission denied"))),
        Verdict::unknown, "/x: Permission denied", "this user may not look there",
        "run `mailstack doctor` as root");
}

TEST_CASE("doctor: the machine's name matters where the daemon says it", "[doctor]") {
  auto who = subject();
  CHECK(judge_name(who).asked == "what is this machine called");
  check(judge_name(who), Verdict::ok, "smtp.wac.tax", "", "");
  who.machine_name = "srv1";
  check(judge_name(who), Verdict::ok, "srv1",
        "not smtp.wac.tax, which matters to nobody: chasquid.conf names it in HELO", "");
  who.daemon_named = false;
  check(judge_name(who), Verdict::warning, "srv1",
        "chasquid says it in HELO, since nothing here makes mailstack write its configuration, and "
        "it is not smtp.wac.tax",
        "`hostnamectl set-hostname smtp.wac.tax`");
  who.machine_name.clear();
  CHECK(judge_name(who).answered == "it has no name");
}

TEST_CASE("doctor: chasquid is there, and which", "[doctor]") {
  auto who = subject();
  std::string const path = "/usr/bin/chasquid";
  auto const versioned = [&](std::string const& output) {
    return judge_daemon(who, path, Result<world::Finished>(world::Finished{0, output, ""}));
  };
  auto const none = judge_daemon(who, std::nullopt, std::nullopt);
  REQUIRE(none.size() == 1);
  CHECK(none[0].asked == "where is chasquid");
  check(none[0], Verdict::problem, "nowhere in PATH",
        "it is the mail daemon that the manifest's files are for", "`apt-get install chasquid`");

  std::string const smuggling =
      "before 1.13 it takes bare newlines for the end of a mail, so that strangers can smuggle a "
      "second one behind it (SMTP smuggling, CVE-2023-52354)";
  std::string const newer =
      "install a newer one: bookworm-backports where it has one (`apt-cache policy chasquid`), or "
      "Debian 13";
  auto const debian =
      versioned("chasquid 1.11-2+b2 (source date: 2023-04-09 07:19:28 +0000 UTC)\n");
  REQUIRE(debian.size() == 3);
  check(debian[0], Verdict::ok, path, "", "");
  CHECK(debian[1].asked == "chasquid -version");
  check(debian[1], Verdict::warning, "1.11-2+b2", smuggling, newer);
  CHECK(debian[2].asked == "does chasquid sign (DKIM)");
  check(debian[2], Verdict::ok,
        "1.11-2+b2 does not: `mailstack apply` writes hooks/post-data, which does", "", "");

  struct Row {
    char const* version;
    Verdict smuggling;
  };
  for (auto const& [version, smuggled] :
       {Row{"1.10", Verdict::warning},
        Row{"1.11.1-1", Verdict::ok},  // that fix alone, for Debian stable
        Row{"1.12", Verdict::warning}, Row{"1.13-1", Verdict::ok}, Row{"1.14.0", Verdict::ok},
        Row{"v1.15.1-3-gabcdef", Verdict::ok}, Row{"2.0", Verdict::ok}}) {
    CAPTURE(version);
    auto const all = versioned("chasquid " + std::string(version) + " (source date: x)\n");
    REQUIRE(all.size() == 3);
    CHECK(all[1].answered == version);
    CHECK(format(all[1].verdict) == format(smuggled));
    CHECK(all[2].answered.starts_with("yes") ==
          !std::string(all[2].answered).ends_with("which does"));
  }
  check(versioned("chasquid 1.11-2+deb12u1 (x)")[1], Verdict::unknown, "1.11-2+deb12u1",
        "before 1.13 it takes bare newlines for the end of a mail (SMTP smuggling, "
        "CVE-2023-52354), unless this update of Debian mends that",
        "`zgrep CVE-2023-52354 /usr/share/doc/chasquid/changelog.Debian.gz`");
  who.signs = false;
  CHECK(versioned("chasquid 1.11").size() == 2);
}

TEST_CASE("doctor: a chasquid that does not say which it is", "[doctor]") {
  std::string const path = "/usr/bin/chasquid";
  for (auto const& [said, answered] : std::vector<std::pair<Result<world::Finished>, std::string>>{
           {world::Finished{0, "", ""}, "nothing"},
           {world::Finished{2, "", "flag provided but not defined\nUsage"},
            "flag provided but not defined"},
           {world::Finished{0, "chasquid of today\n", ""}, "chasquid of today"},
           {fail(unavailable("no memory")), "no memory"}}) {
    auto const all = judge_daemon(subject(), path, said);
    REQUIRE(all.size() == 2);
    check(all[1], Verdict::unknown, answered, "that names no version", "");
  }
}

TEST_CASE("doctor: systemd holds chasquid's ports", "[doctor]") {
  CHECK(judge_systemd(true).asked == "does systemd run");
  check(judge_systemd(true), Verdict::ok, "yes", "", "");
  check(judge_systemd(false), Verdict::warning, "no",
        "Debian's chasquid gets its ports from systemd's sockets, and is started by it",
        "use a machine that systemd manages, or hand chasquid its sockets in the same way "
        "(sd_listen_fds(3))");
}
