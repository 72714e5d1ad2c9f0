#include "reconciler/world/secrets/stored_secrets.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/files/descriptor.hpp"

namespace mailstack::world {
namespace {

constexpr std::size_t max_size = 65'536;

Result<Secret<std::string>> checked(std::string value, std::string const& where) {
  if (value.ends_with('\n')) value.pop_back();
  if (value.ends_with('\r')) value.pop_back();
  if (value.empty()) return fail(ErrorCode::not_found, where + " is empty; store the secret there");
  return Secret<std::string>(std::move(value));
}

Result<> check_access(struct stat const& status, std::string const& path, bool by_systemd) {
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::invalid, path + " is not a regular file");
  unsigned const open_to = status.st_mode & (by_systemd ? 0007U : 0077U);
  if (open_to != 0)
    return fail(ErrorCode::denied, path + " is open to " +
                                       ((open_to & 0007U) != 0 ? "everyone" : "its group") +
                                       "; run: chmod 600 " + path);
  if (status.st_uid != 0 && status.st_uid != ::geteuid())
    return fail(ErrorCode::denied, path + " belongs to another user, who could change it; run: " +
                                       "chown " + std::to_string(::geteuid()) + " " + path);
  return {};
}

Result<Secret<std::string>> read_file(std::string const& path, bool by_systemd) {
  files::Descriptor const file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file.open() && (errno == ENOENT || errno == ENOTDIR))
    return fail(ErrorCode::not_found,
                path + " does not exist; store the secret there with mode 0600");
  struct stat status {};
  if (!file.open() || ::fstat(file.number(), &status) != 0)
    return fail(
        errno == EACCES || errno == EPERM ? ErrorCode::denied : ErrorCode::unavailable,
        path + ": " + std::strerror(errno) + "; this runs as user " + std::to_string(::geteuid()));
  if (auto ok = check_access(status, path, by_systemd); !ok) return fail(ok.error());
  std::string value;
  value.reserve(max_size);  // grown text would leave copies behind
  std::array<char, 4096> buffer;
  ssize_t got = 0;
  while ((got = ::read(file.number(), buffer.data(), buffer.size())) > 0 &&
         value.size() + static_cast<std::size_t>(got) <= max_size)
    value.append(buffer.data(), static_cast<std::size_t>(got));
  wipe(buffer.data(), buffer.size());
  Secret<std::string> const whole(std::move(value));
  if (got < 0) return fail(ErrorCode::unavailable, path + ": " + std::strerror(errno));
  if (got > 0) return fail(ErrorCode::invalid, path + " is larger than 64 KiB; is it a secret?");
  return checked(whole.reveal(), path);
}

Result<Secret<std::string>> read_environment(std::string const& name) {
  char const* const value = std::getenv(name.c_str());
  if (!value)
    return fail(ErrorCode::not_found, "the environment has no " + name + "; set it, or refer to " +
                                          "{credential: NAME} or {file: PATH}");
  return checked(value, "the environment variable " + name);
}

}  // namespace

StoredSecrets::StoredSecrets(std::string base_directory, std::string credentials)
    : base_directory_(std::move(base_directory)), credentials_(std::move(credentials)) {}

Result<Secret<std::string>> StoredSecrets::resolve(SecretReference const& reference) {
  auto const named = [&](Result<Secret<std::string>> result) -> Result<Secret<std::string>> {
    if (!result) return fail(within(result.error(), "secret " + reference.text()));
    return result;
  };
  auto const& name = reference.name;
  if (name.empty() || name.find('\0') != std::string::npos)
    return named(fail(ErrorCode::invalid, "it has no name"));
  if (reference.form == SecretReference::Form::env) return named(read_environment(name));
  if (reference.form == SecretReference::Form::file)
    return named(read_file(name.starts_with('/') ? name : base_directory_ + "/" + name, false));

  // systemd.exec(5): a credential's name is a file name.
  if (name.find('/') != std::string::npos || name == "." || name == "..")
    return named(fail(ErrorCode::invalid, "a credential is a name, not a path; use {file: PATH}"));
  char const* const directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory && *directory != '\0') {
    auto found = read_file(std::string(directory) + "/" + name, true);
    if (found || found.error().code != ErrorCode::not_found) return named(std::move(found));
  }
  auto found = read_file(credentials_ + "/" + name, false);
  if (!found && directory && found.error().code == ErrorCode::not_found)
    return named(fail(ErrorCode::not_found,
                      found.error().what + ", or add LoadCredential=" + name + " to the unit"));
  return named(std::move(found));
}

}  // namespace mailstack::world
