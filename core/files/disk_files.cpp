#include "core/files/disk_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/files/descriptor.hpp"
#include "core/files/owners.hpp"
#include "core/files/place.hpp"

namespace mailstack::files {
namespace {

struct Owner {
  uid_t user = static_cast<uid_t>(-1);
  gid_t group = static_cast<gid_t>(-1);
  [[nodiscard]] bool wanted() const {
    return user != static_cast<uid_t>(-1) || group != static_cast<gid_t>(-1);
  }
};

Result<Owner> owner_of(DiskFiles& files, std::string const& root, Place const& place,
                       Attributes const& attributes) {
  Owner owner;
  if ((!attributes.owner && !attributes.group) || !files.sets_owners()) return owner;
  auto const names = load_owners(files, root);
  auto const missing = [&](std::string_view what, std::string const& name) {
    return fail(ErrorCode::invalid, place.shown + ": there is no " + std::string(what) + " " +
                                        name +
                                        "; install the package that brings it, or create it");
  };
  if (attributes.owner) {
    auto const number = names.user(*attributes.owner);
    if (!number) return missing("user", *attributes.owner);
    owner.user = *number;
  }
  if (attributes.group) {
    auto const number = names.group(*attributes.group);
    if (!number) return missing("group", *attributes.group);
    owner.group = *number;
  }
  return owner;
}

/// 0 or the errno of the step that failed.
int set_attributes(Syscalls& calls, int file, Owner const& owner, unsigned mode) {
  // chown first: it clears the set-id bits that chmod may want.
  if (owner.wanted() && calls.chown(file, owner.user, owner.group) != 0) return errno;
  if (calls.chmod(file, mode) != 0) return errno;
  return 0;
}

int write_all(Syscalls& calls, int file, std::string_view content) {
  while (!content.empty()) {
    auto const written = calls.write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

bool names_inode(Place const& place, std::string const& leaf, int file) {
  struct stat named {};
  struct stat held {};
  return ::fstatat(place.parent.number(), leaf.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         ::fstat(file, &held) == 0 && named.st_ino == held.st_ino && named.st_dev == held.st_dev;
}

/// Takes away what stands at the name of a temporary file, unless another writer is at work on it:
/// then it waits a little. An errno where it cannot be taken away, else 0.
int clear_leftover(Syscalls& calls, Place const& place, std::string const& leaf) {
  Descriptor const other(::openat(place.parent.number(), leaf.c_str(),
                                  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  bool const leftover = other.open() && ::flock(other.number(), LOCK_EX | LOCK_NB) == 0;
  bool const obstacle = !other.open() && errno != ENOENT;  // a link or a foreign owner's file
  if (obstacle || (leftover && names_inode(place, leaf, other.number())))
    if (calls.remove(place.parent.number(), leaf.c_str(), 0) != 0 && errno != ENOENT) return errno;
  if (other.open() && !leftover) calls.pause();
  return 0;
}

/// The temporary file of DiskFiles::write(): created, locked, and surely the one at its name.
Result<Descriptor> create_temporary(Syscalls& calls, Place const& place, std::string const& leaf) {
  constexpr int attempts = 500;  // of 10 ms: a neighbour's write is over long before
  for (int i = 0; i < attempts; ++i) {
    Descriptor file(calls.create(place.parent.number(), leaf.c_str(), O_WRONLY));
    if (file.open()) {
      // Between creation and lock another writer may have taken it for a leftover.
      if (::flock(file.number(), LOCK_EX | LOCK_NB) == 0 && names_inode(place, leaf, file.number()))
        return file;
      continue;
    }
    if (errno != EEXIST) return failure("write", place.shown, errno);
    if (int const error = clear_leftover(calls, place, leaf); error != 0)
      return failure("write", place.shown, error);
  }
  return fail(ErrorCode::unavailable, "write " + place.shown +
                                          ": another process keeps its temporary file " + leaf +
                                          " locked; wait until it is done and run again");
}

}  // namespace

DiskFiles::DiskFiles(std::string root) : DiskFiles(std::move(root), std::make_shared<Syscalls>()) {}

DiskFiles::DiskFiles(std::string root, std::shared_ptr<Syscalls> calls)
    : root_(std::move(root)), calls_(std::move(calls)) {
  while (root_.ends_with('/')) root_.pop_back();
}

bool DiskFiles::sets_owners() const {
  if (::geteuid() != 0) return false;
  if (root_.empty()) return true;
  Descriptor const users(open_below(root_, "/etc/passwd", O_RDONLY));
  return users.open();
}

Result<Descriptor> DiskFiles::open_to_read(std::string const& path) {
  if (auto ok = check_path(path); !ok) return fail(ok.error());
  // Without O_NONBLOCK the opening of a pipe waits for who writes into it.
  Descriptor file(open_below(root_, path, O_RDONLY | O_NONBLOCK));
  if (file.open()) return file;
  int const error = errno;
  // "No such file" would send people looking for the link.
  if (error == ENOENT || error == ELOOP)
    if (auto const place = follow("read", root_, path);
        !place && place.error().code == ErrorCode::conflict)
      return fail(place.error());
  return failure("read", root_ + path, error);
}

Result<std::string> DiskFiles::read(std::string const& path) {
  auto const opened = open_to_read(path);
  if (!opened) return fail(opened.error());
  auto const& file = *opened;
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) return failure("read", root_ + path, errno);
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
    return fail(ErrorCode::invalid, "read " + root_ + path + ": not a regular file");
  std::string content;
  // One octet more than the size, so that the end is seen without growing; /proc says 0.
  std::size_t size = 0;
  content.resize(static_cast<std::size_t>(std::max<off_t>(status.st_size, 4095)) + 1);
  for (;;) {
    if (size == content.size()) content.resize(size * 2);
    auto const got = ::read(file.number(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure("read", root_ + path, errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  content.resize(size);
  return content;
}

Result<std::string> DiskFiles::read_end(std::string const& path, std::size_t octets) {
  auto const opened = open_to_read(path);
  if (!opened) return fail(opened.error());
  auto const& file = *opened;
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) return failure("read", root_ + path, errno);
  if (S_ISDIR(status.st_mode)) return failure("read", root_ + path, EISDIR);
  auto const size = static_cast<std::size_t>(status.st_size);
  std::size_t const start = size > octets ? size - octets : 0;
  std::string content(size - start, '\0');
  std::size_t taken = 0;
  for (ssize_t got = 1; got != 0 && taken < content.size();) {
    got = ::pread(file.number(), content.data() + taken, content.size() - taken,
                  static_cast<off_t>(start + taken));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure("read", root_ + path, errno);
    taken += static_cast<std::size_t>(got);
  }
  content.resize(taken);
  return content;
}

Result<Stat> DiskFiles::stat(std::string const& path) {
  auto place = follow("stat", root_, path);
  if (!place) return fail(place.error());
  struct stat status {};
  if (::fstatat(place->parent.number(), place->leaf.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
    return failure("stat", place->shown, errno);
  auto const names = load_owners(*this, root_);
  Stat result;
  result.directory = S_ISDIR(status.st_mode);
  result.regular = S_ISREG(status.st_mode);
  struct stat own {};
  auto const named = find("stat", root_, path);
  result.link =
      named &&
      ::fstatat(named->parent.number(), named->leaf.c_str(), &own, AT_SYMLINK_NOFOLLOW) == 0 &&
      S_ISLNK(own.st_mode);
  result.mode = status.st_mode & 07777U;
  result.owner = names.user_name(status.st_uid);
  result.group = names.group_name(status.st_gid);
  result.size = static_cast<std::uint64_t>(status.st_size);
  result.changed += std::chrono::seconds(status.st_ctim.tv_sec);
  result.changed += std::chrono::microseconds(status.st_ctim.tv_nsec / 1000);
  return result;
}

Result<std::vector<std::string>> DiskFiles::list(std::string const& directory) {
  if (auto ok = check_path(directory); !ok) return fail(ok.error());
  int const number = open_below(root_, directory, O_RDONLY | O_DIRECTORY);
  if (number < 0) return failure("list", root_ + directory, errno);
  DIR* const stream = ::fdopendir(number);
  if (!stream) {
    Descriptor const closing(number);
    return failure("list", root_ + directory, errno);
  }
  std::vector<std::string> names;
  errno = 0;
  while (auto const* entry = ::readdir(stream)) {
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(std::move(name));
  }
  int const error = errno;
  ::closedir(stream);
  if (error != 0) return failure("list", root_ + directory, error);
  std::sort(names.begin(), names.end());
  return names;
}

Result<> DiskFiles::write(std::string const& path, std::string_view content,
                          Attributes const& attributes) {
  auto place = follow("write", root_, path);
  if (!place) return fail(place.error());
  auto const owner = owner_of(*this, root_, *place, attributes);
  if (!owner) return fail(within(owner.error(), "write"));
  // A file name has at most 255 octets; a longer temporary one is cut, which the lock makes safe.
  auto const temporary = ("." + place->leaf).substr(0, 244) + ".mailstack";
  auto const file = create_temporary(*calls_, *place, temporary);
  if (!file) return fail(file.error());

  int const directory = place->parent.number();
  int error = write_all(*calls_, file->number(), content);
  if (error == 0) error = set_attributes(*calls_, file->number(), *owner, attributes.mode);
  if (error == 0 && calls_->sync(file->number()) != 0) error = errno;
  if (error == 0 &&
      calls_->rename(directory, temporary.c_str(), directory, place->leaf.c_str()) != 0)
    error = errno;
  if (error != 0) {
    calls_->remove(directory, temporary.c_str(), 0);
    return failure("write", place->shown, error);
  }
  if (calls_->sync(directory) != 0) return failure("write (directory sync)", place->shown, errno);
  return {};
}

Result<> DiskFiles::append(std::string const& path, std::string_view content) {
  auto place = follow("append to", root_, path);
  if (!place) return fail(place.error());
  auto const* const leaf = place->leaf.c_str();
  int const directory = place->parent.number();
  constexpr int flags = O_WRONLY | O_APPEND;
  Descriptor file(::openat(directory, leaf, flags | O_NOFOLLOW | O_CLOEXEC));
  bool const fresh = !file.open() && errno == ENOENT;
  if (fresh) file = Descriptor(calls_->create(directory, leaf, flags));
  if (!file.open()) return failure("append to", place->shown, errno);
  struct stat before {};
  if (::fstat(file.number(), &before) != 0) return failure("append to", place->shown, errno);

  int error = write_all(*calls_, file.number(), content);
  if (error == 0 && calls_->sync_content(file.number()) != 0) error = errno;
  if (error != 0) {
    // Half a record at the end would be read as damage later.
    if (calls_->truncate(file.number(), before.st_size) == 0 && fresh)
      calls_->remove(directory, leaf, 0);
    return failure("append to", place->shown, error);
  }
  if (fresh && calls_->sync(directory) != 0)
    return failure("append to (directory sync)", place->shown, errno);
  return {};
}

Result<> DiskFiles::make_parent(std::string const& path) {
  auto const parent = path.substr(0, path.find_last_of('/', path.find_last_not_of('/')));
  if (parent.empty())
    return fail(ErrorCode::not_found, "create directory: " + root_ + " does not exist");
  Descriptor const there(open_below(root_, parent, O_PATH | O_DIRECTORY));
  if (!there.open() && errno == ENOTDIR)
    return fail(ErrorCode::conflict, "create directory " + root_ + path + ": " + root_ + parent +
                                         " is a file; move it away");
  return make_directory(parent, Attributes{0755, {}, {}});
}

Result<> DiskFiles::make_directory(std::string const& path, Attributes const& attributes) {
  if (auto ok = check_path(path); !ok) return fail(ok.error());
  auto place = follow("create directory", root_, path);
  if (!place && place.error().code == ErrorCode::not_found) {
    if (auto made = make_parent(path); !made) return made;
    place = follow("create directory", root_, path);
  }
  if (!place) return fail(place.error());
  auto const owner = owner_of(*this, root_, *place, attributes);
  if (!owner) return fail(within(owner.error(), "create directory"));
  int const parent = place->parent.number();
  bool const fresh = calls_->make_directory(parent, place->leaf.c_str(), 0700) == 0;
  if (!fresh && errno != EEXIST) return failure("create directory", place->shown, errno);
  Descriptor const directory(
      ::openat(parent, place->leaf.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory.open() && (errno == ENOTDIR || errno == ELOOP))
    return fail(ErrorCode::conflict,
                "create directory " + place->shown + ": something else is there; move it away");
  if (!directory.open()) return failure("create directory", place->shown, errno);
  int error = set_attributes(*calls_, directory.number(), *owner, attributes.mode);
  if (error == 0 && calls_->sync(directory.number()) != 0) error = errno;
  if (error == 0 && fresh && calls_->sync(parent) != 0) error = errno;
  if (error != 0) return failure("create directory", place->shown, error);
  return {};
}

Result<> DiskFiles::move(std::string const& from, std::string const& to) {
  auto const source = find("move", root_, from);
  if (!source) return fail(source.error());
  auto const target = find("move", root_, to);
  if (!target) return fail(target.error());
  if (calls_->rename(source->parent.number(), source->leaf.c_str(), target->parent.number(),
                     target->leaf.c_str()) != 0) {
    // Both parents are open, so this is a directory that would replace a file.
    if (errno == ENOTDIR) errno = EEXIST;
    return failure("move " + source->shown + " to", target->shown, errno);
  }
  if (calls_->sync(target->parent.number()) != 0 || calls_->sync(source->parent.number()) != 0)
    return failure("move (directory sync)", target->shown, errno);
  return {};
}

Result<> DiskFiles::exchange(std::string const& a, std::string const& b) {
  auto const one = find("exchange", root_, a);
  if (!one) return fail(one.error());
  auto const other = find("exchange", root_, b);
  if (!other) return fail(other.error());
  int const first = one->parent.number();
  int const second = other->parent.number();
  if (calls_->exchange(first, one->leaf.c_str(), second, other->leaf.c_str()) != 0)
    return failure("exchange " + one->shown + " and", other->shown, errno);
  if (calls_->sync(first) != 0 || calls_->sync(second) != 0)
    return failure("exchange (directory sync)", one->shown, errno);
  return {};
}

Result<> DiskFiles::remove(std::string const& path) {
  auto const place = find("remove", root_, path);
  if (!place && place.error().code == ErrorCode::not_found) return {};
  if (!place) return fail(place.error());
  int const parent = place->parent.number();
  int result = calls_->remove(parent, place->leaf.c_str(), 0);
  if (result != 0 && errno == EISDIR)
    result = calls_->remove(parent, place->leaf.c_str(), AT_REMOVEDIR);
  if (result != 0 && errno == ENOENT) return {};
  if (result != 0) return failure("remove", place->shown, errno);
  if (calls_->sync(parent) != 0) return failure("remove (directory sync)", place->shown, errno);
  return {};
}

}  // namespace mailstack::files
