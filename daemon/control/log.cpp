#include "daemon/control/log.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <ctime>
#include <mutex>
#include <thread>
#include <vector>

#include "core/files/descriptor.hpp"

namespace mailstack::control {

namespace {

constexpr std::size_t most_octets = 4UL * 1024 * 1024;  // that wait
/// So long lines are gathered: a busy daemon writes a hundred at once.
constexpr std::chrono::milliseconds gathering{5};

struct Line {
  int priority;
  std::string text;
};
using Lines = std::vector<Line>;

using files::Descriptor;

/// `2026-11-26 20:14:36.123456 `, local time, as chasquid has it and fail2ban takes it.
/// The text of a second is worked out once: lines of the same second are many.
std::string local_stamp(LogTime time) {
  thread_local std::chrono::sys_seconds last{};
  thread_local std::array<char, 32> text{};
  auto const seconds = std::chrono::floor<std::chrono::seconds>(time);
  if (seconds != last || text[0] == 0) {
    last = seconds;
    std::time_t const whole = seconds.time_since_epoch().count();
    std::tm local{};
    ::localtime_r(&whole, &local);
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S.", &local);
  }
  auto const fraction = std::to_string(1'000'000 + (time - seconds).count());
  return text.data() + fraction.substr(1) + " ";
}

/// A place. Written to by the log's thread only.
class Output {
 public:
  virtual ~Output() = default;
  /// What to write to from now on; from any thread. None where it always stays the same.
  virtual Result<Descriptor> open() const { return Descriptor(); }
  virtual void use(Descriptor /*opened*/) {}
  [[nodiscard]] virtual bool on_standard_error() const { return false; }
  /// How many could not be written.
  virtual std::size_t write(Lines const& lines) = 0;
};

Error error_of(std::string const& path) {
  auto const code = errno == EACCES || errno == EROFS || errno == EPERM ? ErrorCode::denied
                    : errno == ENOENT                                   ? ErrorCode::not_found
                                                                        : ErrorCode::unavailable;
  return {code, "log " + path + ": " + std::strerror(errno)};
}

class Stream : public Output {
 public:
  Stream(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  std::size_t write(Lines const& lines) override {
    std::string all;
    for (auto const& line : lines) all.append(line.text).append("\n");
    std::string_view rest = all;
    int const fd = file_.open() ? file_.number() : fd_;
    while (!rest.empty()) {
      auto const written = ::write(fd, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return lost(rest);
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
  }

  Result<Descriptor> open() const override {
    if (fd_ >= 0) return Descriptor();
    // Addresses are nobody else's business.
    constexpr mode_t mode = 0640;
    Descriptor file(
        ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, mode));
    if (!file.open()) return fail(error_of(path_));
    return file;
  }
  void use(Descriptor opened) override { file_ = std::move(opened); }
  [[nodiscard]] bool on_standard_error() const override { return fd_ == STDERR_FILENO; }

 private:
  static std::size_t lost(std::string_view rest) {
    return static_cast<std::size_t>(std::count(rest.begin(), rest.end(), '\n'));
  }

  std::string path_;
  int fd_;  ///< of standard output or error; -1: a file
  Descriptor file_;
};

/// A socket that is connected to the one at `path`.
Result<Descriptor> connect_unix(std::string const& path, int type) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return fail(ErrorCode::invalid, "log " + path + ": longer than a socket's path may be");
  std::copy(path.begin(), path.end(), address.sun_path);
  Descriptor socket(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  if (!socket.open() ||
      ::connect(socket.number(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0)
    return fail(error_of(path));
  return socket;
}

/// syslogd's socket. While nobody listens there the lines go to standard error: a trial in a
/// container shows what it does, and what syslogd is restarted for is in the journal. syslog(3)
/// would drop them without a word.
class Syslog : public Output {
 public:
  explicit Syslog(std::string path) : path_(std::move(path)) { connect(); }

  [[nodiscard]] bool on_standard_error() const override { return !reached_; }

  std::size_t write(Lines const& lines) override {
    Lines instead;
    for (auto const& line : lines) {
      auto const entry = entry_of(line);
      if (!send(entry) && !(connect() && send(entry))) instead.push_back(line);
    }
    if (instead.empty()) return 0;
    auto const stamp = local_stamp(
        std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()));
    for (auto& line : instead) line.text.insert(0, stamp);
    return standard_error_.write(instead);
  }

 private:
  /// As syslog(3) writes it (RFC 3164).
  static std::string entry_of(Line const& line) {
    std::time_t const now = std::time(nullptr);
    std::tm local{};
    ::localtime_r(&now, &local);
    std::array<char, 32> stamp{};
    std::strftime(stamp.data(), stamp.size(), "%b %e %H:%M:%S", &local);
    return "<" + std::to_string(LOG_MAIL | line.priority) + ">" + stamp.data() + " mailstackd[" +
           std::to_string(::getpid()) + "]: " + line.text;
  }

  /// Some listen for a stream.
  bool connect() {
    stream_ = false;
    auto socket = connect_unix(path_, SOCK_DGRAM);
    if (!socket && errno == EPROTOTYPE) {
      stream_ = true;
      socket = connect_unix(path_, SOCK_STREAM);
    }
    socket_ = socket ? std::move(*socket) : Descriptor();
    return reached_ = socket_.open();
  }

  [[nodiscard]] bool send(std::string const& entry) const {
    // In a stream NUL ends an entry, in a datagram its end does.
    std::string_view rest(entry.c_str(), entry.size() + (stream_ ? 1 : 0));
    while (!rest.empty()) {
      auto const sent = ::send(socket_.number(), rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return false;
      rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  std::string path_;
  Descriptor socket_;
  bool stream_ = false;
  std::atomic<bool> reached_ = false;
  Stream standard_error_{"<stderr>", STDERR_FILENO};
};

class Journal : public Output {
 public:
  explicit Journal(std::string path) : path_(std::move(path)) {}

  Result<Descriptor> open() const override { return connect_unix(path_, SOCK_DGRAM); }
  void use(Descriptor opened) override { socket_ = std::move(opened); }

  std::size_t write(Lines const& lines) override {
    std::size_t lost = 0;
    for (auto const& line : lines)
      if (!send(line.text) && !send_anew(line.text)) ++lost;
    return lost;
  }

 private:
  bool send(std::string const& entry) const {
    return ::send(socket_.number(), entry.data(), entry.size(), MSG_NOSIGNAL) >= 0;
  }
  /// The journal was restarted: its socket is another one now.
  bool send_anew(std::string const& entry) {
    auto socket = open();
    if (!socket) return false;
    use(std::move(*socket));
    return send(entry);
  }

  std::string path_;
  Descriptor socket_;
};

Result<std::unique_ptr<Output>> open_output(LogPlace const& place) {
  std::unique_ptr<Output> output;
  if (place.form == conf::Settings::Log::journal)
    output = std::make_unique<Journal>(place.journal);
  else if (place.path == "<syslog>")
    output = std::make_unique<Syslog>(place.syslog);
  else if (place.path == "<stdout>")
    output = std::make_unique<Stream>(place.path, STDOUT_FILENO);
  else if (place.path == "<stderr>")
    output = std::make_unique<Stream>(place.path, STDERR_FILENO);
  else
    output = std::make_unique<Stream>(place.path, -1);
  auto opened = output->open();
  if (!opened) return fail(opened.error());
  output->use(std::move(*opened));
  return output;
}

class ThreadedLog : public Log {
 public:
  ThreadedLog(LogPlace place, std::unique_ptr<Output> output, std::function<void(std::size_t)> lost)
      : place_(std::move(place)), output_(std::move(output)), lost_(std::move(lost)) {
    thread_ = std::thread([this] { run(); });
  }
  ~ThreadedLog() override {
    {
      std::lock_guard const lock(mutex_);
      ending_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

  void write(Event const& event) override {
    Line line{priority(event), text_of(event)};
    std::lock_guard const lock(mutex_);
    if (octets_ + line.text.size() > most_octets) {
      ++dropped_;
      return;
    }
    octets_ += line.text.size();
    ++written_;
    lines_.push_back(std::move(line));
    if (lines_.size() == 1) wake_.notify_all();
  }

  Result<> reopen() override {
    auto opened = output_->open();
    if (!opened) return fail(opened.error());
    std::lock_guard const lock(mutex_);
    fresh_ = std::move(*opened);
    return {};
  }

  [[nodiscard]] bool on_standard_error() const override { return output_->on_standard_error(); }

  void flush() override {
    std::unique_lock lock(mutex_);
    auto const until = written_;
    ++hurried_;
    wake_.notify_all();
    out_.wait(lock, [&] { return brought_ >= until; });
    --hurried_;
  }

 private:
  std::string text_of(Event const& event) const {
    auto const now =
        std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
    switch (place_.form) {
      case conf::Settings::Log::journal: return journal_entry(event);
      case conf::Settings::Log::json: return json_line(event, now);
      case conf::Settings::Log::chasquid: break;
    }
    // syslogd has its own time.
    return (place_.path == "<syslog>" ? "" : local_stamp(now)) + maillog_line(event);
  }

  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return ending_ || !lines_.empty(); });
      wake_.wait_for(lock, gathering, [this] { return ending_ || hurried_ > 0; });
      if (lines_.empty() && dropped_ == 0) {
        if (ending_) return;
        continue;
      }
      auto const lines = std::exchange(lines_, {});
      auto lost = std::exchange(dropped_, 0);
      octets_ = 0;
      auto fresh = std::move(fresh_);
      lock.unlock();
      if (fresh.open()) output_->use(std::move(fresh));
      lost += output_->write(lines);
      if (lost > 0 && lost_) lost_(lost);
      lock.lock();
      brought_ += lines.size();
      out_.notify_all();
    }
  }

  LogPlace const place_;
  std::unique_ptr<Output> output_;
  std::function<void(std::size_t)> lost_;
  std::mutex mutex_;
  std::condition_variable wake_, out_;
  Lines lines_;
  Descriptor fresh_;
  std::size_t octets_ = 0;
  std::size_t dropped_ = 0;
  std::uint64_t written_ = 0, brought_ = 0;
  unsigned hurried_ = 0;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Log>> Log::open(LogPlace place, std::function<void(std::size_t)> lost) {
  auto output = open_output(place);
  if (!output) return fail(output.error());
  return std::make_unique<ThreadedLog>(std::move(place), std::move(*output), std::move(lost));
}

}  // namespace mailstack::control
