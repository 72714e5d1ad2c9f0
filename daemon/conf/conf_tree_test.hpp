#pragma once
/// \file
/// A conf tree on the disk for a test.

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "core/x509/x509.hpp"
#include "daemon/conf/snapshot.hpp"
#include "tests/support/temporary_directory.hpp"

namespace mailstack::conf {

class ConfTree {
 public:
  ConfTree() { write("chasquid.conf", "hostname: \"mx.example.org\"\n"); }

  [[nodiscard]] std::string path(std::string_view below = {}) const {
    return root_ + (below.empty() ? "" : "/" + std::string(below));
  }
  void write(std::string_view below, std::string_view text) const {
    std::filesystem::create_directories(std::filesystem::path(path(below)).parent_path());
    std::ofstream(path(below), std::ios::binary) << text;
  }
  void remove(std::string_view below) const { std::filesystem::remove_all(path(below)); }

  /// A certificate for `name` and its key below certs/NAME/.
  void certify(std::string const& name) const {
    auto const authority = *x509::make_key();
    auto const key = *x509::make_key();
    auto const from = *parse_time("2026-01-01T00:00:00Z");
    auto const until = *parse_time("2036-01-01T00:00:00Z");
    auto const root = *x509::make_authority(authority, "test", from, until);
    auto const request = *x509::make_request(key, std::vector<std::string>{name});
    write("certs/" + name + "/fullchain.pem", *x509::sign(request, authority, root, from, until));
    write("certs/" + name + "/privkey.pem", key.reveal());
  }

  /// Loads and goes on from what was loaded before. Throws where nothing can run.
  std::shared_ptr<Snapshot const> load() {
    auto loaded = conf::load(path(), now_);
    problems = std::move(loaded.problems);
    if (!loaded.snapshot) throw std::runtime_error(format(problems));
    now_ = loaded.snapshot;
    return now_;
  }

  /// `text` with CONF wherever it has the tree's own path.
  [[nodiscard]] std::string relative(std::string text) const {
    for (auto at = text.find(root_); at != text.npos; at = text.find(root_))
      text.replace(at, root_.size(), "CONF");
    return text;
  }

  Problems problems;  ///< of the last load()

 private:
  support::TemporaryDirectory directory_;
  std::string root_ = std::filesystem::canonical(directory_.path()).string();
  std::shared_ptr<Snapshot const> now_;
};

}  // namespace mailstack::conf
