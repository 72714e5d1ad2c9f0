#include <rocksdb/c.h>

#include <vector>

#include "tests/bench/stores/store.hpp"

namespace mailstack::queue {
namespace {

/// Groups the commits of several threads by itself.
class RocksStore final : public Store {
 public:
  explicit RocksStore(std::string const& directory) {
    rocksdb_options_set_create_if_missing(options_, 1);
    rocksdb_options_set_compression(options_, rocksdb_no_compression);
    char* error = nullptr;
    database_ = rocksdb_open(options_, directory.c_str(), &error);
    require(error == nullptr, "rocksdb_open");
    rocksdb_writeoptions_set_sync(durable_, 1);
  }
  ~RocksStore() override {
    rocksdb_close(database_);
    rocksdb_writeoptions_destroy(durable_);
    rocksdb_writeoptions_destroy(soon_);
    rocksdb_readoptions_destroy(reading_);
    rocksdb_options_destroy(options_);
  }
  void put(ItemId id, std::string state, Content content) override {
    auto* const batch = rocksdb_writebatch_create();
    auto const state_key = key('s', id), content_key = key('c', id);
    rocksdb_writebatch_put(batch, state_key.data(), state_key.size(), state.data(), state.size());
    rocksdb_writebatch_put(batch, content_key.data(), content_key.size(), content->data(),
                           content->size());
    write(durable_, batch);
  }
  std::string read(ItemId id) override {
    auto const wanted = key('c', id);
    std::size_t size = 0;
    char* error = nullptr;
    char* const value =
        rocksdb_get(database_, reading_, wanted.data(), wanted.size(), &size, &error);
    require(value != nullptr, "rocksdb_get");
    std::string content(value, size);
    rocksdb_free(value);
    return content;
  }
  void update(ItemId id, std::string state) override {
    auto* const batch = rocksdb_writebatch_create();
    auto const state_key = key('s', id);
    rocksdb_writebatch_put(batch, state_key.data(), state_key.size(), state.data(), state.size());
    write(soon_, batch);
  }
  void remove(ItemId id) override {
    auto* const batch = rocksdb_writebatch_create();
    for (char const part : {'s', 'c'}) {
      auto const wanted = key(part, id);
      rocksdb_writebatch_delete(batch, wanted.data(), wanted.size());
    }
    write(soon_, batch);
  }
  std::size_t recover() override {
    auto* const all = rocksdb_create_iterator(database_, reading_);
    for (rocksdb_iter_seek(all, "s", 1); rocksdb_iter_valid(all) != 0; rocksdb_iter_next(all)) {
      std::size_t size = 0;
      auto const* value = rocksdb_iter_value(all, &size);
      found_.emplace_back(value, size);
    }
    rocksdb_iter_destroy(all);
    return found_.size();
  }

 private:
  static std::string key(char part, ItemId id) { return part + format_id(id); }
  void write(rocksdb_writeoptions_t* how, rocksdb_writebatch_t* batch) {
    char* error = nullptr;
    rocksdb_write(database_, how, batch, &error);
    require(error == nullptr, "rocksdb_write");
    rocksdb_writebatch_destroy(batch);
  }

  rocksdb_options_t* options_ = rocksdb_options_create();
  rocksdb_writeoptions_t* durable_ = rocksdb_writeoptions_create();
  rocksdb_writeoptions_t* soon_ = rocksdb_writeoptions_create();
  rocksdb_readoptions_t* reading_ = rocksdb_readoptions_create();
  rocksdb_t* database_ = nullptr;
  std::vector<std::string> found_;
};

}  // namespace

std::unique_ptr<Store> make_rocks_store(std::string const& directory) {
  return std::make_unique<RocksStore>(directory);
}

}  // namespace mailstack::queue
