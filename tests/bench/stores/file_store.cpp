#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/bench/stores/store.hpp"

namespace mailstack::queue {
namespace {

/// One file of state and one of content, each written, synced, renamed, and the directory synced;
/// spread over 64 directories.
class FileStore final : public Store {
 public:
  explicit FileStore(std::string directory) : directory_(std::move(directory)) {
    for (int i = 0; i < 64; ++i) {
      auto const path = directory_ + "/" + std::to_string(i);
      std::filesystem::create_directories(path);
      directories_.push_back(::open(path.c_str(), O_RDONLY | O_DIRECTORY));
    }
  }
  ~FileStore() override {
    for (auto const directory : directories_) ::close(directory);
  }
  void put(ItemId id, std::string state, Content content) override {
    write(id, ".msg", *content, false);
    write(id, ".state", state, true);
  }
  std::string read(ItemId id) override {
    std::ifstream file(path(id, ".msg"), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void update(ItemId id, std::string state) override { write(id, ".state", state, true); }
  void remove(ItemId id) override {
    ::unlink(path(id, ".state").c_str());
    ::unlink(path(id, ".msg").c_str());
  }
  std::size_t recover() override {
    for (auto const& entry : std::filesystem::recursive_directory_iterator(directory_)) {
      if (entry.path().extension() != ".state") continue;
      std::ifstream file(entry.path(), std::ios::binary);
      found_.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return found_.size();
  }

 private:
  std::string path(ItemId id, char const* suffix) const {
    return directory_ + "/" + std::to_string(id % 64) + "/" + format_id(id) + suffix;
  }
  void write(ItemId id, char const* suffix, std::string const& octets, bool last) {
    auto const name = path(id, suffix);
    auto const temporary = name + ".new";
    int const file = ::open(temporary.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
    require(
        file >= 0 &&
            ::write(file, octets.data(), octets.size()) == static_cast<ssize_t>(octets.size()) &&
            ::fsync(file) == 0,
        "write");
    ::close(file);
    require(::rename(temporary.c_str(), name.c_str()) == 0, "rename");
    if (last) require(::fsync(directories_[id % 64]) == 0, "fsync");
  }

  std::string directory_;
  std::vector<int> directories_;
  std::vector<std::string> found_;
};

}  // namespace

std::unique_ptr<Store> make_file_store(std::string const& directory) {
  return std::make_unique<FileStore>(directory);
}

}  // namespace mailstack::queue
