#include "core/files/place.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <vector>

namespace mailstack::files {
namespace {

ErrorCode code_of(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR: return ErrorCode::not_found;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorCode::denied;
    case EISDIR:
    case ENOTEMPTY:
    case EEXIST: return ErrorCode::conflict;
    case EINVAL:
    case ELOOP:
    case ENAMETOOLONG:
    case EXDEV: return ErrorCode::invalid;
    default: return ErrorCode::unavailable;
  }
}

std::string_view remedy_of(int error) {
  switch (error) {
    case ENOSPC: return "; free space on this file system and run again";
    case EDQUOT: return "; raise the quota or free space and run again";
    case EROFS: return "; mount the file system writable and run again";
    case EACCES:
    case EPERM: return "; run as a user who may, or change the permissions";
    case EISDIR: return "; move the directory away";
    case ENOTEMPTY:
    case EEXIST: return "; move away what it holds";
    case EMFILE:
    case ENFILE: return "; raise the limit of open files";
    default: return "";
  }
}

// As many as the kernel follows (path_resolution(7)).
constexpr int most_links = 40;

/// Opens a path component by component, so that each symbolic link on the way is judged by
/// what was opened and by nothing that may stand there a moment later. `..` does not lead above
/// `root`. Sets errno to ELOOP for too many links, and to EPERM for a link of somebody else's.
class Walk {
 public:
  explicit Walk(std::string const& root) {
    way_.emplace_back(::open(root.empty() ? "/" : root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }

  /// Opens what `path` leads to, a directory or a file.
  Descriptor open(std::string const& path, int flags) {
    push(path);
    while (way_.back().open() && !left_.empty()) {
      auto const name = std::move(left_.back());
      left_.pop_back();
      if (name == "..") {
        if (way_.size() > 1) way_.pop_back();
      } else if (!step(name)) {
        return Descriptor(-1);
      }
    }
    if (!way_.back().open()) return Descriptor(-1);
    auto const found = "/proc/self/fd/" + std::to_string(way_.back().number());
    return Descriptor(::open(found.c_str(), flags | O_CLOEXEC));
  }

 private:
  bool step(std::string const& name) {
    Descriptor entry(::openat(way_.back().number(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!entry.open() || ::fstat(entry.number(), &status) != 0) return false;
    if (!S_ISLNK(status.st_mode)) {
      way_.push_back(std::move(entry));
      return true;
    }
    std::string target(PATH_MAX, '\0');
    auto const size = ::readlinkat(entry.number(), "", target.data(), target.size());
    if (size < 0) return false;
    target.resize(static_cast<std::size_t>(size));
    errno = ++links_ > most_links ? ELOOP : EPERM;
    if (links_ > most_links || (status.st_uid != 0 && status.st_uid != ::geteuid())) return false;
    if (target.starts_with('/')) way_.erase(way_.begin() + 1, way_.end());
    push(target);
    return true;
  }

  /// The components of `path` come next.
  void push(std::string const& path) {
    std::vector<std::string> names;
    for (std::size_t at = 0; at < path.size();) {
      auto const end = std::min(path.find('/', at), path.size());
      auto name = path.substr(at, end - at);
      if (!name.empty() && name != ".") names.push_back(std::move(name));
      at = end + 1;
    }
    left_.insert(left_.end(), std::make_move_iterator(names.rbegin()),
                 std::make_move_iterator(names.rend()));
  }

  std::vector<Descriptor> way_;    ///< the root, and what was opened below it
  std::vector<std::string> left_;  ///< still to be opened, last first
  int links_ = 0;
};

/// Kernels before 5.6 and filters of system calls (RestrictSUIDSGID= of systemd, containers) have
/// none. Then each path is walked.
bool forbids_openat2(int error) { return error == ENOSYS; }

/// openat2(2). EAGAIN: something was renamed or mounted somewhere while a `..` of a link was
/// followed, so that the kernel cannot tell whether it led out of the root. The next try is as
/// good.
int open_at(int base, std::string const& path, open_how const& how) {
  constexpr int attempts = 10'000;
  int file = -1;
  for (int i = 0; i < attempts; ++i) {
    file = static_cast<int>(::syscall(SYS_openat2, base, path.c_str(), &how, sizeof how));
    if (file >= 0 || errno != EAGAIN) break;
  }
  return file;
}

/// Most paths hold no link: then one call opens them.
Descriptor open_directory(std::string const& root, std::string const& path) {
  Descriptor const base(
      ::open(root.empty() ? "/" : root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!base.open()) return Descriptor(-1);
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS;
  Descriptor opened(open_at(base.number(), path, how));
  if (opened.open() || (errno != ELOOP && !forbids_openat2(errno))) return opened;
  return Walk(root).open(path, O_RDONLY | O_DIRECTORY);
}

/// find() without the rules for paths from outside: a link may hold `..`.
Result<Place> open_place(std::string_view verb, std::string const& root, std::string const& path) {
  auto const end = path.find_last_not_of('/');
  std::string const clean = end == std::string::npos ? "/" : path.substr(0, end + 1);
  auto const slash = clean.rfind('/');
  Place place;
  place.shown = root + clean;
  place.leaf = clean == "/" ? "." : clean.substr(slash + 1);
  auto const parent = slash == 0 ? std::string("/") : clean.substr(0, slash);
  place.parent = open_directory(root, parent);
  if (!place.parent.open() && errno == EPERM)
    return fail(ErrorCode::denied, std::string(verb) + " " + place.shown +
                                       ": a folder above it is a symbolic link that belongs to "
                                       "somebody else; give the link to root (chown -h) if that "
                                       "is meant, or remove it");
  if (!place.parent.open()) return failure(verb, place.shown, errno);
  return place;
}

/// The link at `place`: where it leads and whose it is, both of one moment.
Result<std::string> read_link(std::string_view verb, Place const& place, uid_t& owner) {
  Descriptor const link(
      ::openat(place.parent.number(), place.leaf.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  std::string target(PATH_MAX, '\0');
  ssize_t size = -1;
  if (link.open() && ::fstat(link.number(), &status) == 0)
    size = ::readlinkat(link.number(), "", target.data(), target.size());
  if (size < 0) return failure(verb, place.shown, errno);
  target.resize(static_cast<std::size_t>(size));
  owner = status.st_uid;
  return target;
}

/// Sets `status` where something is there; else it says that of nobody's file.
bool is_link(Place const& place, struct stat& status) {
  status = {};
  status.st_uid = static_cast<uid_t>(-1);
  return ::fstatat(place.parent.number(), place.leaf.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISLNK(status.st_mode);
}

bool is_missing(Place const& place) {
  struct stat status {};
  return ::fstatat(place.parent.number(), place.leaf.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 &&
         errno == ENOENT;
}

/// Whose link to a file of `target` would let somebody reach what is not theirs.
bool is_foreign(uid_t owner, uid_t target) {
  return owner != 0 && owner != ::geteuid() && owner != target;
}

/// `target` as the link at `path` means it, without final slashes.
std::string from_link(std::string const& path, std::string target) {
  if (!target.starts_with('/')) target = path.substr(0, path.rfind('/') + 1) + target;
  return target.substr(0, std::max<std::size_t>(target.find_last_not_of('/') + 1, 1));
}

std::string leads_to(std::string const& root, std::string const& at) {
  return "the symbolic link leads to " + root + at;
}

}  // namespace

tl::unexpected<Error> failure(std::string_view verb, std::string const& shown, int error) {
  std::string what(verb);
  what.append(" ").append(shown).append(": ").append(std::strerror(error)).append(remedy_of(error));
  return fail(code_of(error), std::move(what));
}

int open_below(std::string const& root, std::string const& path, int flags) {
  if (root.empty()) return ::open(path.c_str(), flags | O_CLOEXEC);
  Descriptor const base(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!base.open()) return -1;
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_IN_ROOT;
  int const file = open_at(base.number(), path, how);
  if (file < 0 && forbids_openat2(errno)) return Walk(root).open(path, flags).release();
  return file;
}

Result<> check_path(std::string const& path) {
  if (!path.starts_with('/') || path.find('\0') != std::string::npos)
    return fail(ErrorCode::invalid, "path " + path + " is not absolute");
  if ((path + "/").find("/../") != std::string::npos)
    return fail(ErrorCode::invalid, "path " + path + " holds `..`; write where it leads");
  return {};
}

Result<Place> find(std::string_view verb, std::string const& root, std::string const& path) {
  if (auto ok = check_path(path); !ok) return fail(ok.error());
  return open_place(verb, root, path);
}

Result<Place> follow(std::string_view verb, std::string const& root, std::string const& path) {
  auto place = find(verb, root, path);
  if (!place) return place;
  auto const link = place->shown;
  auto const wrong = [&](ErrorCode code, std::string const& why) {
    return fail(code, std::string(verb) + " " + link + ": " + why);
  };
  std::string at = path.substr(0, path.find_last_not_of('/') + 1);
  std::vector<uid_t> owners;
  struct stat status {};
  while (is_link(*place, status)) {
    if (owners.size() == most_links)
      return wrong(ErrorCode::conflict,
                   "the symbolic link leads in a circle; let it lead to a file, or remove it");
    auto target = read_link(verb, *place, owners.emplace_back());
    if (!target) return fail(target.error());
    at = from_link(at, std::move(*target));
    auto next = open_place(verb, root, at);
    bool const missing = next ? is_missing(*next) : next.error().code == ErrorCode::not_found;
    if (missing)
      return wrong(ErrorCode::conflict, leads_to(root, at) +
                                            ", which does not exist; put the file there, or "
                                            "remove the link");
    if (!next) return next;
    next->shown = std::string(link).append(" (a symbolic link to ").append(next->shown).append(")");
    place = std::move(next);
  }
  // `status` is that of the file where any link was followed: it was there a moment ago.
  if (std::any_of(owners.begin(), owners.end(),
                  [&](uid_t owner) { return is_foreign(owner, status.st_uid); }))
    return wrong(ErrorCode::denied, "a symbolic link that belongs to somebody else leads to " +
                                        root + at +
                                        "; give the link to root (chown -h) if that is meant, or "
                                        "remove it");
  return place;
}

}  // namespace mailstack::files
