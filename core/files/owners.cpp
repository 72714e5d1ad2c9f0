#include "core/files/owners.hpp"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "core/files/files.hpp"

namespace mailstack::files {
namespace {

using Buffer = std::array<char, 16384>;

/// The number that stands in the third field of NAME's line in a passwd or group file.
std::optional<unsigned> number_in(std::string const& text, std::string const& name) {
  std::string_view rest = text;
  while (!rest.empty()) {
    auto const line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (!line.starts_with(name + ":")) continue;
    auto const second = line.find(':', name.size() + 1);
    if (second == std::string_view::npos) continue;
    unsigned number = 0;
    auto const* first = line.data() + second + 1;
    if (std::from_chars(first, line.data() + line.size(), number).ec == std::errc()) return number;
  }
  return std::nullopt;
}

/// The name of `number` in a passwd or group file.
std::optional<std::string> name_in(std::string const& text, unsigned number) {
  std::string_view rest = text;
  while (!rest.empty()) {
    auto const line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    std::string name(line.substr(0, line.find(':')));
    if (!name.empty() && number_in(std::string(line), name) == number) return name;
  }
  return std::nullopt;
}

std::optional<unsigned> system_user(std::string const& name) {
  Buffer buffer;
  passwd entry{};
  passwd* found = nullptr;
  getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  return found ? std::optional<unsigned>(entry.pw_uid) : std::nullopt;
}

std::optional<unsigned> system_group(std::string const& name) {
  Buffer buffer;
  group entry{};
  group* found = nullptr;
  getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  return found ? std::optional<unsigned>(entry.gr_gid) : std::nullopt;
}

std::string system_user_name(unsigned number) {
  Buffer buffer;
  passwd entry{};
  passwd* found = nullptr;
  getpwuid_r(number, &entry, buffer.data(), buffer.size(), &found);
  return found ? entry.pw_name : std::to_string(number);
}

std::string system_group_name(unsigned number) {
  Buffer buffer;
  group entry{};
  group* found = nullptr;
  getgrgid_r(number, &entry, buffer.data(), buffer.size(), &found);
  return found ? entry.gr_name : std::to_string(number);
}

/// stat() names an owner that has no name by its number, and what it says can be written again.
std::optional<unsigned> decimal(std::string const& name) {
  unsigned number = 0;
  auto const [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<unsigned> Owners::user(std::string const& name) const {
  auto const number = system_ ? system_user(name) : number_in(passwd_, name);
  return number ? number : decimal(name);
}

std::optional<unsigned> Owners::group(std::string const& name) const {
  auto const number = system_ ? system_group(name) : number_in(group_, name);
  return number ? number : decimal(name);
}

std::string Owners::user_name(unsigned number) const {
  if (system_) return system_user_name(number);
  return name_in(passwd_, number).value_or(std::to_string(number));
}

std::string Owners::group_name(unsigned number) const {
  if (system_) return system_group_name(number);
  return name_in(group_, number).value_or(std::to_string(number));
}

Owners load_owners(Files& files, std::string const& root) {
  if (root.empty()) return {};
  return {files.read("/etc/passwd").value_or(""), files.read("/etc/group").value_or("")};
}

}  // namespace mailstack::files
