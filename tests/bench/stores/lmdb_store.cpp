#include <lmdb.h>

#include <filesystem>

#include "tests/bench/stores/grouped.hpp"

namespace mailstack::queue {
namespace {

class LmdbStore final : public Grouped {
 public:
  explicit LmdbStore(std::string const& directory) {
    std::filesystem::create_directories(directory);
    check(mdb_env_create(&environment_));
    check(mdb_env_set_maxdbs(environment_, 2));
    check(mdb_env_set_mapsize(environment_, std::size_t{4} << 30U));
    check(mdb_env_open(environment_, directory.c_str(), MDB_NOTLS, 0600));
    MDB_txn* transaction = nullptr;
    check(mdb_txn_begin(environment_, nullptr, 0, &transaction));
    check(mdb_dbi_open(transaction, "state", MDB_CREATE | MDB_INTEGERKEY, &states_));
    check(mdb_dbi_open(transaction, "content", MDB_CREATE | MDB_INTEGERKEY, &contents_));
    check(mdb_txn_commit(transaction));
    start();
  }
  ~LmdbStore() override {
    stop();
    mdb_env_close(environment_);
  }
  std::string read(ItemId id) override {
    MDB_txn* transaction = nullptr;
    check(mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction));
    MDB_val key{sizeof id, &id}, value{};
    check(mdb_get(transaction, contents_, &key, &value));
    std::string content(static_cast<char const*>(value.mv_data), value.mv_size);
    mdb_txn_abort(transaction);
    return content;
  }
  std::size_t recover() override {
    MDB_txn* transaction = nullptr;
    check(mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction));
    MDB_cursor* cursor = nullptr;
    check(mdb_cursor_open(transaction, states_, &cursor));
    MDB_val key{}, value{};
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0)
      found_.emplace_back(static_cast<char const*>(value.mv_data), value.mv_size);
    mdb_cursor_close(cursor);
    mdb_txn_abort(transaction);
    return found_.size();
  }

 private:
  static void check(int error) { require(error == 0, mdb_strerror(error)); }
  void commit(std::vector<Operation> const& batch) override {
    MDB_txn* transaction = nullptr;
    check(mdb_txn_begin(environment_, nullptr, 0, &transaction));
    for (auto const& one : batch) {
      auto id = one.id;
      MDB_val key{sizeof id, &id};
      MDB_val state{one.state.size(), const_cast<char*>(one.state.data())};
      if (one.kind == Kind::remove) {
        check(mdb_del(transaction, states_, &key, nullptr));
        check(mdb_del(transaction, contents_, &key, nullptr));
        continue;
      }
      check(mdb_put(transaction, states_, &key, &state, 0));
      if (one.kind == Kind::update) continue;
      MDB_val content{one.content->size(), const_cast<char*>(one.content->data())};
      check(mdb_put(transaction, contents_, &key, &content, 0));
    }
    check(mdb_txn_commit(transaction));
  }

  MDB_env* environment_ = nullptr;
  MDB_dbi states_ = 0;
  MDB_dbi contents_ = 0;
  std::vector<std::string> found_;
};

}  // namespace

std::unique_ptr<Store> make_lmdb_store(std::string const& directory) {
  return std::make_unique<LmdbStore>(directory);
}

}  // namespace mailstack::queue
