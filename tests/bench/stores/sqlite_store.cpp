#include <sqlite3.h>

#include <filesystem>

#include "tests/bench/stores/grouped.hpp"

namespace mailstack::queue {
namespace {

class SqliteStore final : public Grouped {
 public:
  explicit SqliteStore(std::string const& directory) {
    std::filesystem::create_directories(directory);
    auto const path = directory + "/queue.db";
    for (auto** const database : {&writer_, &reader_}) {
      require(sqlite3_open(path.c_str(), database) == SQLITE_OK, "sqlite3_open");
      run(*database, "PRAGMA journal_mode=WAL");
      run(*database, "PRAGMA synchronous=FULL");
    }
    run(writer_,
        "CREATE TABLE IF NOT EXISTS items(id INTEGER PRIMARY KEY, state BLOB, content BLOB)");
    prepare(writer_, "INSERT INTO items VALUES(?1,?2,?3)", &insert_);
    prepare(writer_, "UPDATE items SET state=?2 WHERE id=?1", &update_);
    prepare(writer_, "DELETE FROM items WHERE id=?1", &delete_);
    prepare(reader_, "SELECT content FROM items WHERE id=?1", &select_);
    start();
  }
  ~SqliteStore() override {
    stop();
    for (auto* const statement : {insert_, update_, delete_, select_}) sqlite3_finalize(statement);
    sqlite3_close(writer_);
    sqlite3_close(reader_);
  }
  std::string read(ItemId id) override {
    std::lock_guard const lock(reading_);
    sqlite3_bind_int64(select_, 1, static_cast<sqlite3_int64>(id));
    require(sqlite3_step(select_) == SQLITE_ROW, "sqlite3_step");
    std::string content(static_cast<char const*>(sqlite3_column_blob(select_, 0)),
                        static_cast<std::size_t>(sqlite3_column_bytes(select_, 0)));
    sqlite3_reset(select_);
    return content;
  }
  std::size_t recover() override {
    sqlite3_stmt* all = nullptr;
    prepare(reader_, "SELECT id, state FROM items", &all);
    while (sqlite3_step(all) == SQLITE_ROW)
      found_.emplace_back(static_cast<char const*>(sqlite3_column_blob(all, 1)),
                          static_cast<std::size_t>(sqlite3_column_bytes(all, 1)));
    sqlite3_finalize(all);
    return found_.size();
  }

 private:
  static void run(sqlite3* database, char const* words) {
    require(sqlite3_exec(database, words, nullptr, nullptr, nullptr) == SQLITE_OK, words);
  }
  static void prepare(sqlite3* database, char const* words, sqlite3_stmt** statement) {
    require(sqlite3_prepare_v2(database, words, -1, statement, nullptr) == SQLITE_OK, words);
  }
  static void bind(sqlite3_stmt* statement, int place, std::string const& octets) {
    sqlite3_bind_blob(statement, place, octets.data(), static_cast<int>(octets.size()),
                      SQLITE_STATIC);
  }
  void commit(std::vector<Operation> const& batch) override {
    run(writer_, "BEGIN");
    for (auto const& one : batch) {
      auto* const statement = one.kind == Kind::put      ? insert_
                              : one.kind == Kind::update ? update_
                                                         : delete_;
      sqlite3_bind_int64(statement, 1, static_cast<sqlite3_int64>(one.id));
      if (one.kind != Kind::remove) bind(statement, 2, one.state);
      if (one.kind == Kind::put) bind(statement, 3, *one.content);
      require(sqlite3_step(statement) == SQLITE_DONE, "sqlite3_step");
      sqlite3_reset(statement);
    }
    run(writer_, "COMMIT");
  }

  sqlite3* writer_ = nullptr;
  sqlite3* reader_ = nullptr;
  sqlite3_stmt *insert_ = nullptr, *update_ = nullptr, *delete_ = nullptr, *select_ = nullptr;
  std::mutex reading_;
  std::vector<std::string> found_;
};

}  // namespace

std::unique_ptr<Store> make_sqlite_store(std::string const& directory) {
  return std::make_unique<SqliteStore>(directory);
}

}  // namespace mailstack::queue
