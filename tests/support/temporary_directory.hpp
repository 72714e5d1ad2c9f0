#pragma once
/// \file
/// A directory that lives as long as a test.

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace mailstack::support {

/// An empty directory below $TMPDIR, removed with all that it holds in the destructor.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    path_ = std::filesystem::temp_directory_path().string() + "/mailstack-test-XXXXXX";
    if (!::mkdtemp(path_.data())) throw std::runtime_error("mkdtemp " + path_);
  }
  TemporaryDirectory(TemporaryDirectory const&) = delete;
  TemporaryDirectory& operator=(TemporaryDirectory const&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string const& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace mailstack::support
