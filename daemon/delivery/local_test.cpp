#include "daemon/delivery/local.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "daemon/delivery/fake/fake_hosts.hpp"
#include "daemon/delivery/mailbox.hpp"
#include "daemon/delivery/maildir.hpp"
#include "daemon/delivery/program.hpp"
#include "daemon/net/pool.hpp"
#include "daemon/policy/pipe.hpp"
#include "tests/support/temporary_directory.hpp"

namespace mailstack::delivery {
namespace {

using How = policy::ProgramEnd::How;

std::string read(std::string const& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> files_in(std::string const& directory) {
  std::vector<std::string> names;
  for (auto const& entry : std::filesystem::directory_iterator(directory))
    names.push_back(entry.path().string());
  return names;
}

// ---- what is written ----

TEST_CASE("mailbox: LF line ends behind Return-Path and Delivered-To", "[local]") {
  CHECK(mailbox_message("a@x.example", "b@y.example", "S: x\r\n\r\nbody\r\n.\r\n") ==
        "Return-Path: <a@x.example>\nDelivered-To: b@y.example\nS: x\n\nbody\n.\n");
  CHECK(mailbox_message("", "b@y.example", "") == "Return-Path: <>\nDelivered-To: b@y.example\n");
}

TEST_CASE("mailbox: arguments of an MDA, without what a shell might take for more", "[local]") {
  std::vector<std::string> const all{
      "-f", "%from%", "%from_user%|%from_domain%", "%to%", "%to_user%/%to_domain%", "%other%"};
  CHECK(mda_arguments(all, {"a@x.example", "b@y.example"}) ==
        std::vector<std::string>{"-f", "a@x.example", "a|x.example", "b@y.example", "b/y.example",
                                 "%other%"});
  CHECK(mda_arguments({"%from%", "%to_user%"}, {"`rm -rf /`;%to%@x.example", "a$(b)@y.example"}) ==
        std::vector<std::string>{"rm-rfto@x.example", "ab"});
  CHECK(mda_arguments({"-f", "%from%"}, {"", "b@y.example"}) == std::vector<std::string>{"-f", ""});
}

TEST_CASE("mailbox: no name leads out of the place for maildirs", "[local]") {
  std::string const path = "/m/%to_domain%/%to_user%";
  CHECK(maildir_path(path, "b@y.example") == "/m/y.example/b");
  // The sender is whoever writes: nothing of it leads anywhere.
  CHECK(maildir_path("/m/%from%/%to%", "b@y.example") == "/m/%from%/b@y.example");
  for (auto const* bad : {"../x@y.example", "..@y.example", ".@y.example", ".b@y.example",
                          "a/b@y.example", "b@..", "@y.example", "b@", "b\n@y.example"})
    CHECK_FALSE(maildir_path(path, bad));
}

// ---- maildir ----

TEST_CASE("maildir: a message is one file of new, private, and tmp is empty", "[local]") {
  support::TemporaryDirectory directory;
  Maildirs maildirs("mx/1:2");
  auto const path = directory.path() + "/y.example/b";
  CHECK(smtp::one_line(maildirs.put(path, "one\n")) == "250 2.0.0 delivered to the mailbox");
  CHECK(maildirs.put(path, "two\n").code == 250);
  auto const names = files_in(path + "/new");
  REQUIRE(names.size() == 2);
  CHECK(read(names[0]) + read(names[1]) ==
        (read(names[0]) == "one\n" ? "one\ntwo\n" : "two\none\n"));
  CHECK(names[0].ends_with(".mx\\0571\\0722"));
  CHECK(names[0].find(".M") != std::string::npos);
  CHECK(files_in(path + "/tmp").empty());
  struct stat status {};
  REQUIRE(::stat(names[0].c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600);
  for (auto const* part : {"/y.example", "/y.example/b", "/y.example/b/cur"}) {
    REQUIRE(::stat((directory.path() + part).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0700);
  }
}

TEST_CASE("maildir: what lies in tmp for more than 36 hours goes", "[local]") {
  support::TemporaryDirectory directory;
  auto const tmp = directory.path() + "/tmp";
  std::filesystem::create_directories(tmp);
  std::ofstream(tmp + "/old") << "x";
  std::ofstream(tmp + "/young") << "x";
  timespec const times[2] = {{.tv_sec = ::time(nullptr) - 37L * 3600, .tv_nsec = 0},
                             {.tv_sec = ::time(nullptr) - 37L * 3600, .tv_nsec = 0}};
  REQUIRE(::utimensat(AT_FDCWD, (tmp + "/old").c_str(), times, 0) == 0);
  CHECK(Maildirs("mx").put(directory.path(), "x\n").code == 250);
  CHECK(files_in(tmp) == std::vector<std::string>{tmp + "/young"});
}

TEST_CASE("maildir: where it cannot be the message waits", "[local]") {
  support::TemporaryDirectory directory;
  std::ofstream(directory.path() + "/file") << "x";
  CHECK(Maildirs("mx").put(directory.path() + "/file/box", "x\n").enhanced == "4.3.0");
}

// ---- programs ----

Ran sh(std::string const& script, std::string const& input = "in\n",
       std::chrono::milliseconds limit = std::chrono::seconds(20)) {
  return run_program({.argv = {"sh", "-c", script},
                      .environment = {"PATH=/usr/bin:/bin", "X=y"},
                      .directory = {},
                      .input = input,
                      .limit = limit});
}

TEST_CASE("program: input, output, status", "[local]") {
  auto const ran = sh("cat; echo err >&2; exit 3");
  CHECK(ran.end.how == How::exited);
  CHECK(ran.end.code == 3);
  CHECK(ran.output == "in\nerr\n");
}

TEST_CASE("program: standard error is apart where that is wanted", "[local]") {
  auto const script = "echo out; echo err >&2; echo more; head -c 200000 /dev/zero >&2";
  auto const ran = run_program({.argv = {"sh", "-c", script},
                                .environment = {"PATH=/usr/bin:/bin"},
                                .directory = {},
                                .input = {},
                                .errors_apart = true});
  CHECK(ran.output == "out\nmore\n");
  CHECK(ran.errors == "err\n" + std::string(4092, '\0'));
}

TEST_CASE("program: nothing of ours goes in but the three descriptors and the environment",
          "[local]") {
  int const leak = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  auto const ran = sh("ls /proc/$$/fd; env | sort; ps -o sid= -p $$ | grep -c $$");
  ::close(leak);
  CHECK(ran.output.starts_with("0\n1\n2\n"));
  CHECK(ran.output.find("X=y") != std::string::npos);
  CHECK(ran.output.find("HOME=") == std::string::npos);
  CHECK(ran.output.ends_with("1\n"));
}

TEST_CASE("program: arguments are never a shell's", "[local]") {
  auto const ran = run_program(
      {.argv = {"echo", "$(id) `id` ; id | id"}, .environment = {}, .directory = {}, .input = {}});
  CHECK(ran.output == "$(id) `id` ; id | id\n");
}

TEST_CASE("program: one that reads nothing of a large message is no failure", "[local]") {
  std::string const large(4'000'000, 'x');
  CHECK(sh("exit 0", large).end.code == 0);
  CHECK(sh("head -c 10 >/dev/null; exit 0", large).end.code == 0);
  auto const ran = sh("wc -c", large);
  CHECK(ran.output == "4000000\n");
}

TEST_CASE("program: of its output the first 4 KiB are kept, and it can write more", "[local]") {
  auto const ran = sh("head -c 1000000 /dev/zero | tr '\\0' z; exit 75");
  CHECK(ran.output == std::string(4096, 'z'));
  CHECK(ran.end.code == 75);
}

TEST_CASE("program: the time limit kills the whole group", "[local]") {
  support::TemporaryDirectory directory;
  auto const late = directory.path() + "/late";
  auto const begun = std::chrono::steady_clock::now();
  auto const ran =
      sh("echo hi; (sleep 1; touch " + late + ") & sleep 30", "", std::chrono::milliseconds(200));
  CHECK(ran.end.how == How::timed_out);
  CHECK(ran.output == "hi\n");
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(5));
  ::usleep(1'300'000);
  CHECK_FALSE(std::filesystem::exists(late));
}

TEST_CASE("program: who stays in the background is not waited for", "[local]") {
  auto const begun = std::chrono::steady_clock::now();
  auto const ran = sh("sleep 20 & echo done");
  CHECK(ran.end.how == How::exited);
  CHECK(ran.output == "done\n");
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(15));
}

TEST_CASE("program: a signal, and what cannot be begun", "[local]") {
  auto const ran = sh("kill -9 $$");
  CHECK(ran.end.how == How::signalled);
  CHECK(ran.end.code == SIGKILL);
  auto const none =
      run_program({.argv = {"/no/such/program"}, .environment = {}, .directory = {}, .input = {}});
  CHECK(none.end.how == How::not_begun);
  CHECK(none.output == "No such file or directory");
  CHECK(run_program({.argv = {}, .environment = {}, .directory = {}, .input = {}}).end.how ==
        How::not_begun);
}

// ---- jobs ----

struct Here {
  Here() {
    settings.hostname = "mx.example.org";
    settings.directory = directory.path();
    settings.delivery.maildir = directory.path() + "/%to_domain%/%to_user%";
  }
  std::string deliver(std::vector<queue::Recipient> recipients) {
    CourierDoors doors;
    doors.loop = loop.get();
    doors.conf = [this] {
      auto snapshot = std::make_shared<conf::Snapshot>();
      snapshot->settings = settings;
      return snapshot;
    };
    if (!busy)
      doors.offload = [this](std::function<void()> work) { return pool.run(std::move(work)); };
    Local local(doors);
    Job job;
    job.sender = "a@x.example";
    job.recipients = std::move(recipients);
    job.content = std::make_shared<std::string const>("Subject: x\r\n\r\nhello\r\n");
    std::string replies;
    local.deliver(std::move(job), [&](std::vector<Outcome> const& outcomes) {
      for (auto const& [reply, host, fault, cut] : outcomes)
        replies += (host.empty() ? "" : host + ": ") + smtp::one_line(reply) + '\n';
      loop->stop();
    });
    loop->run();
    return replies;
  }
  static queue::Recipient to(queue::Way way, std::string const& address) {
    queue::Recipient recipient;
    recipient.way = way;
    recipient.address = address;
    recipient.original = "b+tag@y.example";
    return recipient;
  }

  support::TemporaryDirectory directory;
  conf::Settings settings;
  bool busy = false;
  std::unique_ptr<net::Loop> loop = net::Loop::make();
  net::Pool pool{2};
};

TEST_CASE("local: a maildir for each recipient", "[local]") {
  Here here;
  here.settings.delivery.local = conf::Settings::Delivery::Local::maildir;
  CHECK(here.deliver({Here::to(queue::Way::local, "b@y.example"),
                      Here::to(queue::Way::local, "..@y.example"),
                      Here::to(queue::Way::local, "c@y.example")}) ==
        "250 2.0.0 delivered to the mailbox\n550 5.1.1 no maildir is called so: ..@y.example\n"
        "250 2.0.0 delivered to the mailbox\n");
  auto const names = files_in(here.directory.path() + "/y.example/c/new");
  REQUIRE(names.size() == 1);
  CHECK(read(names[0]) ==
        "Return-Path: <a@x.example>\nDelivered-To: c@y.example\nSubject: x\n\nhello\n");
}

TEST_CASE("local: the MDA has chasquid's arguments and stands in the conf tree", "[local]") {
  Here here;
  auto const script = here.directory.path() + "/mda";
  std::ofstream(script) << "#!/bin/sh\necho \"$@ $SENDER $RECIPIENT\" > args; cat > mail\n";
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  here.settings.delivery.mda = "./mda";
  CHECK(here.deliver({Here::to(queue::Way::local, "b@y.example")}) ==
        "./mda: 250 2.0.0 delivered to the program\n");
  CHECK(read(here.directory.path() + "/args") == "-f a@x.example -d b a@x.example b@y.example\n");
  CHECK(read(here.directory.path() + "/mail").find("hello\n") != std::string::npos);
}

TEST_CASE("local: the end of an alias's command decides", "[local]") {
  Here here;
  auto const path = here.directory.path() + "/end";
  std::ofstream(path) << "#!/bin/sh\necho \"$EXTENSION because\"\nexit $1\n";
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  CHECK(here.deliver({Here::to(queue::Way::pipe, path + " 0")}).starts_with(path + ": 250 "));
  CHECK(here.deliver({Here::to(queue::Way::pipe, path + " 75")}) ==
        path + ": 451 4.3.0 the program ended with status 75: tag because\n");
  CHECK(
      here.deliver({Here::to(queue::Way::pipe, path + " 67")}).starts_with(path + ": 550 5.1.1 "));
  // Neither words of the command nor its arguments, which may be a secret.
  CHECK(here.deliver({Here::to(queue::Way::pipe, "/no/such/program --token 5ecret")}) ==
        "/no/such/program: 451 4.3.5 the program could not be started: No such file or "
        "directory\n");
  here.settings.delivery.mda = "no-such-mda";
  CHECK(here.deliver({Here::to(queue::Way::local, "b@y.example")}) ==
        "no-such-mda: 451 4.3.5 the program could not be started: No such file or directory\n");
}

TEST_CASE("local: with no thread left a message waits", "[local]") {
  Here here;
  here.busy = true;
  CHECK(here.deliver({Here::to(queue::Way::pipe, "true"), Here::to(queue::Way::pipe, "true")}) ==
        "451 4.3.2 too much is being delivered at once\n"
        "451 4.3.2 too much is being delivered at once\n");
}

}  // namespace
}  // namespace mailstack::delivery
