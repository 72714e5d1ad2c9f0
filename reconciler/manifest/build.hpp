#pragma once
/// \file
/// The steps from a checked tree to the typed Manifest. Inside manifest/ only; load.hpp is the way
/// in.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/files/files.hpp"
#include "reconciler/manifest/key_table.hpp"
#include "reconciler/manifest/manifest.hpp"

namespace mailstack::manifest {

/// What every step reads and writes. Steps report all that is wrong, leave out what they cannot
/// build, and say so (LeftOut, `incomplete`): what is missing only therefore is not called wrong.
struct Build {
  files::Files& files;
  KeyTable const& table;
  Node const& root;
  Diagnostics& diagnostics;
  Manifest& out;
  /// The blocks of `records:`, each with the index of its zone in `out.zones`.
  std::vector<std::pair<std::size_t, Node const*>> record_blocks = {};
  /// The entries of a mapping of named things; none where it is absent.
  [[nodiscard]] std::vector<Node::Entry> const& named(std::string_view key) const;
  [[nodiscard]] static std::vector<Node::Entry> const& entries(Node const* mapping);
};

/// Names of hosts, providers and appliers stand in addresses and branch names.
bool check_name(Build& build, Node::Entry const& entry, std::string_view what);

void build_safety(Build& build);
void build_hosts(Build& build);
void build_providers(Build& build);
/// The zones of `dns.zones`, without their records.
void build_zones(Build& build);
/// These records, of all zones.
void build_records(Build& build);
void build_domains(Build& build);
/// The zones that domains need and `dns.zones` does not name.
void derive_zones(Build& build);
/// postmaster and abuse.
void derive_aliases(Build& build);
/// What holds between users, aliases and domains: loops, recipients that do not exist, send_as.
void check_mail_rules(Build& build);

}  // namespace mailstack::manifest
