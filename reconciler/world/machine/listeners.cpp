/// \file
/// Who listens: the sockets from the kernel's tables, their holders from what processes hold open.

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <tuple>

#include "reconciler/world/machine/local_machine.hpp"
#include "reconciler/world/machine/socket_table.hpp"

namespace mailstack::world {

namespace {

using Sockets = std::map<std::uint64_t, std::vector<Holder>>;  // by inode

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

std::optional<std::string> slurp(std::string const& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string link_target(std::string const& path) {
  std::array<char, 4096> text{};
  auto const length = ::readlink(path.c_str(), text.data(), text.size());
  return length > 0 ? std::string(text.data(), static_cast<std::size_t>(length)) : std::string();
}

/// `socket:[12345]` → 12345
std::optional<std::uint64_t> socket_inode(std::string_view link) {
  constexpr std::string_view head = "socket:[";
  if (!link.starts_with(head)) return std::nullopt;
  link.remove_prefix(head.size());
  std::uint64_t inode = 0;
  if (std::from_chars(link.data(), link.data() + link.size(), inode).ec != std::errc())
    return std::nullopt;
  return inode;
}

Holder holder(int pid, std::string const& process) {
  auto name = slurp(process + "/comm").value_or("");
  if (name.ends_with('\n')) name.pop_back();
  return {pid, std::move(name), link_target(process + "/exe")};
}

/// Notes which of the sockets the process holds. One that ends meanwhile, or is not ours to look
/// at, holds none.
void look_into(int pid, Sockets& sockets) {
  auto const process = "/proc/" + std::to_string(pid);
  Directory const descriptors(::opendir((process + "/fd").c_str()));
  if (!descriptors) return;
  while (auto const* entry = ::readdir(descriptors.get())) {
    auto const inode = socket_inode(link_target(process + "/fd/" + entry->d_name));
    auto const found = inode ? sockets.find(*inode) : sockets.end();
    if (found == sockets.end()) continue;
    auto& holders = found->second;
    bool const known = std::any_of(holders.begin(), holders.end(),
                                   [&](Holder const& one) { return one.pid == pid; });
    if (!known) holders.push_back(holder(pid, process));
  }
}

void find_holders(Sockets& sockets) {
  if (sockets.empty()) return;
  Directory const processes(::opendir("/proc"));
  if (!processes) return;
  while (auto const* entry = ::readdir(processes.get())) {
    std::string_view const name = entry->d_name;
    int pid = 0;
    auto const [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc() && end == name.data() + name.size()) look_into(pid, sockets);
  }
}

}  // namespace

Result<std::vector<Listener>> LocalMachine::listeners(std::span<std::uint16_t const> ports) {
  auto const four = slurp("/proc/self/net/tcp");
  auto const six = slurp("/proc/self/net/tcp6");
  if (!four && !six)
    return fail(ErrorCode::unavailable, "/proc/self/net/tcp cannot be read: is /proc mounted?");
  std::vector<ListeningSocket> found;
  Sockets sockets;
  for (auto const& table : {four, six})
    for (auto& one : parse_socket_table(table.value_or(""))) {
      if (std::find(ports.begin(), ports.end(), one.port) == ports.end()) continue;
      sockets[one.inode];
      found.push_back(std::move(one));
    }
  find_holders(sockets);
  std::vector<Listener> all;
  all.reserve(found.size());
  for (auto const& one : found) {
    auto holders = sockets[one.inode];
    std::sort(holders.begin(), holders.end(),
              [](Holder const& a, Holder const& b) { return a.pid < b.pid; });
    all.push_back({one.address, one.port, one.user, std::move(holders)});
  }
  std::stable_sort(all.begin(), all.end(), [](Listener const& a, Listener const& b) {
    return std::tie(a.port, a.address) < std::tie(b.port, b.address);
  });
  return all;
}

}  // namespace mailstack::world
