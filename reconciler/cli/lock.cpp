#include "reconciler/cli/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace mailstack::cli {

namespace {

ErrorCode code_of(int number) {
  return number == EACCES || number == EPERM || number == EROFS ? ErrorCode::denied
                                                                : ErrorCode::unavailable;
}

std::string words_of(int number) { return std::generic_category().message(number); }

std::string holder(int descriptor) {
  std::array<char, 200> text{};
  auto const got = ::pread(descriptor, text.data(), text.size(), 0);
  std::string who(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  who.resize(std::min(who.find('\n'), who.size()));
  return who.empty() ? "another run" : who;
}

}  // namespace

Result<Lock> Lock::take(std::string const& state_directory, std::string const& who) {
  std::error_code failed;
  if (std::filesystem::create_directories(state_directory, failed))
    ::chmod(state_directory.c_str(), 0700);
  if (failed)
    return fail(code_of(failed.value()), "state directory " + state_directory + ": " +
                                             failed.message() + "; --state DIR names another");
  auto const path = state_directory + "/lock";
  int const descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0)
    return fail(code_of(errno),
                path + ": " + words_of(errno) + "; --state DIR names another directory");
  Lock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail(code_of(errno), path + ": " + words_of(errno));
    return fail(ErrorCode::conflict, path + " is held by " + holder(descriptor) +
                                         ". Wait until it ends; the lock goes with its process");
  }
  // Only a word for others: where it cannot be written (disk full) the lock holds all the same.
  auto const line = who + ", pid " + std::to_string(::getpid()) + "\n";
  if (::ftruncate(descriptor, 0) == 0) (void)!::pwrite(descriptor, line.data(), line.size(), 0);
  return lock;
}

Lock::Lock(Lock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Lock::~Lock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace mailstack::cli
