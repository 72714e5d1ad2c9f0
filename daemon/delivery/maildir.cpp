#include "daemon/delivery/maildir.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "core/files/descriptor.hpp"

namespace mailstack::delivery {

namespace {

using files::Descriptor;
using std::chrono::steady_clock;

constexpr std::chrono::hours leftover_after{36};  // by maildir(5)
constexpr std::chrono::hours sweep_every{1};

smtp::Reply failure(std::string const& what, int error) {
  auto text = what + ": " + std::strerror(error);
  if (error == ENOSPC || error == EDQUOT) return {452, "4.2.2", std::move(text)};
  return {451, "4.3.0", std::move(text)};
}

Descriptor open_directory(int at, char const* name) {
  return Descriptor(::openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/// Opens the directory `name` of `parent`; makes it where it is missing, so that it survives.
Descriptor open_or_make(int parent, char const* name) {
  auto found = open_directory(parent, name);
  if (found.open() || errno != ENOENT) return found;
  if (::mkdirat(parent, name, 0700) != 0 && errno != EEXIST) return found;
  if (::fsync(parent) != 0) return Descriptor();
  return open_directory(parent, name);
}

/// The directory at an absolute or relative path, one component after the other.
Descriptor open_path(std::string const& path) {
  auto at = open_directory(AT_FDCWD, path.starts_with('/') ? "/" : ".");
  std::size_t begin = 0;
  while (at.open() && begin < path.size()) {
    auto const end = std::min(path.find('/', begin), path.size());
    if (end > begin) at = open_or_make(at.number(), path.substr(begin, end - begin).c_str());
    begin = end + 1;
  }
  return at;
}

bool write_all(int file, std::string_view octets) {
  while (!octets.empty()) {
    auto const put = ::write(file, octets.data(), octets.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    octets.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

/// `/` and `:` mean something in names of files: `\057`, `\072`.
std::string file_host(std::string_view host) {
  std::string out;
  for (char const c : host) {
    if (c == '/')
      out += "\\057";
    else if (c == ':')
      out += "\\072";
    else
      out += c;
  }
  return out;
}

/// Writes and syncs the file; it goes again where that fails.
int write_file(int directory, std::string const& name, std::string_view message) {
  Descriptor const file(::openat(directory, name.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.open()) return errno;
  if (write_all(file.number(), message) && ::fsync(file.number()) == 0) return 0;
  int const error = errno;
  ::unlinkat(directory, name.c_str(), 0);
  return error;
}

}  // namespace

Maildirs::Maildirs(std::string const& host) : host_(file_host(host)) {}

std::string Maildirs::unique_name() const {
  static std::atomic<unsigned> count{0};
  auto const now = std::chrono::system_clock::now().time_since_epoch();
  auto const seconds = std::chrono::floor<std::chrono::seconds>(now);
  auto const rest = std::chrono::floor<std::chrono::microseconds>(now - seconds);
  return std::to_string(seconds.count()) + ".M" + std::to_string(rest.count()) + 'P' +
         std::to_string(::getpid()) + 'Q' + std::to_string(++count) + '.' + host_;
}

smtp::Reply Maildirs::put(std::string const& path, std::string_view message) {
  auto const maildir = open_path(path);
  if (!maildir.open()) return failure(path, errno);
  auto const tmp = open_or_make(maildir.number(), "tmp");
  auto const fresh = open_or_make(maildir.number(), "new");
  auto const seen = open_or_make(maildir.number(), "cur");
  if (!tmp.open() || !fresh.open() || !seen.open()) return failure(path, errno);
  sweep(tmp.number(), path);
  auto const name = unique_name();
  if (int const error = write_file(tmp.number(), name, message); error != 0)
    return failure(path + "/tmp", error);
  if (::renameat(tmp.number(), name.c_str(), fresh.number(), name.c_str()) != 0) {
    int const error = errno;
    ::unlinkat(tmp.number(), name.c_str(), 0);
    return failure(path + "/new", error);
  }
  // Where this fails the message may be there twice in the end, and not at all never.
  if (::fsync(fresh.number()) != 0) return failure(path + "/new", errno);
  return {250, "2.0.0", "delivered to the mailbox"};
}

void Maildirs::sweep(int tmp, std::string const& path) {
  {
    std::lock_guard const lock(mutex_);
    auto const now = steady_clock::now();
    auto const [at, first] = swept_.try_emplace(path, now);
    if (!first && now - at->second < sweep_every) return;
    at->second = now;
  }
  int const copy = ::openat(tmp, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return;
  std::unique_ptr<DIR, int (*)(DIR*)> const directory(::fdopendir(copy), ::closedir);
  if (!directory) {
    ::close(copy);
    return;
  }
  auto const limit =
      std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() - leftover_after);
  while (auto const* entry = ::readdir(directory.get())) {
    struct stat status {};
    if (::fstatat(tmp, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISREG(status.st_mode) && status.st_mtime < limit) ::unlinkat(tmp, entry->d_name, 0);
  }
}

}  // namespace mailstack::delivery
