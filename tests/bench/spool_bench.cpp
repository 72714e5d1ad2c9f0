/// \file
/// Stores for the queue, by one harness: accept, defer one in a hundred, deliver, delete.
///
///   spool_bench [DIRECTORY [ROUNDS [MESSAGES]]]
///
/// Every store is asked for the same: a message is durable before its sender is answered. Those
/// that have no group commit of their own get one (stores/grouped.hpp), so that what is compared is
/// the store. Rounds are interleaved, and the median is shown. Each phase is a process of its own,
/// for its memory. docs/decisions/0023-spool.md has the figures and what was made of them.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/stores/store.hpp"

namespace mailstack::queue {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Kind {
  char const* name;
  std::unique_ptr<Store> (*make)(std::string const& directory);
};
constexpr Kind kinds[] = {{"log", make_log_store},
                          {"file per message", make_file_store},
                          {"LMDB", make_lmdb_store},
                          {"RocksDB", make_rocks_store},
                          {"SQLite", make_sqlite_store}};

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
