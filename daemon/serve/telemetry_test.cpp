#include "daemon/serve/telemetry.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/temporary_directory.hpp"

namespace mailstack::serve {

TEST_CASE("telemetry: a log that cannot be opened anew is a problem, and not its own secret",
          "[serve]") {
  support::TemporaryDirectory const directory;
  auto const place = directory.path() + "/logs";
  std::filesystem::create_directory(place);
  conf::Settings settings;
  settings.mail_log_path = place + "/mail.log";
  Telemetry telemetry("1", settings);
  CHECK_FALSE(telemetry.reopen_log());
  std::filesystem::remove_all(place);
  auto const problem = telemetry.reopen_log();
  REQUIRE(problem);
  CHECK(conf::format(*problem) == place + "/mail.log: warning: log " + place +
                                      "/mail.log: No such file or directory; what was open before "
                                      "is written to");
  std::filesystem::create_directory(place);
  CHECK_FALSE(telemetry.reopen_log());
  CHECK(std::filesystem::exists(place + "/mail.log"));
}

TEST_CASE("telemetry: whom an alias names in vain has a line, and is no attempt", "[serve]") {
  support::TemporaryDirectory const directory;
  conf::Settings settings;
  settings.mail_log_path = directory.path() + "/mail.log";
  KeptMessage kept;
  kept.id = 1;
  kept.envelope.sender = "a@example.com";
  kept.envelope.recipients.emplace_back().address = "there@example.org";
  kept.content = std::make_shared<std::string const>("Hi\r\n");
  auto& lost = kept.lost.emplace_back();
  lost.address = "gone@example.org";
  lost.original = "team@example.org";
  lost.last_reply = "550 5.1.1 no such user";
  std::string counted;
  {
    Telemetry telemetry("1.0", settings);
    REQUIRE_FALSE(telemetry.problem());
    Client client;
    client.address = "192.0.2.1";
    telemetry.tell_queued(kept, client);
    counted = telemetry.metrics().registry.format(control::Exposition::prometheus);
  }
  std::ifstream file(settings.mail_log_path);
  std::string const log{std::istreambuf_iterator<char>(file), {}};
  CHECK(log.find("gone@example.org") != log.npos);
  CHECK(log.find("failed (permanent)") != log.npos);
  CHECK(counted.find("mailstackd_delivery_attempts_total{result=\"failed\"} 0\n") != counted.npos);
  CHECK(counted.find("mailstackd_delivery_rejects_total{") == counted.npos);
}

}  // namespace mailstack::serve
