#pragma once
/// \file
/// A spool in a directory of its own, on a disk that fails when it is told to.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "daemon/queue/log_spool/disk_twin.hpp"
#include "daemon/queue/log_spool/log_spool.hpp"
#include "daemon/queue/log_spool/record.hpp"
#include "tests/support/temporary_directory.hpp"

namespace mailstack::queue::test {

/// Is opened again and again.
struct House {
  support::TemporaryDirectory directory{support::TemporaryDirectory::in_memory()};
  std::shared_ptr<FailingDisk> disk = std::make_shared<FailingDisk>();
  std::vector<std::string> notices;
  std::map<ItemId, std::string> found;
  SpoolOptions options;
  std::unique_ptr<Spool> spool;

  House() {
    options.directory = directory.path();
    options.segment = 16 << 10;
    options.apart = 4 << 10;
    options.fresh = 0;
    options.disk = disk;
    options.notice = [this](auto const& what) { notices.push_back(what); };
    disk->sees_room = [](Room& room) { room = {1U << 30U, 1U << 30U}; };
  }

  Result<> open() {
    spool.reset();
    found.clear();
    notices.clear();
    auto opened = LogSpool::open(options, [&](Recovered const& one) { found[one.id] = one.state; });
    if (!opened) return fail(opened.error());
    spool = *std::move(opened);
    return {};
  }
  Result<ItemId> put(std::string text, std::string state = "s") {
    auto const id = spool->next_id();
    std::promise<Result<>> promise;
    spool->put(id, std::move(state), std::make_shared<std::string const>(std::move(text)),
               [&](Result<> result) { promise.set_value(std::move(result)); });
    if (auto result = promise.get_future().get(); !result) return fail(result.error());
    return id;
  }
  std::vector<std::string> segments() const {
    std::vector<std::string> all;
    for (auto const& entry : std::filesystem::directory_iterator(directory.path()))
      if (parse_segment_name(entry.path().filename().string())) all.push_back(entry.path());
    std::sort(all.begin(), all.end());
    return all;
  }
  /// Changes the octet at `at` of a file.
  static void damage(std::string const& path, std::streamoff at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    auto const octet = static_cast<char>(file.get() ^ 0x20);
    file.seekp(at);
    file.put(octet);
    if (!file.flush()) throw std::runtime_error("cannot write to " + path);
  }
  bool noticed(std::string const& words) const {
    for (auto const& notice : notices)
      if (notice.find(words) != std::string::npos) return true;
    return false;
  }
};

inline std::string read_file(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace mailstack::queue::test
