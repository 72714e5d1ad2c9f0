#include "daemon/serve/standard_error.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace mailstack::serve {

bool is_journal(int fd) {
  auto const* stream = std::getenv("JOURNAL_STREAM");
  struct stat found {};
  return stream != nullptr && ::fstat(fd, &found) == 0 &&
         stream == std::to_string(found.st_dev) + ":" + std::to_string(found.st_ino);
}

bool same_end(int one, int other) {
  struct stat first {};
  struct stat second {};
  return ::fstat(one, &first) == 0 && ::fstat(other, &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

bool log_meets_standard_error(conf::Settings const& settings) {
  auto const& path = settings.mail_log_path;
  if (settings.log == conf::Settings::Log::journal || path == "<syslog>")
    return is_journal(STDERR_FILENO);
  return path == "<stderr>" || (path == "<stdout>" && same_end(STDOUT_FILENO, STDERR_FILENO));
}

}  // namespace mailstack::serve
