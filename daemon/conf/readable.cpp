#include "daemon/conf/readable.hpp"

#include <grp.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "daemon/conf/hook_file.hpp"
#include "daemon/conf/tree_file.hpp"

namespace mailstack::conf {

namespace {

/// Bits of one class of a mode.
constexpr mode_t reads = 4;
constexpr mode_t enters = 1;

bool has_list(std::string const& path) {
  return ::getxattr(path.c_str(), "system.posix_acl_access", nullptr, 0) > 0;
}

/// Goes through a tree as one account would.
class Walk {
 public:
  Walk(Settings const& settings, Account const& account, Problems& problems)
      : directory_(settings.directory),
        secret_files_(settings.secret_files),
        account_(account),
        groups_(groups_of(account)),
        problems_(problems) {}

  void look() {
    for (auto const* name : {"chasquid.conf", "mailstackd.yaml"}) look_at(directory_ + "/" + name);
    for (auto const& path : secret_files_) look_at(path);
    look_below(directory_ + "/domains", [](std::string const& name) {
      return name == "users" || name == "aliases" || name == "mailstackd.yaml" ||
             (name.starts_with("dkim:") && name.ends_with(".pem"));
    });
    look_below(directory_ + "/certs", [](std::string const& name) {
      return name == "fullchain.pem" || name == "privkey.pem";
    });
    auto const hook = hook_path(directory_);
    look_at(hook, is_binary(hook) ? enters : reads | enters);
  }

 private:
  /// The files of interest in the directories of `path`, which are listed.
  template <class Wanted>
  void look_below(std::string const& path, Wanted const& wanted) {
    look_at(path, reads | enters);
    for (auto const& name : list_directory(path).value_or(std::vector<std::string>())) {
      auto const directory = path + "/" + name;
      if (!is_directory(directory)) continue;
      look_at(directory, reads | enters);
      for (auto const& file : list_directory(directory).value_or(std::vector<std::string>()))
        if (wanted(file)) look_at(directory + "/" + file);
    }
  }

  void look_at(std::string const& path, mode_t bits = reads) {
    std::error_code unknown;
    auto const real = std::filesystem::canonical(path, unknown);
    if (unknown) return;  // not there
    std::filesystem::path at;
    for (auto const& part : real.parent_path()) {
      at /= part;
      if (!may(at.string(), enters)) return tell(path, at.string(), enters);
    }
    if (!may(real.string(), bits)) tell(path, real.string(), bits);
  }

  [[nodiscard]] bool may(std::string const& path, mode_t bits) const {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0 || has_list(path)) return true;
    mode_t mode = found.st_mode;
    if (found.st_uid == account_.user)
      mode >>= 6U;
    else if (std::find(groups_.begin(), groups_.end(), found.st_gid) != groups_.end())
      mode >>= 3U;
    return (mode & bits) == bits;
  }

  /// A directory is read; only of a file the bit means that it is run.
  [[nodiscard]] static std::string_view what_with(std::string const& path, mode_t bits) {
    if ((bits & enters) == 0 || is_directory(path)) return "read it";
    return bits == enters ? "run it" : "read and run it";
  }

  void tell(std::string const& path, std::string const& closed, mode_t bits) {
    if (!told_.insert(closed).second) return;
    std::string const rights = bits == reads ? "r" : bits == enters ? "x" : "rx";
    problems_.push_back({path,
                         "the user " + account_.name + ", who is to serve, may not " +
                             std::string(what_with(path, path == closed ? bits : reads)) +
                             (path == closed ? "" : ": permission denied at " + closed),
                         0, 0,
                         "run: setfacl -m u:" + account_.name + ":" + rights + " " + closed +
                             ", or give a group of " + account_.name + " the right",
                         true});
  }

  std::string const& directory_;
  std::vector<std::string> const& secret_files_;
  Account const& account_;
  std::vector<gid_t> groups_;
  Problems& problems_;
  std::set<std::string> told_;
};

}  // namespace

std::vector<gid_t> groups_of(Account const& account) {
  int count = 64;
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  while (::getgrouplist(account.name.c_str(), account.group, groups.data(), &count) < 0)
    groups.resize(static_cast<std::size_t>(count));
  groups.resize(static_cast<std::size_t>(count));
  return groups;
}

void note_unreadable(Settings const& settings, Account const& account, Problems& problems) {
  Walk(settings, account, problems).look();
}

}  // namespace mailstack::conf
