#pragma once
/// \file
/// What spool_bench compares: stores that could keep the queue.

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "daemon/queue/spool.hpp"

namespace mailstack::queue {

/// Ends the program where `holds` is false.
inline void require(bool holds, char const* what) {
  if (holds) return;
  std::fprintf(stderr, "spool_bench: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
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

// Each opens its store in `directory`.
std::unique_ptr<Store> make_log_store(std::string const& directory);
std::unique_ptr<Store> make_file_store(std::string const& directory);
std::unique_ptr<Store> make_lmdb_store(std::string const& directory);
std::unique_ptr<Store> make_rocks_store(std::string const& directory);
std::unique_ptr<Store> make_sqlite_store(std::string const& directory);

}  // namespace mailstack::queue
