// What becomes of programs when the daemon ends.

#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "daemon/delivery/local.hpp"
#include "daemon/delivery/program.hpp"
#include "daemon/net/pool.hpp"
#include "tests/support/temporary_directory.hpp"

namespace mailstack::delivery {
namespace {

using How = policy::ProgramEnd::How;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Evening {
  /// Runs it, and calls the curfew once it has made the file `begun`.
  Ran sh(std::string const& script) {
    auto const begun = directory.path() + "/begun";
    std::thread caller([this, begun] {
      using std::this_thread::sleep_for;
      for (int i = 0; i < 2'000 && !curfew->called() && !std::filesystem::exists(begun); ++i)
        sleep_for(milliseconds(5));
      called = steady_clock::now();
      curfew->call();
      if (!hurries) return;
      sleep_for(milliseconds(50));
      curfew->hurry();
    });
    auto ran = run_program({.argv = {"sh", "-c", "touch " + begun + "; " + script},
                            .environment = {"PATH=/usr/bin:/bin"},
                            .directory = {},
                            .input = {},
                            .limit = limit,
                            .curfew = curfew});
    caller.join();
    took = steady_clock::now() - called;
    return ran;
  }

  support::TemporaryDirectory directory;
  bool hurries = false;
  milliseconds limit = std::chrono::seconds(30);
  std::shared_ptr<Curfew> curfew =
      std::make_shared<Curfew>(Curfew::Times{milliseconds(700), milliseconds(700)});
  steady_clock::time_point called;
  steady_clock::duration took{};
};

}  // namespace

TEST_CASE("curfew: a program that is about to end does so", "[local]") {
  Evening evening;
  auto const ran = evening.sh("sleep 0.2; echo done");
  CHECK(ran.end.how == How::exited);
  CHECK(ran.end.code == 0);
  CHECK(ran.output == "done\n");
}

TEST_CASE("curfew: one that goes on gets SIGTERM, and what it says then is not its verdict",
          "[local]") {
  Evening evening;
  auto const ran = evening.sh("trap 'echo term; exit 69' TERM; sleep 30 & wait");
  CHECK(ran.end.how == How::cut);
  CHECK(ran.output == "term\n");
  CHECK(evening.took >= milliseconds(690));
  CHECK(evening.took < std::chrono::seconds(10));
}

TEST_CASE("curfew: a program has time for what takes longer than a moment", "[local]") {
  CHECK(Curfew::Times{}.own >= std::chrono::seconds(20));
}

TEST_CASE("curfew: who is hurried gets SIGTERM at once", "[local]") {
  Evening evening;
  evening.hurries = true;
  evening.curfew = std::make_shared<Curfew>();
  CHECK(evening.sh("sleep 30").end.how == How::cut);
  CHECK(evening.took < std::chrono::seconds(15));
}

TEST_CASE("curfew: whose own time limit ends first was too slow, and not cut", "[local]") {
  Evening evening;
  evening.curfew = std::make_shared<Curfew>();
  evening.limit = milliseconds(500);
  CHECK(evening.sh("sleep 30").end.how == How::timed_out);
}

// Go's signal.NotifyContext, node and many a script end so before they have stored anything.
TEST_CASE("curfew: status 0 after SIGTERM is no delivery", "[local]") {
  Evening evening;
  CHECK(evening.sh("trap 'exit 0' TERM; sleep 30 & wait").end.how == How::cut);
}

TEST_CASE("curfew: one that does not hear is killed with its whole group", "[local]") {
  Evening evening;
  auto const late = evening.directory.path() + "/late";
  auto const ran = evening.sh("trap '' TERM; (sleep 2; touch " + late + ") & sleep 30");
  CHECK(ran.end.how == How::cut);
  CHECK(evening.took >= milliseconds(1'390));
  CHECK(evening.took < std::chrono::seconds(10));
  std::this_thread::sleep_for(milliseconds(1'200));
  CHECK_FALSE(std::filesystem::exists(late));
}

TEST_CASE("curfew: afterwards nothing is begun", "[local]") {
  Evening evening;
  evening.curfew->call();
  CHECK(evening.sh("true").end.how == How::cut);
  CHECK_FALSE(std::filesystem::exists(evening.directory.path() + "/begun"));
}

TEST_CASE("curfew: what was begun is told from what was not", "[local]") {
  Evening evening;
  evening.hurries = true;
  CHECK(evening.sh("sleep 30").begun);
  CHECK_FALSE(evening.sh("true").begun);
}

TEST_CASE("curfew: of a job each recipient is cut or has its program's verdict", "[local]") {
  auto const loop = net::Loop::make();
  net::Pool pool(2);
  auto const curfew = std::make_shared<Curfew>();
  CourierDoors doors;
  doors.loop = loop.get();
  doors.conf = [] { return std::make_shared<conf::Snapshot>(); };
  doors.offload = [&](std::function<void()> work) { return pool.run(std::move(work)); };
  doors.curfew = curfew;
  Local local(doors);
  auto const ends = [&] {
    Job job;
    queue::Recipient recipient;
    recipient.way = queue::Way::pipe;
    recipient.address = "true";
    job.recipients = {recipient};
    job.content = std::make_shared<std::string const>("x");
    auto cut = Outcome::Cut::midway;
    local.deliver(std::move(job), [&](std::vector<Outcome> const& outcomes) {
      cut = outcomes.at(0).cut;
      loop->stop();
    });
    loop->run();
    return cut;
  };
  CHECK(ends() == Outcome::Cut::none);
  curfew->call();
  CHECK(ends() == Outcome::Cut::unbegun);
}

}  // namespace mailstack::delivery
