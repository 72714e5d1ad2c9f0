#pragma once
/// \file
/// The names of users and groups: of the system, or of a root directory.

#include <optional>
#include <string>

namespace mailstack::files {

class Files;

/// Turns names into numbers and back.
class Owners {
 public:
  /// The system's own (NSS).
  Owners() = default;
  /// Those of a passwd and a group file.
  Owners(std::string passwd, std::string group)
      : system_(false), passwd_(std::move(passwd)), group_(std::move(group)) {}

  /// What is no name but a number in decimal is that number.
  [[nodiscard]] std::optional<unsigned> user(std::string const& name) const;
  [[nodiscard]] std::optional<unsigned> group(std::string const& name) const;
  /// The number in decimal where it has no name.
  [[nodiscard]] std::string user_name(unsigned number) const;
  [[nodiscard]] std::string group_name(unsigned number) const;

 private:
  bool system_ = true;
  std::string passwd_;
  std::string group_;
};

/// The system's where `root` is empty, else those of /etc/passwd and /etc/group in `files`; a
/// missing file has no names.
Owners load_owners(Files& files, std::string const& root);

}  // namespace mailstack::files
