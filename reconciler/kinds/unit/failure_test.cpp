#include "reconciler/kinds/unit/failure.hpp"

#include <catch2/catch.hpp>

namespace mailstack::kinds::unit {
namespace {

Facts facts(void (*change)(world::UnitState&)) {
  Facts all{"x.service", world::Job::start, {}};
  all.state.load = "loaded";
  all.state.active = "failed";
  all.state.result = "exit-code";
  all.state.main_code = 1;
  all.state.main_status = 1;
  change(all.state);
  return all;
}

}  // namespace

TEST_CASE("unit: a failure says cause, remedy and last lines", "[unit]") {
  struct {
    Facts facts;
    std::vector<std::string> lines;
    ErrorCode code;
    char const* what;
  } const cases[] = {
      {facts([](auto& s) { s.main_status = 203, s.command = "/usr/bin/mailstackd"; }),
       {"x.service: Failed to locate executable /usr/bin/mailstackd: No such file or directory"},
       ErrorCode::invalid,
       "start of x.service failed: /usr/bin/mailstackd cannot be executed (203/EXEC): install it, "
       "make it executable, or correct ExecStart=; its last lines: x.service: Failed to locate "
       "executable /usr/bin/mailstackd: No such file or directory"},
      {facts([](auto&) {}),
       {"starting", "listen tcp 0.0.0.0:25: bind: address already in use"},
       ErrorCode::unavailable,
       "start of x.service failed: port 25 is taken: `ss -Hltnp 'sport = :25'` names the process: "
       "stop and disable it; its last lines: starting | listen tcp 0.0.0.0:25: bind: address "
       "already in use"},
      {facts([](auto& s) { s.result = "resources", s.listens = {"[::]:465"}; }),
       {"x.socket: Failed to create listening socket ([::]:465): Address already in use"},
       ErrorCode::unavailable,
       "start of x.service failed: port 465 is taken: `ss -Hltnp 'sport = :465'` names the "
       "process: "
       "stop and disable it; its last lines: x.socket: Failed to create listening socket "
       "([::]:465): Address already in use"},
      {facts([](auto& s) { s.user = "chasquid"; }),
       {"/usr/bin/chasquid: open /etc/chasquid/certs/a/privkey.pem: permission denied"},
       ErrorCode::invalid,
       "start of x.service failed: its user chasquid may not read "
       "/etc/chasquid/certs/a/privkey.pem: set owner, group and mode of "
       "/etc/chasquid/certs/a/privkey.pem and of the folders above (`namei -l "
       "/etc/chasquid/certs/a/privkey.pem` lists them); its last lines: "
       "/usr/bin/chasquid: open /etc/chasquid/certs/a/privkey.pem: permission denied"},
      {facts([](auto&) {}),
       {"Error reading config: /etc/x/x.conf:3: unknown field \"hots\""},
       ErrorCode::invalid,
       "start of x.service failed: it refuses its configuration /etc/x/x.conf: correct what the "
       "last lines name, in the manifest where it comes from there; its last lines: Error reading "
       "config: /etc/x/x.conf:3: unknown field \"hots\""},
      {facts([](auto& s) { s.result = "timeout", s.type = "notify", s.main_status = 15; }),
       {},
       ErrorCode::unavailable,
       "start of x.service failed: it did not say in time that it is ready: see what it waits for "
       "(a name server, a lock, entropy), or raise TimeoutStartSec=; the journal has no line of "
       "it"},
      {facts([](auto& s) { s.main_status = 217, s.user = "nobodyx"; }),
       {},
       ErrorCode::invalid,
       "start of x.service failed: its user does not exist (217/USER): nobodyx: create the user, "
       "or "
       "correct User=; the journal has no line of it"},
      {facts([](auto& s) { s.load = "masked"; }),
       {},
       ErrorCode::invalid,
       "start of x.service failed: it is masked: somebody forbade it to run: `systemctl unmask "
       "x.service` allows it; the journal has no line of it"},
      {facts([](auto& s) { s.load = "bad-setting", s.load_error = "no ExecStart="; }),
       {},
       ErrorCode::invalid,
       "start of x.service failed: systemd refuses its unit file (no ExecStart=): "
       "`systemd-analyze verify x.service` names the line; the journal has no line of it"},
      {facts([](auto& s) { s.result = "signal", s.main_status = 31; }),
       {},
       ErrorCode::invalid,
       "start of x.service failed: signal 31 ended it: `coredumpctl info` may say more; see "
       "whether "
       "its system call filter is too narrow; the journal has no line of it"},
      {facts([](auto& s) { s.result = "success", s.active = "inactive", s.main_status = 0; }),
       {},
       ErrorCode::invalid,
       "start of x.service failed: it ended at once, without an error: a Condition…= of its unit "
       "may "
       "not hold, or the program does not stay in the foreground; the journal has no line of it"},
      {facts([](auto& s) { s.main_status = 7; }),
       {"bye"},
       ErrorCode::invalid,
       "start of x.service failed: it ended with status 7: see its last lines; its last lines: "
       "bye"},
  };
  for (auto const& row : cases) {
    auto const error = explain_failure(row.facts, row.lines);
    CHECK(error.what == row.what);
    CHECK(error.code == row.code);
  }
}

TEST_CASE("unit: a reload that failed says that the old stays loaded", "[unit]") {
  auto all = facts([](auto& s) { s.active = "active", s.can_reload = true, s.control_status = 3; });
  all.state.main_status = 0;
  all.job = world::Job::reload;
  CHECK(explain_failure(all, {}).what ==
        "reload of x.service failed: it ended with status 3: see its last lines; it goes on with "
        "what it had loaded; the journal has no line of it");
  all.state.can_reload = false;
  CHECK(explain_failure(all, {}).what.find("no ExecReload=") != std::string::npos);
}

TEST_CASE("unit: lines of a journal are few, short and printable", "[unit]") {
  auto const all = facts([](auto&) {});
  std::vector<std::string> lines(40, std::string(1000, 'x'));
  lines.push_back("\x1b[31mred\xff \xc2\x9b ü");
  auto const what = explain_failure(all, lines).what;
  CHECK(what.size() < 1500);
  CHECK(what.ends_with("… | ?[31mred? ? ü"));
}

}  // namespace mailstack::kinds::unit
