#pragma once
/// \file
/// Where log lines go.

#include <functional>
#include <memory>
#include <string>

#include "core/result/result.hpp"
#include "daemon/conf/settings.hpp"
#include "daemon/control/log_line.hpp"

namespace mailstack::control {

struct LogPlace {
  conf::Settings::Log form = conf::Settings::Log::chasquid;
  /// A file that is appended to, or `<stdout>`, `<stderr>`, `<syslog>`. The form `journal` goes to
  /// the journal, whatever stands here.
  std::string path = "<syslog>";
  std::string journal = "/run/systemd/journal/socket";
  std::string syslog = "/dev/log";
};

/// Lines are formatted by who writes them, and brought out by a thread of the log's own: no disk
/// and no syslogd can hold up a session. Lines of a moment go out by one write(2).
class Log {
 public:
  /// `lost` is called with a number of lines that were thrown away, because 4 MiB of them waited or
  /// a write failed; from the log's thread. Fails with denied, not_found or unavailable where the
  /// place cannot be opened.
  static Result<std::unique_ptr<Log>> open(LogPlace place,
                                           std::function<void(std::size_t)> lost = {});
  /// What was written is out when it returns.
  virtual ~Log() = default;

  /// From any thread; never waits for the place. Lines keep the order of the calls.
  virtual void write(Event const& event) = 0;
  /// Opens the file anew: it may have been rotated away. Fails as open() does, and then goes on
  /// with the old one.
  virtual Result<> reopen() = 0;
  /// Whether lines come out there, also instead of where they should.
  [[nodiscard]] virtual bool on_standard_error() const = 0;
  /// Waits until what was written before is out.
  virtual void flush() = 0;
};

}  // namespace mailstack::control
