#include "reconciler/cli/render_doctor.hpp"

#include <catch2/catch.hpp>

using namespace mailstack;
using namespace mailstack::cli;
using doctor::Verdict;

namespace {

doctor::Findings findings() {
  return {{"disk", Verdict::warning, "room in /etc", "400 MB free", "that fills soon", "make room"},
          {"outbound", Verdict::ok, "port 25 of mx.example.net", "220 mx\x1b[2J", "", ""},
          {"inbound", Verdict::unknown, "port 25 of 203.0.113.10", "not asked", "not seen", "`nc`"},
          {"outbound", Verdict::problem, "port 25 of mx2.example.net", "refused", "blocked", "ask"},
          {"name", Verdict::ok, "what is this machine called", "srv1", "matters to nobody", ""}};
}

std::string text(Paper const& paper, doctor::Findings const& all) {
  return render_doctor({"mx1 (smtp.example.org)", all}, paper);
}

}  // namespace

TEST_CASE("render_doctor: by check, aligned, with cause and remedy", "[cli]") {
  CHECK(text({}, findings()) ==
        "mail out\n"
        "  ok       port 25 of mx.example.net: 220 mx\\x1b[2J\n"
        "  problem  port 25 of mx2.example.net: refused\n"
        "           why: blocked\n"
        "           fix: ask\n"
        "mail in\n"
        "  unknown  port 25 of 203.0.113.10: not asked\n"
        "           why: not seen\n"
        "           fix: `nc`\n"
        "disk\n"
        "  warning  room in /etc: 400 MB free\n"
        "           why: that fills soon\n"
        "           fix: make room\n"
        "name of the machine\n"
        "  ok       what is this machine called: srv1\n"
        "           matters to nobody\n"
        "\n"
        "Doctor of mx1 (smtp.example.org): 1 problem, 1 warning, 1 unknown, 2 ok.\n");
}

TEST_CASE("render_doctor: colours are of the verdict alone", "[cli]") {
  auto const painted = text({.colour = true}, findings());
  CHECK(painted.find("\x1b[31mproblem\x1b[0m  port 25 of mx2") != std::string::npos);
  CHECK(painted.find("\x1b[33mwarning\x1b[0m") != std::string::npos);
  CHECK(painted.find("\x1b[36munknown\x1b[0m") != std::string::npos);
  CHECK(painted.find("\x1b[32mok\x1b[0m       port") != std::string::npos);
}

TEST_CASE("render_doctor: quiet is what is wrong", "[cli]") {
  auto const quiet = text({.quiet = true}, findings());
  CHECK(quiet.find("problem  ") != std::string::npos);
  CHECK(quiet.find("warning  ") != std::string::npos);
  CHECK(quiet.find("nobody") == std::string::npos);
  CHECK(quiet.find("not seen") == std::string::npos);
  CHECK(text({.quiet = true}, {findings()[1], findings()[2]}).empty());
}
