#pragma once
/// \file
/// What dpkg knows of configuration files: the content that the installed package brought.

#include <optional>
#include <string>

#include "core/files/files.hpp"

namespace mailstack::kinds::conf_file {

/// The host's packages. Their list is read once, and only where somebody asks.
class Packages {
 public:
  explicit Packages(files::Files& files) : files_(files) {}

  /// Whether `content` is what the package brought as `path`: nobody has edited it. False where no
  /// package brings it, and on hosts without dpkg.
  bool shipped(std::string const& path, std::string const& content);

 private:
  files::Files& files_;
  std::optional<std::string> status_;
};

}  // namespace mailstack::kinds::conf_file
