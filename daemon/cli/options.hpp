#pragma once
/// \file
/// What a command line asks for.

#include <optional>
#include <string>
#include <vector>

namespace mailstack::daemon_cli {

constexpr char const* default_directory = "/etc/mailstackd";
constexpr char const* default_socket = "/run/mailstackd/control";

struct Options {
  std::string command;    ///< its words: `queue list`; empty: run the daemon
  std::string directory;  ///< --config; empty: default_directory
  std::string socket;     ///< --socket; empty: as the configuration says
  bool json = false;

  // queue
  std::vector<std::string> ids;
  std::string sender, recipient, domain, older_than;
  bool held = false, not_held = false;
  bool all = false;
  bool bounce = false;
  bool content = false;
  std::size_t most = 0;  ///< 0: every message; of stats: 20 destinations

  // check srs, sign dkim
  std::string secret, mail_domain;
  std::string key, selector, now, canonicalization = "relaxed/relaxed", headers;
  bool record = false;
};

/// Options to run with; or, with `ended`, what to say and the code to end with.
struct Parsed {
  Options options;
  std::optional<int> ended;
  std::string out, err;
};

Parsed parse_command_line(int argc, char const* const* argv);

}  // namespace mailstack::daemon_cli
