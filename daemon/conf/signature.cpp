#include "daemon/conf/signature.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "core/digest/digest.hpp"
#include "core/files/descriptor.hpp"
#include "daemon/conf/tree_file.hpp"

namespace mailstack::conf {

namespace {

/// Collects what stat says. Numbers as their octets: this is hashed, not read.
class Collector {
 public:
  /// `name` in `directory`; an absolute name stands for itself. Returns whether it is a directory.
  bool add(int directory, std::string const& name) {
    struct stat found {};
    text_ += name;
    text_ += '\0';
    if (::fstatat(directory, name.c_str(), &found, 0) != 0) {
      number(errno);
      return false;
    }
    number(found.st_dev);
    number(found.st_ino);
    number(found.st_size);
    number(found.st_mode);
    for (auto const& time : {found.st_mtim, found.st_ctim}) {
      number(time.tv_sec);
      number(time.tv_nsec);
    }
    return S_ISDIR(found.st_mode);
  }

  /// A directory below the tree, its entries, and those of its directories.
  void add_all(std::string const& path, unsigned depth) {
    files::Descriptor const directory(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    auto const names = list_directory(path);
    if (!names || !directory.open()) return number(errno);
    for (auto const& name : *names)
      if (add(directory.number(), name) && depth > 0) add_all(path + "/" + name, depth - 1);
  }

  [[nodiscard]] std::string digest() const { return digest::sha256(text_); }

 private:
  template <class Number>
  void number(Number value) {
    auto const wide = static_cast<std::uint64_t>(value);
    text_.append(reinterpret_cast<char const*>(&wide), sizeof wide);
  }

  std::string text_;
};

}  // namespace

std::string tree_signature(std::string const& directory) {
  Collector collector;
  for (auto const* file : {"/chasquid.conf", "/mailstackd.yaml"})
    collector.add(AT_FDCWD, directory + file);
  for (auto const* folder : {"/domains", "/certs", "/hooks"})
    if (collector.add(AT_FDCWD, directory + folder)) collector.add_all(directory + folder, 1);
  return collector.digest();
}

std::string files_signature(std::span<std::string const> paths) {
  Collector collector;
  for (auto const& path : paths) collector.add(AT_FDCWD, path);
  return collector.digest();
}

}  // namespace mailstack::conf
