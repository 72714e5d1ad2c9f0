#include "daemon/serve/standard_error.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

#include "core/files/descriptor.hpp"
#include "tests/support/temporary_directory.hpp"

namespace mailstack::serve {

namespace {

/// Standard output and error lead to files of their own, until it ends.
class Diverted {
 public:
  Diverted() {
    for (int const fd : {STDOUT_FILENO, STDERR_FILENO}) {
      before_.emplace_back(::dup(fd));
      lead(fd, std::to_string(fd));
    }
  }
  Diverted(Diverted const&) = delete;
  Diverted& operator=(Diverted const&) = delete;
  ~Diverted() {
    ::unsetenv("JOURNAL_STREAM");
    for (int const fd : {STDOUT_FILENO, STDERR_FILENO})
      ::dup2(before_.at(fd - STDOUT_FILENO).number(), fd);
  }
  void lead(int fd, std::string const& name) const {
    files::Descriptor const file(
        ::open((directory_.path() + "/" + name).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    ::dup2(file.number(), fd);
  }
  /// As systemd says that it is the journal.
  static void name_journal(int fd, unsigned further = 0) {
    struct stat found {};
    ::fstat(fd, &found);
    auto const text = std::to_string(found.st_dev) + ":" + std::to_string(found.st_ino + further);
    ::setenv("JOURNAL_STREAM", text.c_str(), 1);
  }

 private:
  support::TemporaryDirectory directory_;
  std::vector<files::Descriptor> before_;
};

}  // namespace

// Each problem of the tree stood twice in `journalctl -u mailstackd`.
TEST_CASE("standard error: where the log comes out beside it nothing is said twice", "[serve]") {
  using Log = conf::Settings::Log;
  auto const meets = [](Log form, std::string const& path) {
    conf::Settings settings;
    settings.log = form;
    settings.mail_log_path = path;
    return log_meets_standard_error(settings);
  };
  std::string seen;
  auto const look = [&] {
    for (auto const* path : {"<syslog>", "<stdout>", "<stderr>", "/var/log/mail.log"})
      seen += meets(Log::chasquid, path) ? '1' : '0';
    seen += meets(Log::journal, "<syslog>") ? "1 " : "0 ";
  };
  {
    Diverted const diverted;
    look();
    diverted.lead(STDOUT_FILENO, "2");
    look();
    Diverted::name_journal(STDERR_FILENO);
    look();
    // Of the service that has started ours, whose standard error was led elsewhere.
    Diverted::name_journal(STDERR_FILENO, 1);
    look();
  }
  CHECK(seen == "00100 01100 11101 01100 ");
}

}  // namespace mailstack::serve
