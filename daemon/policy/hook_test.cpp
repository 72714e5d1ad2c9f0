#include "daemon/policy/hook.hpp"

#include <catch2/catch.hpp>

#include "daemon/policy/pipe.hpp"
#include "daemon/policy/program_output.hpp"
#include "daemon/policy/rules_test.hpp"

using namespace mailstack;
using namespace mailstack::policy;

namespace {

using How = ProgramEnd::How;

std::string verdict(int code, std::string_view output, How how = How::exited) {
  auto const result = judge_hook({how, code}, output);
  if (auto const* reply = std::get_if<smtp::Reply>(&result)) return said(*reply);
  auto const& headers = std::get<HookHeaders>(result);
  return headers.dropped ? "dropped" : headers.fields;
}

std::string piped(int code, std::string_view output = "", How how = How::exited) {
  return said(pipe_reply({how, code}, output));
}

}  // namespace

TEST_CASE("hook: its environment", "[policy]") {
  auto client = logged_in("i@wac.tax");
  smtp::Transaction transaction;
  transaction.sender = path("i@wac.tax");
  transaction.recipients = {path("a@b.example"), path("\"c d\"@e.example")};
  std::vector<std::string> const inherited{"PATH=/bin", "LD_PRELOAD=/evil", "USER=mail", "PATHS=x"};
  CHECK(hook_environment(inherited, Tree().rules(), client, transaction, "ev$(il);[1:2]-x.y") ==
        std::vector<std::string>{"USER=mail", "PATH=/bin", "REMOTE_ADDR=198.51.100.7:4025",
                                 "EHLO_DOMAIN=evil[1:2]-x.y", "EHLO_DOMAIN_RAW=ev$(il);[1:2]-x.y",
                                 "MAIL_FROM=i@wac.tax", "RCPT_TO=a@b.example \"c d\"@e.example",
                                 "AUTH_AS=i@wac.tax", "ON_TLS=1", "FROM_LOCAL_DOMAIN=1",
                                 "SPF_PASS=0"});
  client = stranger();
  client.address = "2001:db8::1";
  transaction.sender = {};
  auto const plain =
      hook_environment({}, Tree().rules(), client, transaction, std::string("x\0y", 3));
  CHECK(plain == std::vector<std::string>{
                     "REMOTE_ADDR=[2001:db8::1]:4025", "EHLO_DOMAIN=xy", "EHLO_DOMAIN_RAW=xy",
                     "MAIL_FROM=", "RCPT_TO=a@b.example \"c d\"@e.example", "AUTH_AS=", "ON_TLS=0",
                     "FROM_LOCAL_DOMAIN=0", "SPF_PASS=0"});
}

TEST_CASE("hook: fields go on top, anything else is dropped", "[policy]") {
  CHECK(verdict(0, "").empty());
  CHECK(verdict(0, "X-A: b\nX-C: d\n e\n") == "X-A: b\r\nX-C: d\r\n e\r\n");
  CHECK(verdict(0, "X-A: b\r\n") == "X-A: b\r\n");
  for (auto const* none : {"\n", "no header\n", " x: y\n", "X-A: b\n\n", "X-A: b\n\nX-C: d\n",
                           "X-A: b", "X-A: b\nboo\n", "\r\n", "X-A: b\n\r\n"}) {
    CAPTURE(none);
    CHECK(verdict(0, none) == "dropped");
  }
}

TEST_CASE("hook: status 20 refuses for good, all others for now, with the last line", "[policy]") {
  CHECK(verdict(20, "looking\nno spam here\n") == "554 5.7.1 no spam here");
  CHECK(verdict(20, "5.7.8 virus") == "554 5.7.8 virus");
  CHECK(verdict(20, "4.7.8 virus") == "554 5.7.1 4.7.8 virus");
  CHECK(verdict(20, "5.7 x") == "554 5.7.1 5.7 x");
  CHECK(verdict(20, "") == "554 5.7.1 refused by the policy of this host");
  CHECK(verdict(21, "x") == "451 4.7.1 x");
  CHECK(verdict(1, "busy\n\n") == "451 4.7.1 busy");
  CHECK(verdict(9, "", How::signalled) == "451 4.7.1 try again later");
  CHECK(verdict(20, "", How::signalled).starts_with("451 "));
  CHECK(verdict(0, "X-A: b\n", How::timed_out).starts_with("451 "));
  // What strerror says is not for strangers.
  CHECK(verdict(0, "Permission denied", How::not_begun) ==
        "451 4.3.5 the policy of this host cannot be asked, try again later");
  // Nor is what a shell says that is ended with the daemon.
  CHECK(verdict(0, "Terminated\n", How::cut) ==
        "451 4.3.2 the server is stopping, try again later");
  CHECK(verdict(20, "a\rb\x01\xff\u00e4\n") == "554 5.7.1 a?b??\u00e4");
  CHECK(verdict(20, std::string(10'000, 'x')).size() < 420);
}

TEST_CASE("pipe: its environment is minimal", "[policy]") {
  CHECK(pipe_environment({"HOME=/h", "SECRET=x", "PATH=/evil", "USER=m"}, "a@b.example",
                         "log+x+y@wac.tax", "+") ==
        std::vector<std::string>{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/h", "USER=m",
                                 "SENDER=a@b.example", "RECIPIENT=log+x+y@wac.tax",
                                 "EXTENSION=x+y"});
  CHECK(pipe_environment({}, "", "log@wac.tax", "+").back() == "EXTENSION=");
}

TEST_CASE("pipe: statuses by sysexits.h", "[policy]") {
  CHECK(piped(0) == "250 2.0.0 delivered to the program");
  CHECK(piped(67) == "550 5.1.1 the program ended with status 67");
  for (int const later : {71, 72, 73, 74, 75, 126, 127})
    CHECK(piped(later).starts_with("451 4.3.0"));
  for (int const never : {1, 2, 64, 65, 66, 68, 69, 70, 76, 77, 78, 255})
    CHECK(piped(never).starts_with("554 5.3.0"));
  CHECK(piped(9, "", How::signalled) == "451 4.3.0 the program was ended by signal 9");
  CHECK(piped(0, "", How::signalled).starts_with("451"));
  CHECK(piped(0, "", How::timed_out) == "451 4.3.0 the program took too long");
  CHECK(piped(0, "", How::not_begun) == "451 4.3.5 the program could not be started");
  CHECK(piped(0, "No such file", How::not_begun) ==
        "451 4.3.5 the program could not be started: No such file");
  CHECK(piped(1, "bad\r\n\nworse\x1b[0m\n") ==
        "554 5.3.0 the program ended with status 1: bad / worse?[0m");
}

TEST_CASE("program output: bounded and printable", "[policy]") {
  CHECK(one_line_of(std::string(100'000, 'x')).size() == most_output);
  CHECK(one_line_of(" \n \n").empty());
  CHECK(one_line_of("\u00e4\xc3").size() == 3);
  std::string many;
  for (int i = 0; i < 2000; ++i) many += "x\n";
  CHECK(one_line_of(many).size() <= most_output);
  CHECK(last_line("").empty());
  CHECK(last_line("a\nb\n\n") == "b");
  CHECK(first_line("").empty());
  CHECK(first_line("\n\x1b[1mbad\r\nworse\n") == "?[1mbad");
  CHECK(first_line(std::string(1000, 'x')).size() == 200);
}
