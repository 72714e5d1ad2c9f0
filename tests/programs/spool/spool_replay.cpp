/// \file
/// Judges a trace of disk_recorder.c: rebuilds the spool after its calls as a power loss may have
/// left it, opens it, and counts the messages that somebody was told of and that are not there.
///
///   spool_replay TRACE [EVERY [TEARS]]
///
/// Marks in the trace say what was told: `kept TOKEN` after an answer of success, `gone TOKEN` when
/// the message was delivered or is about to be removed. A message carries its token in a line
/// `X-Token: TOKEN`. Looks after each EVERY-th call (1), torn in TEARS ways (2) besides. Exits with
/// 1 where something was lost, with 2 where nothing was told.

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

#include "daemon/queue/log_spool/disk_twin.hpp"
#include "daemon/queue/log_spool/log_spool.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace mailstack;
using namespace mailstack::queue;
using support::DiskCall;

namespace {

struct Told {
  std::set<std::string> kept;
  std::set<std::string> gone;
};

struct Tally {
  unsigned long points = 0;
  unsigned long lost = 0;
  unsigned long unreadable = 0;
  std::string first;
};

std::string token_of(std::string const& content) {
  static std::string const label = "X-Token: ";
  auto const at = content.find(label);
  if (at == std::string::npos) return {};
  auto const from = at + label.size();
  return content.substr(from, content.find_first_of("\r\n", from) - from);
}

/// The tokens of the messages that a start on `tree` finds.
void look(support::DiskTree const& tree, Told const& told, Tally& tally, std::string const& name) {
  support::TemporaryDirectory const directory(support::TemporaryDirectory::in_memory());
  support::write_tree(tree, directory.path());
  ++tally.points;
  SpoolOptions options;
  options.directory = directory.path();
  options.segment = 256 << 10;
  options.disk = std::make_shared<UnsyncedDisk>();
  std::vector<ItemId> ids;
  std::set<std::string> found;
  auto const spool = LogSpool::open(options, [&](Recovered const& one) { ids.push_back(one.id); });
  for (auto const id : ids) {
    auto const content = (*spool)->read(id);
    if (content)
      found.insert(token_of(**content));
    else
      ++tally.unreadable;
  }
  for (auto const& token : told.kept) {
    if (told.gone.contains(token) || found.contains(token)) continue;
    ++tally.lost;
    if (tally.first.empty()) tally.first = name + ": " + token;
  }
}

std::uint64_t root_of(std::vector<DiskCall> const& calls) {
  for (auto const& call : calls)
    if (call.kind == DiskCall::Kind::mark && call.octets.starts_with("root "))
      return std::strtoull(call.octets.c_str() + 5, nullptr, 10);
  return 0;
}

int replay(std::vector<DiskCall> const& calls, unsigned long every, unsigned tears) {
  support::DiskModel model(root_of(calls));
  Told told;
  Tally tally;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    model.take(calls[i]);
    if (calls[i].kind == DiskCall::Kind::mark) {
      auto const& mark = calls[i].octets;
      if (mark.starts_with("kept ")) told.kept.insert(mark.substr(5));
      if (mark.starts_with("gone ")) told.gone.insert(mark.substr(5));
      continue;
    }
    if (i % every != 0) continue;
    auto const name = "after call " + std::to_string(i);
    look(model.strict(), told, tally, name + ", strict");
    for (unsigned tear = 0; tear < tears && model.unsynced(); ++tear)
      look(model.torn(static_cast<std::uint32_t>(i * tears + tear)), told, tally, name + ", torn");
  }
  std::printf("%zu calls, %zu messages acknowledged, %lu points tried, lost %lu, unreadable %lu\n",
              calls.size(), told.kept.size(), tally.points, tally.lost, tally.unreadable);
  if (!tally.first.empty()) std::printf("first: %s\n", tally.first.c_str());
  if (told.kept.empty()) return 2;
  return tally.lost + tally.unreadable == 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  if (count < 2) return 2;
  std::ifstream file(words[1], std::ios::binary);
  std::string const trace{std::istreambuf_iterator<char>(file), {}};
  auto const every = count > 2 ? std::max(std::strtoul(words[2], nullptr, 10), 1UL) : 1;
  auto const tears = count > 3 ? std::strtoul(words[3], nullptr, 10) : 2;
  return replay(support::parse_disk_trace(trace), every, static_cast<unsigned>(tears));
}
