#include "daemon/serve/telemetry.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

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

}  // namespace mailstack::serve
