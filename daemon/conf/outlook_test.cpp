#include "daemon/conf/outlook.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>

#include "daemon/conf/account.hpp"
#include "daemon/conf/conf_tree_test.hpp"
#include "daemon/conf/program_path.hpp"

namespace mailstack::conf {
namespace {

/// A tree without its MDA's program, on a machine where syslog and systemd run.
struct Host {
  Host() {
    tree.write("chasquid.conf",
               "hostname: \"mx.example.org\"\nmail_delivery_agent_bin: \"/bin/true\"\n"
               "smtp_address: \":25\"\n");
    machine.syslog = machine.journal = machine.service_manager = tree.path();
    machine.user = 0;
    machine.now = *parse_time("2026-11-26T20:00:00Z");
  }

  /// What is seen ahead; paths as they stand below the tree.
  std::string ahead() {
    Problems problems;
    look_ahead(*tree.load(), machine, problems);
    failed = conf::failed(problems);
    return tree.relative(format(problems));
  }
  std::string at_start() {
    Problems problems;
    look_at_start(tree.load()->settings, machine, problems);
    failed = conf::failed(problems);
    return tree.relative(format(problems));
  }

  ConfTree tree;
  Machine machine;
  bool failed = false;
};

bool has(std::string const& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("outlook: without a certificate nobody logs in, and a port for TLS is an error",
          "[conf]") {
  Host host;
  CHECK(host.ahead() ==
        "CONF/certs: warning: there is no certificate: nobody can log in, and mail from other "
        "servers comes in the clear; put fullchain.pem and privkey.pem into CONF/certs/NAME\n");
  CHECK_FALSE(host.failed);
  host.tree.write("mailstackd.yaml",
                  "listen:\n  - {address: ':465', service: submissions}\n"
                  "  - {address: ':25', service: smtp}\n");
  CHECK(
      has(host.ahead(),
          "CONF/mailstackd.yaml:2:15: error: there is no certificate, without which `submissions` "
          "serves nobody: its TLS "
          "begins with the first octet; put fullchain.pem and privkey.pem into "
          "CONF/certs/NAME\nCONF/certs: warning: "));
  CHECK(host.failed);
  host.tree.remove("mailstackd.yaml");
  host.tree.write("chasquid.conf",
                  "hostname: \"mx.example.org\"\nsubmission_over_tls_address: \"systemd\"\n");
  CHECK(has(host.ahead(), "CONF/chasquid.conf:2:1: error: there is no certificate, without which"));
  host.tree.certify("mx.example.org");
  CHECK(host.ahead().empty());
  host.machine.now = *parse_time("2036-01-01T00:00:00Z");
  CHECK(host.ahead() ==
        "CONF/certs/mx.example.org/fullchain.pem: warning: the certificate has expired at "
        "2036-01-01T00:00:00Z; put a new one there, with its key\n");
}

TEST_CASE("outlook: certificates that are there and cannot be used are not missing", "[conf]") {
  Host host;
  auto const says = [&](std::string_view what) { return has(host.ahead(), what); };
  host.tree.write("certs/README", "for something else\n");
  host.tree.write("certs/other/cert.pem", "x");
  CHECK(says("CONF/certs: warning: there is no certificate: nobody"));
  host.tree.write("certs/mx.example.org/privkey.pem", "no key");
  CHECK(host.ahead() ==
        "CONF/certs: warning: no certificate can be used: nobody can log in, and mail from other "
        "servers comes in the clear; mend those of CONF/certs\n");
  host.tree.write("certs/mx.example.org/fullchain.pem", "no chain");
  host.tree.write("mailstackd.yaml", "listen: [{address: ':465', service: submissions}]\n");
  CHECK(says("error: no certificate can be used, without which `submissions` serves nobody"));
}

TEST_CASE("outlook: `user` is an account, and not root", "[conf]") {
  Host host;
  host.tree.certify("mx.example.org");
  host.tree.write("mailstackd.yaml", "# who\nuser: nobody\n");
  CHECK(host.ahead().empty());
  host.tree.write("mailstackd.yaml", "# who\nuser: nobody-at-all\n");
  CHECK(host.ahead() ==
        "CONF/mailstackd.yaml:2:1: error: `user`: there is no account nobody-at-all; make it: "
        "adduser "
        "--system --group --no-create-home nobody-at-all\n");
  CHECK(host.failed);
  host.tree.write("mailstackd.yaml", "user: root\n");
  CHECK(has(host.ahead(), "CONF/mailstackd.yaml:1:1: error: `user`: root is root"));
}

TEST_CASE("outlook: who is not root becomes nobody, so that `user` is no error", "[conf]") {
  Host host;
  host.tree.certify("mx.example.org");
  host.machine.user = 65'534;
  host.tree.write("mailstackd.yaml", "user: nobody-at-all\n");
  CHECK(has(host.ahead(), "CONF/mailstackd.yaml:1:1: warning: `user`: there is no account nobody"));
  CHECK_FALSE(host.failed);
}

TEST_CASE("account: one that cannot be looked up may be there", "[conf]") {
  for (int const error : {0, ENOENT, ESRCH})
    CHECK(not_found("x", error).code == ErrorCode::not_found);
  for (int const error : {EMFILE, EIO, ERANGE})
    CHECK(not_found("x", error).code == ErrorCode::unavailable);
  CHECK(not_found("x", EMFILE).what == "the account x cannot be looked up: Too many open files");
  CHECK(find_account("nobody-at-all").error().what == "there is no account nobody-at-all");
}

TEST_CASE("outlook: an MDA that is not there is told where a user's mail would end in it",
          "[conf]") {
  Host host;
  host.tree.certify("mx.example.org");
  host.tree.write("chasquid.conf",
                  "hostname: \"mx.example.org\"\nmail_delivery_agent_bin: \"no-such-mda\"\n");
  CHECK(host.ahead().empty());
  host.tree.write("domains/example.org/users", "users { key: \"i\" }\n");
  CHECK(has(host.ahead(),
            "CONF/chasquid.conf:2:1: warning: there is no program no-such-mda in PATH: mail for "
            "users such as i@example.org waits; install it, "));
  CHECK_FALSE(host.failed);
  host.tree.write("mailstackd.yaml", "delivery: {mda: ./mda}\n");
  host.tree.write("mda", "#!/bin/sh\n");
  CHECK(has(host.ahead(), "CONF/mailstackd.yaml:1:12: warning: CONF/./mda is not executable"));
  ::chmod(host.tree.path("mda").c_str(), 0755);
  CHECK(host.ahead().empty());
  host.tree.remove("mda");
  CHECK_FALSE(host.ahead().empty());
  // Whose mail goes on by an alias, or who only sends, needs none.
  host.tree.write("domains/example.org/aliases", "i: i@example.net\n");
  CHECK(host.ahead().empty());
  host.tree.write("domains/example.org/aliases", "i: i, i@example.net\n");
  CHECK(has(host.ahead(), "CONF/./mda"));
  host.tree.write("domains/example.org/mailstackd.yaml", "users: {i: {receive: false}}\n");
  CHECK_FALSE(has(host.ahead(), "mda"));
  host.tree.remove("domains/example.org/mailstackd.yaml");
  host.tree.write("mailstackd.yaml", "delivery: {mda: ./mda, local: maildir, maildir: /m/%to%}\n");
  CHECK(host.ahead().empty());
}

TEST_CASE("outlook: words that nothing replaces in the path of a maildir", "[conf]") {
  Host host;
  auto const with = [&](std::string const& path) {
    host.tree.write("mailstackd.yaml", "delivery: {local: maildir, maildir: \"" + path + "\"}\n");
    return host.ahead();
  };
  CHECK(has(with("/m/%usr%"), "mailstackd.yaml:1:"));
  CHECK(host.failed);
  CHECK(has(with("/m/%usr%"), "error: nothing takes the place of %usr%"));
  CHECK(has(with("/m/50%/%to_usr%/%to_user%"), "%to_usr%"));
  CHECK(has(with("/m/%from_user%/%to_user%"), "error: nothing takes the place of %from_user%"));
  CHECK(has(with("/m"), "warning: the mail of all users goes to one maildir"));
  CHECK(has(with("/m/%d/%n"), "error: nothing takes the place of %d"));
  CHECK(has(with("/m/%d/%n"), "error: nothing takes the place of %n"));
  CHECK(has(with("/m/%u"), "error: nothing takes the place of %u; words are %to_user%, "));
  for (auto const* good : {"/m/%to_domain%/%to_user%", "/m/%to%", "/100%/%to_user%",
                           "/srv/50%-mail-%to_user%", "/m/%dir/%to_user%", "/m/%%d%%/%to%"}) {
    INFO(with(good));
    CHECK_FALSE(has(with(good), "mailstackd.yaml"));
  }
}

TEST_CASE("outlook: aliases to nobody, to no program, and those that do not count", "[conf]") {
  Host host;
  host.tree.certify("mx.example.org");
  host.tree.write("domains/example.org/users", "users { key: \"bob\" }\n");
  host.tree.write("domains/xn--mller-kva.example/users", "users { key: \"eve\" }\n");
  host.tree.write("domains/example.org/aliases",
                  "# those who are there\n"
                  "team: bob, b.o.b+x, eve@m\u00fcller.example, eve@xn--mller-kva.example\n"
                  "more: team, who@elsewhere.example, *@m\u00fcller.example\n"
                  "gone: bod, more, mallory@m\u00fcller.example\n"
                  "run: | /no/such/program --token 5ecret\n"
                  "twice: bob\n"
                  "true: | /bin/true x\n"
                  "t.wice: bob@example.net\n");
  CHECK(host.ahead() ==
        "CONF/domains/example.org/aliases:4: warning: alias `gone`: there is no bod@example.org, "
        "so that this share of its mail is dropped; add this user, or correct the address\n"
        "CONF/domains/example.org/aliases:4: warning: alias `gone`: there is no "
        "mallory@m\u00fcller.example, so that this share of its mail is dropped; add this user, "
        "or correct the address\n"
        "CONF/domains/example.org/aliases:5: warning: alias `run`: there is no program "
        "/no/such/program, so that its mail waits; install it, or correct the command\n"
        "CONF/domains/example.org/aliases:6: warning: alias `twice`: it stands again in line 8, "
        "which alone counts; put all its recipients into one line, between commas\n");
  // Where nobody is left RCPT refuses, also by way of another alias.
  host.tree.write("domains/example.org/aliases", "gone: bod\nteam: gone, bod@example.org\n");
  CHECK(host.ahead() ==
        "CONF/domains/example.org/aliases:1: warning: alias `gone`: there is no bod@example.org, "
        "so that its mail is refused; add this user, or correct the address\n"
        "CONF/domains/example.org/aliases:2: warning: alias `team`: there is no bod@example.org, "
        "so that its mail is refused; add this user, or correct the address\n");
  // A catch-all takes whoever is missing.
  host.tree.write("domains/example.org/aliases", "gone: bod\n*: bob\n");
  CHECK(host.ahead().empty());
  // Who is there is not known where the users cannot be read.
  ConfTree blind;
  blind.certify("mx.example.org");
  blind.write("domains/example.org/users", "users {");
  blind.write("domains/example.org/aliases", "gone: bod\n");
  Problems problems;
  look_ahead(*blind.load(), host.machine, problems);
  CHECK(format(problems).find("bod") == std::string::npos);
}

TEST_CASE("outlook: aliases that lead in a circle", "[conf]") {
  Host host;
  host.tree.write("domains/example.org/users", "");
  host.tree.write("domains/example.org/aliases", "one: two\ntwo: one\nthree: i@example.net\n");
  auto const text = host.ahead();
  CHECK(has(text,
            "aliases:1: warning: alias `one`: a loop of aliases: one@example.org → "
            "two@example.org → one@example.org, so that its mail is put off"));
  CHECK(has(text, "aliases:2: warning: alias `two`: a loop"));
  CHECK_FALSE(has(text, "`three`"));
}

TEST_CASE("outlook: an alias to who is disabled or only sends reaches nobody", "[conf]") {
  Host host;
  host.tree.certify("mx.example.org");
  host.tree.write("domains/example.org/users",
                  "users { key: \"bob\" }\nusers { key: \"off\" }\nusers { key: \"bot\" }\n");
  host.tree.write("domains/example.org/mailstackd.yaml",
                  "users: {off: {disabled: true}, bot: {receive: false}}\n");
  host.tree.write("domains/example.org/aliases",
                  "a: off\nb: bot, off, bob\nc: b.ot\noff: off, bob\n*: bot\n");
  auto const start = std::string("CONF/domains/example.org/aliases:");
  auto const off = std::string("; let this user in again, or take the address out\n");
  auto const bot = std::string("; let this user receive, or take the address out\n");
  CHECK(host.ahead() ==
        start + "2: warning: alias `b`: bot@example.org only sends, so that this share of its " +
            "mail is dropped" + bot + start + "3: warning: alias `c`: b.ot@example.org only " +
            "sends, so that its mail is refused" + bot + start +
            "4: warning: alias `off`: off@example.org is disabled, so that this share of its " +
            "mail is dropped" + off + start + "5: warning: alias `*`: bot@example.org only " +
            "sends, so that its mail is refused" + bot);
  host.tree.write("domains/example.org/aliases", "a: off\n");
  CHECK(host.ahead() == start + "1: warning: alias `a`: off@example.org is disabled, so that its " +
                            "mail is refused" + off);
}

TEST_CASE("outlook: of many dead aliases the first are told, and how many more", "[conf]") {
  Host host;
  host.tree.certify("mx.example.org");
  std::string lines;
  for (int i = 0; i < 1'000; ++i) lines += "a" + std::to_string(i) + ": nobody\n";
  host.tree.write("domains/example.org/aliases", lines);
  auto const text = host.ahead();
  CHECK(std::count(text.begin(), text.end(), '\n') == 51);
  CHECK(text.ends_with("CONF/domains/example.org/aliases: warning: and 950 more of the kind\n"));
}

TEST_CASE("outlook: without syslog it says where the log goes instead", "[conf]") {
  Host host;
  host.tree.certify("mx.example.org");
  host.machine.syslog = "/no/log";
  CHECK(has(host.ahead(), "CONF: warning: the log goes to syslog, and nothing listens at /no/log"));
  host.tree.write("mailstackd.yaml", "mail_log_path: <syslog>\n");
  CHECK(has(host.ahead(), "CONF/mailstackd.yaml:1:1: warning: the log goes to syslog"));
  for (auto const* other : {"mail_log_path: <stderr>\n", "log: journal\n"}) {
    host.tree.write("mailstackd.yaml", other);
    CHECK(host.ahead().empty());
  }
}

TEST_CASE("outlook: a start without systemd and without addresses listens nowhere", "[conf]") {
  Host host;
  host.tree.write("chasquid.conf", "");
  host.tree.write("mailstackd.yaml", "state: " + host.tree.path("state") + "\n");
  CHECK(host.at_start().empty());
  host.machine.service_manager = "/no/systemd";
  CHECK(host.at_start() ==
        "CONF: warning: all addresses are `systemd`, which does not run here: there is nothing to "
        "listen on; start it by its .socket units, or say in mailstackd.yaml where it listens, "
        "such as `listen: [{address: \":25\", service: smtp}, {address: \":465\", service: "
        "submissions}]`\n");
  host.tree.write("chasquid.conf", "smtp_address: \":25\"\n");
  CHECK(host.at_start().empty());
}

TEST_CASE("outlook: a log whose place is not there", "[conf]") {
  Host host;
  auto const state = "state: " + host.tree.path("state") + "\n";
  host.tree.write("mailstackd.yaml", state + "mail_log_path: no/mail.log\n");
  CHECK(has(host.at_start(),
            "CONF/mailstackd.yaml:2:1: warning: there is no directory CONF/no: the log goes to "
            "standard error; run as root: install -d -o "));
  host.machine.journal = "/no/journal";
  host.tree.write("mailstackd.yaml", state + "log: journal\n");
  CHECK(has(host.at_start(), "CONF/mailstackd.yaml:2:1: warning: `log` is `journal`, and nothing"));
}

TEST_CASE("outlook: a spool that is not the account's to write", "[conf]") {
  if (::geteuid() != 0) return;
  Host host;
  host.tree.write("mailstackd.yaml", "spool: queue\nuser: nobody\n");
  // Root makes what is missing.
  CHECK(host.at_start().empty());
  std::filesystem::create_directory(host.tree.path("queue"));
  CHECK(host.at_start() ==
        "CONF/mailstackd.yaml:1:1: warning: CONF/queue is not for nobody to write; run: chown "
        "nobody CONF/queue\n");
  auto const nobody = find_account("nobody");
  REQUIRE(nobody);
  CHECK(::chown(host.tree.path("queue").c_str(), nobody->user, nobody->group) == 0);
  CHECK(host.at_start().empty());
}

TEST_CASE("outlook: a state that the user who serves cannot make is an error, but under systemd",
          "[conf]") {
  if (::geteuid() != 0) return;
  Host host;
  ::chmod(host.tree.path().c_str(), 0755);
  host.tree.write("mailstackd.yaml", "state: state\n");
  auto const settings = host.tree.load()->settings;
  auto const seen = [&](Settings const& of) {
    Problems problems;
    REQUIRE(::seteuid(find_account("nobody")->user) == 0);
    look_at_start(of, host.machine, problems);
    REQUIRE(::seteuid(0) == 0);
    auto const text = host.tree.relative(format(problems));
    CHECK(has(text, "CONF/state cannot be made by the user nobody in CONF; run as root: install"));
    return failed(problems);
  };
  CHECK_FALSE(seen(settings));
  ::setenv("STATE_DIRECTORY", "/var/lib/mailstackd", 1);
  CHECK(seen(settings));
  ::unsetenv("STATE_DIRECTORY");
  host.machine.service_manager = "/no/systemd";
  CHECK(seen(settings));
  // Who only looks is not the one that serves.
  auto others = settings;
  others.user = "daemon";
  CHECK_FALSE(seen(others));
  others.user = "nobody";
  CHECK(seen(others));
}

TEST_CASE("check: each mistake is a line of its own, and its path stands there once", "[conf]") {
  ConfTree tree;
  tree.write("mailstackd.yaml", "limits: {errors: five}\nuse: nobody\nqueue: 3\n");
  auto const text = format(check(tree.path()));
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);
  for (auto const* start : {":1:18: ", ":2:1: ", ":3:8: "}) {
    auto const at = text.find(tree.path("mailstackd.yaml") + start);
    CHECK((at == 0 || (at != text.npos && text[at - 1] == '\n')));
  }
  CHECK(std::count(text.begin(), text.end(), '?') == 1);  // of "did you mean"
  CHECK(format(check("/no/tree")) ==
        "/no/tree: error: no such directory; name another one: --config DIR\n");
}

TEST_CASE("settings: where a key was given", "[conf]") {
  ConfTree tree;
  tree.write("chasquid.conf", "data_dir: \"/d\"\nmax_data_size_mb: 7\nhostname: \"h.example\"\n");
  tree.write("mailstackd.yaml", "hostname: i.example\nqueue:\n  reserve: 1%\n");
  auto const settings = tree.load()->settings;
  auto const at = [&](std::string_view key) {
    auto const place = place_of(settings, key);
    return place.path.substr(tree.path().size()) + ":" + std::to_string(place.line) + ":" +
           std::to_string(place.column);
  };
  CHECK(at("hostname") == "/mailstackd.yaml:1:1");
  CHECK(at("queue.reserve") == "/mailstackd.yaml:3:3");
  CHECK(at("limits.message") == "/chasquid.conf:2:1");
  CHECK(at("spool") == "/chasquid.conf:1:1");  // follows from the state
  CHECK(at("loops") == ":0:0");
}

TEST_CASE("program path: as execvp finds it", "[conf]") {
  CHECK(find_program("sh", "/").value().ends_with("/sh"));
  CHECK(find_program("./sh", "/bin") == "/bin/./sh");
  CHECK(find_program("/no/sh", "/").error().code == ErrorCode::not_found);
  CHECK(find_program("no-sh", "/").error().what == "there is no program no-sh in PATH");
  CHECK(find_program("/etc/passwd", "/").error().what == "/etc/passwd is not executable");
  CHECK(find_program("/bin", "/").error().code == ErrorCode::not_found);
}

}  // namespace
}  // namespace mailstack::conf
