#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "daemon/delivery/doors.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/server_process.hpp"
#include "tests/support/temporary_directory.hpp"

namespace mailstack::delivery {
namespace {

std::string read(std::string const& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class NoResolver : public net::Resolver {
 public:
  void ask(dns::Name const& /*name*/, dns::Type /*type*/,
           std::function<void(net::DnsAnswer)> done) override {
    done({});
  }
};

TEST_CASE("remote: a smarthost on loopback takes a message as it was stored", "[delivery]") {
  support::TemporaryDirectory directory;
  auto const port = support::free_port();
  support::ServerProcess const sink({"python3", MAILSTACK_SOURCE_DIR "/tests/support/smtp_sink.py",
                                     "127.0.0.1", std::to_string(port), directory.path()},
                                    directory.path() + "/log");
  REQUIRE(support::wait_for_port(port, std::chrono::seconds(10)));

  auto const loop = net::Loop::make();
  NoResolver resolver;
  auto snapshot = std::make_shared<conf::Snapshot>();
  snapshot->settings.hostname = "mx.example.org";
  snapshot->settings.state = directory.path();
  snapshot->settings.smarthost = conf::Smarthost{.host = "127.0.0.1",
                                                 .port = port,
                                                 .tls = conf::Smarthost::Tls::never,
                                                 .user = {},
                                                 .password = {}};
  auto doors = real_doors(*loop, resolver);
  doors.conf = [&snapshot] { return snapshot; };
  auto const courier = make_courier(std::move(doors));

  Job job;
  job.sender = "a@example.org";
  job.recipients.resize(2);
  job.recipients[0].address = "b@example.net";
  job.recipients[1].address = "c@example.net";
  job.content = std::make_shared<std::string const>("Subject: dots\r\n\r\n.\r\n..two\r\nend\r\n");
  std::vector<Outcome> outcomes;
  courier->deliver(job, [&](std::vector<Outcome> all) {
    outcomes = std::move(all);
    loop->stop();
  });
  loop->run();
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[0].reply.code == 250);
  CHECK(outcomes[1].reply.text == "kept");
  CHECK(read(directory.path() + "/1.eml") == *job.content);
  CHECK(read(directory.path() + "/1.envelope").find("[\"b@example.net\", \"c@example.net\"]") !=
        std::string::npos);
}

}  // namespace
}  // namespace mailstack::delivery
