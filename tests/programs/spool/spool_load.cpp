/// \file
/// A load for a spool that is recorded: spool_load DIRECTORY TRACE [MESSAGES]. Puts from four
/// threads, marks in TRACE what was kept and what is about to go, as a client and a sink would.

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <future>
#include <thread>
#include <vector>

#include "daemon/queue/log_spool/log_spool.hpp"
#include "tests/support/disk_trace.hpp"

using namespace mailstack;
using namespace mailstack::queue;
using support::DiskCall;

namespace {

void mark(int trace, std::string const& words) {
  auto const text = support::format(DiskCall{.kind = DiskCall::Kind::mark, .octets = words});
  if (::write(trace, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::abort();
}

void put(Spool& spool, int trace, int number) {
  auto const token = "t" + std::to_string(number);
  auto text = "X-Token: " + token + "\r\n\r\n";
  text.append(number % 23 == 0 ? 300'000 : static_cast<std::size_t>(number) * 37 % 3000, 'x');
  auto const id = spool.next_id();
  std::promise<bool> done;
  spool.put(id, "state", std::make_shared<std::string const>(std::move(text)),
            [&](Result<> const& result) { done.set_value(result.has_value()); });
  if (!done.get_future().get()) return;
  mark(trace, "kept " + token);
  if (number % 5 == 0) return;
  mark(trace, "gone " + token);
  spool.remove(id);
}

}  // namespace

int main(int count, char** words) {
  if (count < 3) return 2;
  int const messages = count > 3 ? std::atoi(words[3]) : 60;
  int const trace = ::open(words[2], O_WRONLY | O_APPEND | O_CREAT, 0600);
  SpoolOptions options;
  options.directory = words[1];
  options.segment = 32 << 10;
  options.lazy = std::chrono::milliseconds(5);
  auto const spool = LogSpool::open(options, [](Recovered const&) {});
  if (!spool || trace < 0) return 1;
  std::atomic<int> next = 1;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int number = next++; number <= messages; number = next++) put(**spool, trace, number);
    });
  for (auto& thread : threads) thread.join();
}
