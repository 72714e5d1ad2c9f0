// Delivery as it is: sockets, TLS and DNS, all of it on loopback.

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/x509/x509.hpp"
#include "daemon/delivery/courier_doors.hpp"
#include "tests/support/loopback.hpp"
#include "tests/support/loopback_name_server.hpp"
#include "tests/support/server_process.hpp"
#include "tests/support/source_tree.hpp"
#include "tests/support/temporary_directory.hpp"

namespace mailstack::delivery {
namespace {

std::string read(std::string const& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Certificate and key of a host, in one file.
std::string make_pem(std::string const& directory) {
  auto const key = *x509::make_key();
  auto const now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  auto const chain = *x509::make_authority(key, "sink.test", now - std::chrono::hours(1),
                                           now + std::chrono::hours(24));
  std::ofstream(directory + "/host.pem") << chain << key.reveal();
  return directory + "/host.pem";
}

/// tests/support/smtp_sink.py at an address of loopback.
class Sink {
 public:
  Sink(std::string const& address, std::uint16_t port, std::vector<std::string> const& more = {}) {
    std::string const program = support::in_source("tests/support/smtp_sink.py");
    std::vector<std::string> argv{"python3", program, address, std::to_string(port),
                                  directory_.path()};
    argv.insert(argv.end(), more.begin(), more.end());
    process_ = std::make_unique<support::ServerProcess>(argv, directory_.path() + "/log");
  }
  [[nodiscard]] std::string mail(int number) const {
    return read(directory_.path() + '/' + std::to_string(number) + ".eml");
  }
  [[nodiscard]] std::string envelope(int number) const {
    return read(directory_.path() + '/' + std::to_string(number) + ".envelope");
  }
  [[nodiscard]] bool under_tls(int number) const {
    return envelope(number).find("\"tls\": true") != std::string::npos;
  }

 private:
  support::TemporaryDirectory directory_;
  std::unique_ptr<support::ServerProcess> process_;
};

struct Loopback {
  explicit Loopback(std::string const& records) : names(records) {
    settings.hostname = "out.test";
    settings.state = directory.path();
    settings.delivery.port = port;
    settings.delivery.keep_idle = std::chrono::seconds(0);
  }

  std::string deliver(std::string const& to) {
    auto doors = real_doors(*loop, *resolver);
    doors.conf = [this] {
      auto snapshot = std::make_shared<conf::Snapshot>();
      snapshot->settings = settings;
      return snapshot;
    };
    auto const courier = make_courier(std::move(doors));
    Job job;
    job.sender = "a@out.test";
    job.recipients.resize(1);
    job.recipients[0].address = to;
    job.destination = destination_of(settings, job.recipients[0]);
    job.content = std::make_shared<std::string const>(content);
    std::string reply = "nothing came";
    auto const limit = loop->after(std::chrono::seconds(60), [this] { loop->stop(); });
    courier->deliver(std::move(job), [&](std::vector<Outcome> const& all) {
      reply = smtp::one_line(all.at(0).reply);
      loop->stop();
    });
    loop->run();
    return reply;
  }
  /// Until its host listens: python takes its time.
  std::string deliver_patiently(std::string const& to) {
    std::string reply;
    for (int i = 0; i < 100; ++i) {
      reply = deliver(to);
      if (reply.find("Connection refused") == reply.npos) break;
      ::usleep(100'000);
    }
    return reply;
  }

  support::TemporaryDirectory directory;
  support::LoopbackNameServer names;
  std::uint16_t port = support::free_port();
  std::string content = "Subject: dots\r\n\r\n.\r\n..two\r\nend\r\n";
  conf::Settings settings;
  std::unique_ptr<net::Loop> loop = net::Loop::make();
  std::unique_ptr<net::DnsResolver> resolver = net::DnsResolver::make(
      *loop, {.servers = {names.address()}, .dnssec = false, .trust_anchor = {}});
};

TEST_CASE("loopback: MX hosts, dead and alive, null MX, no domain", "[loopback]") {
  Loopback world(
      "d.test MX 10 dead.test\nd.test MX 20 two.test\n"
      "dead.test A 127.0.0.31\ntwo.test A 127.0.0.32\n"
      "null.test MX 0 .\nimplicit.test A 127.0.0.32\n"
      "loops.test MX 10 out.test\nout.test A 127.0.0.33\n");
  Sink const two("127.0.0.32", world.port);
  CHECK(world.deliver_patiently("b@d.test") == "250 kept");
  CHECK(two.mail(1) == world.content);
  CHECK(two.envelope(1).find("\"helo\": \"out.test\"") != std::string::npos);
  CHECK(world.deliver("b@implicit.test") == "250 kept");
  CHECK(world.deliver("b@null.test").starts_with("556 5.1.10 "));
  CHECK(world.deliver("b@absent.test").starts_with("550 5.1.2 "));
  CHECK(world.deliver("b@loops.test").starts_with("550 5.4.6 "));
  CHECK(world.deliver("b@[127.0.0.32]") == "250 kept");
}

TEST_CASE("loopback: STARTTLS, and no way back from it", "[loopback]") {
  Loopback world("d.test MX 10 one.test\none.test A 127.0.0.34\n");
  {
    Sink const tls("127.0.0.34", world.port, {make_pem(world.directory.path())});
    CHECK(world.deliver_patiently("b@d.test") == "250 kept");
    CHECK(tls.under_tls(1));
    CHECK(tls.mail(1) == world.content);
    world.content.assign("Subject: large\r\n\r\n");
    while (world.content.size() < 3'000'000) world.content += ".a line that begins with a dot\r\n";
    CHECK(world.deliver("b@d.test") == "250 kept");
    CHECK((tls.mail(2) == world.content));  // too large to be shown
  }
  Sink const stripped("127.0.0.34", world.port);
  CHECK(world.deliver_patiently("b@d.test").starts_with("451 4.7.5 "));
  CHECK(stripped.mail(1).empty());
}

TEST_CASE("loopback: a host that cannot do the TLS it offers gets the mail in the clear",
          "[loopback]") {
  Loopback world("d.test MX 10 one.test\none.test A 127.0.0.35\n");
  Sink const broken("127.0.0.35", world.port, {"broken"});
  CHECK(world.deliver_patiently("b@d.test") == "250 kept");
  CHECK_FALSE(broken.under_tls(1));
}

TEST_CASE("loopback: a smarthost on loopback needs no certificate that others know", "[loopback]") {
  Loopback world("");
  Sink const smart("127.0.0.36", world.port, {make_pem(world.directory.path())});
  world.settings.smarthost = conf::Smarthost{};
  world.settings.smarthost->host = "127.0.0.36";
  world.settings.smarthost->port = world.port;
  CHECK(world.deliver_patiently("b@anywhere.test") == "250 kept");
  CHECK(smart.under_tls(1));
}

}  // namespace
}  // namespace mailstack::delivery
