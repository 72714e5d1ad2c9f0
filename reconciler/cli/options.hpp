#pragma once
/// \file
/// What a person typed, as data.

#include <set>
#include <string>
#include <vector>

#include "core/clock/clock.hpp"
#include "reconciler/engine/resource.hpp"

namespace mailstack::cli {

/// The command line after it was understood. Members that a command does not know keep their
/// defaults.
struct Options {
  std::string command;             ///< `plan`, `user add`
  std::vector<std::string> words;  ///< its positional arguments, in order

  // Of every command.
  std::string manifest = "mailstack.yaml";
  std::string state;  ///< empty: the default (state_directory())
  std::string root;
  std::string as;
  bool json = false;  ///< `--format json`
  std::string color = "auto";
  unsigned parallelism = 8;
  bool quiet = false;
  bool verbose = false;

  // plan, apply, reconcile.
  bool detailed_exitcode = false;
  bool yes = false;
  bool adopt = false;
  std::set<engine::Hazard> allow;
  std::string only;
  Duration wait{60};

  // user.
  bool generate = false;
  std::string reveal_to;
  std::string credential;  ///< `--credential NAME`: of user add, instead of a hash; of check
  bool no_password = false;

  // check.
  std::string send_to;  ///< `--send-to`

  // dkim-sign.
  std::size_t most = 100;       ///< MiB that a message may have
  std::string conf;             ///< the daemon's tree; empty: /etc/chasquid
  std::string envelope_sender;  ///< `--from`, also of check

  // doctor.
  std::vector<std::string> probes;  ///< each parses (doctor::parse_target())

  // history.
  unsigned limit = 50;
};

}  // namespace mailstack::cli
