#pragma once
/// \file
/// Which applier am I, and which lanes are mine? Pure.

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/result/result.hpp"
#include "reconciler/manifest/manifest.hpp"

namespace mailstack::cli {

/// What is known about the machine and the person's wish.
struct Identity {
  std::string as = {};         ///< `--as`
  std::string host_file = {};  ///< content of /etc/mailstack/host; empty: none
  std::string host_name = {};  ///< of the system
  std::vector<std::string> addresses = {};
  bool rooted = false;  ///< `--root` was given
};

/// Law 0: every lane has exactly one applier.
struct Applier {
  std::string name;  ///< `mx1`, `ci`; `local` where nobody is named. Its branch is mailstack/NAME
  std::string host;  ///< key of the host that this machine is; empty: none
  std::set<std::string> lanes;  ///< `provider/NAME`, `host/NAME`
  /// Lanes of others, with the words that make this run their applier.
  std::vector<std::pair<std::string, std::string>> elsewhere;
};

/// Without `--as` the one host of a manifest is this machine where /etc/mailstack/host says so, its
/// FQDN is the system's name, one of its addresses is ours, or `--root` was given; of several hosts
/// the one that the file, the name or an address says. A provider's lane is applied by the one that
/// it names, else by whoever runs. Fails with invalid where `--as` names nobody of the manifest.
Result<Applier> find_applier(manifest::Manifest const& manifest, Identity const& identity);

}  // namespace mailstack::cli
