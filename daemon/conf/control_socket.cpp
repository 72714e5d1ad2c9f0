#include "daemon/conf/control_socket.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "core/text/ascii.hpp"
#include "daemon/conf/chasquid_conf.hpp"
#include "daemon/conf/mailstackd_yaml.hpp"
#include "daemon/conf/parts.hpp"
#include "daemon/conf/tree_file.hpp"

namespace mailstack::conf {

namespace {

constexpr std::array yaml_keys{std::string_view("state"), std::string_view("spool"),
                               std::string_view("control_socket")};
constexpr std::array chasquid_fields{std::string_view("data_dir")};

/// The lines of a file that begin with one of `keys` and a colon, the last of each.
template <std::size_t count>
std::string lines_of(std::string_view text, std::array<std::string_view, count> const& keys) {
  std::map<std::string_view, std::string_view> last;
  while (!text.empty()) {
    auto const end = std::min(text.find('\n'), text.size());
    auto const line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    for (auto const key : keys)
      if (line.starts_with(key) && ascii::trim(line.substr(key.size())).starts_with(':'))
        last[key] = line;
  }
  std::string lines;
  for (auto const& [key, line] : last) lines.append(line).append("\n");
  return lines;
}

/// The content of a file of the settings; empty where it is not there.
std::optional<std::string> content(std::string const& path, ControlSocket& found, bool& there) {
  auto text = read_file(path);
  if (text) {
    there = true;
    return *std::move(text);
  }
  if (text.error().code == ErrorCode::not_found) return std::string();
  found.problems.push_back(unreadable(path, text.error()));
  return std::nullopt;
}

void keep_errors(Problems problems, Problems& errors) {
  std::copy_if(std::make_move_iterator(problems.begin()), std::make_move_iterator(problems.end()),
               std::back_inserter(errors), [](Problem const& one) { return !one.warning; });
}

/// Only what the socket's path follows from. What else a file says may fit nothing, and would be
/// held against the lines that are read alone.
Settings paths_of(Settings const& settings) {
  Settings paths;
  paths.state = settings.state;
  paths.spool = settings.spool;
  paths.control_socket = settings.control_socket;
  return paths;
}

/// Puts over `settings` what can be read of a file; false where that is not enough.
template <class Read, std::size_t count>
bool put_readable(std::string const& text, Read const& read,
                  std::array<std::string_view, count> const& keys, Settings& settings,
                  ControlSocket& found) {
  auto problems = read(text, settings);
  bool const good = !failed(problems);
  keep_errors(std::move(problems), found.problems);
  if (good) return true;
  settings = paths_of(settings);
  return !failed(read(lines_of(text, keys), settings));
}

}  // namespace

ControlSocket find_control_socket(std::string const& directory) {
  ControlSocket found;
  auto const root = real_directory(directory);
  if (!root) return {{}, {{directory, "no such directory", 0, 0, "name another --config DIR"}}};
  auto const chasquid = *root + "/chasquid.conf";
  auto const yaml = *root + "/mailstackd.yaml";
  bool there = false;
  auto const chasquid_text = content(chasquid, found, there);
  auto const yaml_text = content(yaml, found, there);
  if (!chasquid_text || !yaml_text) return found;
  if (!there) return {{}, {{*root, "neither chasquid.conf nor mailstackd.yaml is here", 0, 0, {}}}};
  // Passwords are nothing to those who ask, who may not read them.
  ReadSecret const no_secret = [](std::string const&) -> Result<std::string> { return "-"; };
  auto const read_chasquid = [&](std::string_view text, Settings& into) {
    return read_chasquid_conf(chasquid, text, into);
  };
  auto const read_own = [&](std::string_view text, Settings& into) {
    return read_yaml(yaml, text, no_secret, into);
  };
  Settings settings;
  if (!put_readable(*chasquid_text, read_chasquid, chasquid_fields, settings, found) ||
      !put_readable(*yaml_text, read_own, yaml_keys, settings, found))
    return found;
  complete(*root, settings);
  found.path = settings.control_socket;
  return found;
}

}  // namespace mailstack::conf
