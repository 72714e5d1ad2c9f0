#include "daemon/delivery/tls_memory.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "core/files/disk_files.hpp"

namespace mailstack::delivery {

bool TlsMemory::insists(std::string const& domain, TimePoint now, Duration span) const {
  auto const found = seen_.find(domain);
  return found != seen_.end() && now - found->second < span;
}

bool TlsMemory::saw(std::string const& domain, TimePoint now) {
  auto const [entry, fresh] = seen_.try_emplace(domain, now);
  if (fresh) return true;
  if (now - entry->second < std::chrono::hours(1)) return false;
  entry->second = now;
  return true;
}

void TlsMemory::forget_before(TimePoint limit) {
  std::erase_if(seen_, [limit](auto const& entry) { return entry.second < limit; });
}

std::string TlsMemory::format_line(std::string const& domain, TimePoint seen) {
  return domain + ' ' + mailstack::format(seen) + '\n';
}

std::string TlsMemory::format() const {
  std::string out;
  for (auto const& [domain, seen] : seen_) out += format_line(domain, seen);
  return out;
}

TlsMemory TlsMemory::parse(std::string_view text) {
  TlsMemory memory;
  while (!text.empty()) {
    auto const line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    auto const gap = line.find(' ');
    if (gap == line.npos || gap == 0) continue;
    auto const time = parse_time(line.substr(gap + 1));
    if (!time) continue;
    auto& seen = memory.seen_[std::string(line.substr(0, gap))];
    seen = std::max(seen, *time);
  }
  return memory;
}

bool TlsMemoryFile::insists(std::string const& state, std::string const& domain, TimePoint now,
                            Duration span) {
  load(state, now, span);
  return memory_.insists(domain, now, span);
}

void TlsMemoryFile::saw(std::string const& state, std::string const& domain, TimePoint now,
                        Duration span) {
  load(state, now, span);
  if (!memory_.saw(domain, now)) return;
  std::ofstream(path_, std::ios::app) << TlsMemory::format_line(domain, now);
}

void TlsMemoryFile::load(std::string const& state, TimePoint now, Duration span) {
  auto path = state + "/tls-seen";
  if (path == path_) return;
  path_ = std::move(path);
  std::ifstream file(path_);
  memory_ = TlsMemory::parse(std::string(std::istreambuf_iterator<char>(file), {}));
  auto const known = memory_.size();
  memory_.forget_before(now - span);
  if (known > 0)
    (void)files::DiskFiles().write(path_, memory_.format(),
                                   {.mode = 0600, .owner = {}, .group = {}});
}

}  // namespace mailstack::delivery
