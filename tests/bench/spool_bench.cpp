/// \file
/// Stores for the queue, by one harness: accept, defer one in a hundred, deliver, delete.
///
///   spool_bench [DIRECTORY [ROUNDS [MESSAGES]]]
///
/// Every store is asked for the same: a message is durable before its sender is answered. Those
/// that have no group commit of their own get one here (Grouped), so that what is compared is the
/// store. Rounds are interleaved, and the median is shown. Each phase is a process of its own, for
/// its memory. docs/decisions/0023-spool.md has the figures and what was made of them.

#include <fcntl.h>
#include <lmdb.h>
#include <rocksdb/c.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "daemon/queue/log_spool/log_spool.hpp"

namespace mailstack::queue {
namespace {

void require(bool holds, char const* what) {
  if (holds) return;
  std::fprintf(stderr, "spool_bench: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// What a queue asks of a store. From any thread.
class Store {
 public:
  virtual ~Store() = default;
  /// Returns when it is durable.
  virtual void put(ItemId id, std::string state, Content content) = 0;
  virtual std::string read(ItemId id) = 0;
  virtual void update(ItemId id, std::string state) = 0;
  virtual void remove(ItemId id) = 0;
  /// Ids and states of all, read into memory as the queue would; how many.
  virtual std::size_t recover() = 0;
};

class LogStore final : public Store {
 public:
  explicit LogStore(std::string const& directory) {
    SpoolOptions options;
    options.directory = directory;
    auto opened =
        LogSpool::open(options, [this](Recovered one) { found_.push_back(std::move(one)); });
    require(opened.has_value(), "open");
    spool_ = *std::move(opened);
  }
  void put(ItemId id, std::string state, Content content) override {
    std::promise<void> done;
    spool_->put(id, std::move(state), std::move(content), [&](Result<> const& result) {
      require(result.has_value(), "put");
      done.set_value();
    });
    done.get_future().get();
  }
  std::string read(ItemId id) override { return **spool_->read(id); }
  void update(ItemId id, std::string state) override { spool_->update(id, std::move(state)); }
  void remove(ItemId id) override { spool_->remove(id); }
  std::size_t recover() override { return found_.size(); }

 private:
  std::vector<Recovered> found_;
  std::unique_ptr<Spool> spool_;
};

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

/// Group commit for a store with transactions: one thread, one transaction for all that wait.
class Grouped : public Store {
 public:
  enum class Kind { put, update, remove };
  struct Operation {
    Kind kind;
    ItemId id;
    std::string state;
    Content content;
    std::promise<void>* done = nullptr;
  };

  void put(ItemId id, std::string state, Content content) override {
    std::promise<void> done;
    ask({Kind::put, id, std::move(state), std::move(content), &done});
    done.get_future().get();
  }
  void update(ItemId id, std::string state) override {
    ask({Kind::update, id, std::move(state), nullptr});
  }
  void remove(ItemId id) override { ask({Kind::remove, id, {}, nullptr}); }

 protected:
  /// All of them, durable when it returns. From the thread of run().
  virtual void commit(std::vector<Operation> const& batch) = 0;
  void start() {
    thread_ = std::thread([this] { run(); });
  }
  void stop() {
    {
      std::lock_guard const lock(mutex_);
      stopping_ = urgent_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

 private:
  void ask(Operation operation) {
    bool const urgent = operation.kind == Kind::put;
    {
      std::lock_guard const lock(mutex_);
      pending_.push_back(std::move(operation));
      urgent_ = urgent_ || urgent;
    }
    if (urgent) wake_.notify_all();
  }
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait_for(lock, std::chrono::seconds(1), [&] { return urgent_; });
      if (pending_.empty() && stopping_) return;
      auto const batch = std::exchange(pending_, {});
      urgent_ = stopping_;
      lock.unlock();
      if (!batch.empty()) commit(batch);
      for (auto const& one : batch)
        if (one.done) one.done->set_value();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Operation> pending_;
  bool urgent_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

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

struct Kind {
  char const* name;
  std::unique_ptr<Store> (*make)(std::string const& directory);
};
template <class T>
std::unique_ptr<Store> make(std::string const& directory) {
  return std::make_unique<T>(directory);
}
constexpr Kind kinds[] = {{"log", make<LogStore>},
                          {"file per message", make<FileStore>},
                          {"LMDB", make<LmdbStore>},
                          {"RocksDB", make<RocksStore>},
                          {"SQLite", make<SqliteStore>}};

constexpr std::size_t message_octets = 4096;
std::string const state(220, 's');

/// Does not compress, and differs from message to message.
Content message(ItemId id) {
  static std::string const octets = [] {
    std::mt19937_64 random(1);
    std::string text(message_octets, '\0');
    for (auto& octet : text) octet = static_cast<char>(random());
    return text;
  }();
  auto text = std::make_shared<std::string>(octets);
  std::memcpy(text->data(), &id, sizeof id);
  return text;
}

struct Figures {
  double rate = 0;     ///< messages a second
  double cpu = 0;      ///< seconds a thousand messages
  double seconds = 0;  ///< until all is known
  double memory = 0;   ///< MiB, at the peak
  double disk = 0;     ///< MiB
};

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  auto const seconds = [](timeval time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// `work` in a process of its own.
template <class Work>
Figures apart(Work work) {
  int ends[2];
  require(::pipe(ends) == 0, "pipe");
  auto const child = ::fork();
  require(child >= 0, "fork");
  if (child == 0) {
    Figures const figures = work();
    require(::write(ends[1], &figures, sizeof figures) == sizeof figures, "write");
    ::_exit(0);
  }
  ::close(ends[1]);
  Figures figures;
  require(::read(ends[0], &figures, sizeof figures) == sizeof figures, "a phase failed");
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return figures;
}

/// accept, defer (1 %), deliver, delete.
Figures flow(Kind const& kind, std::string const& directory, unsigned waiters, unsigned messages) {
  return apart([&] {
    Figures figures;
    auto const store = kind.make(directory);
    std::atomic<ItemId> next = 1;
    auto const start = Clock::now();
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < waiters; ++i)
      threads.emplace_back([&] {
        for (ItemId id = next++; id <= messages; id = next++) {
          store->put(id, state, message(id));
          if (store->read(id).size() != message_octets) std::abort();
          if (id % 100 == 0)
            store->update(id, state + "deferred");
          else
            store->remove(id);
        }
      });
    for (auto& thread : threads) thread.join();
    figures.rate = messages / seconds_since(start);
    figures.cpu = cpu_seconds() / messages * 1000;
    return figures;
  });
}

void fill(Kind const& kind, std::string const& directory, unsigned messages) {
  apart([&] {
    {
      auto const store = kind.make(directory);
      std::atomic<ItemId> next = 1;
      std::vector<std::thread> threads;
      for (unsigned i = 0; i < 64; ++i)
        threads.emplace_back([&] {
          for (ItemId id = next++; id <= messages; id = next++) store->put(id, state, message(id));
        });
      for (auto& thread : threads) thread.join();
    }
    return Figures{};
  });
}

/// Takes the files of `directory` out of the system's cache; returns what they take of the disk.
double forget(std::string const& directory) {
  double octets = 0;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(directory)) {
    struct stat found {};
    if (::stat(entry.path().c_str(), &found) == 0)
      octets += static_cast<double>(found.st_blocks) * 512;
    if (!entry.is_regular_file()) continue;
    int const file = ::open(entry.path().c_str(), O_RDONLY);
    (void)::fdatasync(file);
    (void)::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    ::close(file);
  }
  return octets / (1 << 20);
}

Figures recover(Kind const& kind, std::string const& directory, unsigned messages) {
  return apart([&] {
    Figures figures;
    auto const start = Clock::now();
    auto const store = kind.make(directory);
    require(store->recover() == messages, "messages are missing");
    figures.seconds = seconds_since(start);
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    figures.memory = static_cast<double>(used.ru_maxrss) / 1024;
    return figures;
  });
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Measured {
  std::map<std::string, std::vector<double>> values;
};

void measure(Kind const& kind, std::string const& root, unsigned messages, Measured& measured) {
  auto const directory = root + "/store";
  auto const fresh = [&] {
    std::filesystem::remove_all(directory);
    std::filesystem::create_directories(directory);
  };
  auto const note = [&](char const* what, double value) { measured.values[what].push_back(value); };
  fresh();
  auto const one = flow(kind, directory, 1, messages / 20);
  note("1 waiter", one.rate);
  fresh();
  auto const many = flow(kind, directory, 32, messages / 2);
  note("32 waiters", many.rate);
  note("cpu", many.cpu);
  fresh();
  fill(kind, directory, messages);
  note("disk", forget(directory));
  note("cold", recover(kind, directory, messages).seconds);
  auto const warm = recover(kind, directory, messages);
  note("warm", warm.seconds);
  note("memory", warm.memory);
  std::filesystem::remove_all(directory);
}

int run(std::string const& directory, unsigned rounds, unsigned messages) {
  auto const root = directory + "/spool-bench-" + std::to_string(::getpid());
  std::filesystem::create_directories(root);
  std::map<std::string, Measured> all;
  for (unsigned round = 0; round < rounds; ++round)
    for (auto const& kind : kinds) {
      measure(kind, root, messages, all[kind.name]);
      std::fprintf(stderr, "round %u, %s:", round + 1, kind.name);
      for (auto const& [what, values] : all[kind.name].values)
        std::fprintf(stderr, " %s %.3f;", what.c_str(), values.back());
      std::fprintf(stderr, "\n");
    }
  std::filesystem::remove_all(root);
  // In the columns of `./dev bench`.
  for (auto const& kind : kinds) {
    auto const value = [&](char const* what) { return median(all[kind.name].values[what]); };
    std::printf("spool, %s: accepted, 32 waiters\t%.0f/s\t\t", kind.name, value("32 waiters"));
    std::printf("1 waiter %.0f/s; %.3f CPU s per 1,000; ", value("1 waiter"), value("cpu"));
    std::printf("%u kept: start %.2f s cold, %.2f s warm, ", messages, value("cold"),
                value("warm"));
    std::printf("%.0f MiB of memory, %.0f MiB of disk\n", value("memory"), value("disk"));
  }
  return 0;
}

}  // namespace
}  // namespace mailstack::queue

int main(int count, char** words) {
  return mailstack::queue::run(count > 1 ? words[1] : "/tmp",
                               count > 2 ? static_cast<unsigned>(std::atoi(words[2])) : 3,
                               count > 3 ? static_cast<unsigned>(std::atoi(words[3])) : 100'000);
}
