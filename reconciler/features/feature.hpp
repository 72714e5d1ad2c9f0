#pragma once
/// \file
/// What a feature is: something that good mail requires, turned from manifest into resources. Pure.
///
/// A feature is one file here. It exports `Feature const feature_<file>`; CMake collects them into
/// features(). It may read the manifest, the facts and the time, and nothing else; the same input
/// gives the same resources in the same order. What several features need stands in folders below
/// (records/: where a record goes; published/: what the manifest as a whole puts into the DNS).
///
/// A resource's group is what the plan prints as its heading: the domain or the zone without the
/// final dot, in A-labels, or the host's key.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/dns/rrset.hpp"
#include "core/keys/key.hpp"
#include "reconciler/engine/resource.hpp"
#include "reconciler/manifest/diagnostic.hpp"
#include "reconciler/manifest/manifest.hpp"

namespace mailstack::features {

/// What was observed before compiling, because what should exist depends on it.
struct Facts {
  std::string conf_directory = "/etc/mailstackd";         ///< where the conf tree stands on a host
  std::string key_directory = "/var/lib/mailstack/dkim";  ///< where waiting keys stand
  std::string certificate_directory =
      "/var/lib/mailstack/certificates";  ///< what is kept between issuances
  std::string conf_group = "mailstackd";  ///< who may read what the daemon reads
  std::string unit_directory = "/etc/systemd/system";

  /// Of the one host that this run can see. Every other host sees to itself.
  struct Here {
    bool runs = false;            ///< this is the host itself, and not a tree below `--root`
    std::string host;             ///< its key; empty: this run sees none
    bool systemd = false;         ///< systemd runs on it, and its units are ours to manage
    std::string without_systemd;  ///< why not, where that was not asked for
    bool delivers = true;         ///< maildrop is there, which chasquid hands local mail to
    std::string daemon_version;   ///< `1.11-2+b2`; empty: not installed, or not to be asked
    std::string daemon_program;   ///< mailstackd's path; empty: not installed, or not to be asked
    std::vector<std::string> addresses;  ///< of its interfaces, canonical
    /// How units and hooks on it call this program: its path, which stays where it is.
    std::string program;
    /// What its timer calls it with: `--manifest`, `--as` and their like, each absolute.
    std::vector<std::string> arguments;
    /// What a run of it writes beside the host's own files: state, the repository.
    std::vector<std::string> writes;
  } here;
};

/// With nothing observed: where the tree of the manifest's daemon stands, and who reads it.
Facts facts_for(manifest::Daemon daemon);
/// The one that the host may have had before.
inline manifest::Daemon other(manifest::Daemon daemon) {
  using manifest::Daemon;
  return daemon == Daemon::chasquid ? Daemon::mailstackd : Daemon::chasquid;
}

/// Something that the manifest derives but this program does not manage yet, or that an outsider
/// must do.
struct Owed {
  std::string who;                   ///< "the owner of example.net"
  std::string what;                  ///< "publish example.org. MX 10 smtp.example.org."
  std::optional<dns::RRset> record;  ///< where a known record must be published: that one value
  bool declared = false;             ///< the zone's own `records:` list it
};

struct Compiled {
  std::vector<engine::Resource> resources;
  std::vector<std::string> unmanaged;  ///< words for the line "not managed here: units (why)"
  std::vector<std::string> warnings;   ///< what the facts say, and the manifest cannot change
  std::vector<Owed> owed;
  std::vector<std::pair<TimePoint, std::string>>
      timeline;  ///< what the clock will do next, for the plan
};

class Published;

struct Feature {
  std::string_view name;
  /// Rows of the key table, paths from the root of the manifest (`domains.*.spf.all`); rows below
  /// `domains.*` count below `defaults.domain` too.
  std::span<keys::Key const> keys;
  std::span<manifest::Code const> codes;
  /// Rules that need more than the form of one value (SPF's look-ups, external rua). `published` is
  /// what all features together derive from this manifest. May be nullptr.
  void (*check)(manifest::Manifest const& manifest, Published const& published,
                manifest::Diagnostics& diagnostics);
  void (*compile)(manifest::Manifest const& manifest, Facts const& facts, TimePoint now,
                  Compiled& out);
};

/// All features of this program, sorted by name.
std::span<Feature const* const> features();

/// What all features claim, one after the other: the rules look at each claim, and a plan at what
/// they come to.
struct Claims {
  Compiled compiled;                   ///< an address may stand here several times
  std::vector<Feature const*> owners;  ///< of compiled.resources
};

/// Asks every feature.
Claims claim(manifest::Manifest const& manifest, Facts const& facts, TimePoint now);

/// Runs every feature's rules.
void check(manifest::Manifest const& manifest, Claims const& claims,
           manifest::Diagnostics& diagnostics);

/// What the claims come to. Addresses are unique in the result: an equal claim is dropped, and
/// where the zone's own `records:` claim an address with another spec (a TTL of their own), they
/// win. Two features that disagree about one address are a defect and abort. `facts` are those of
/// the claims.
Compiled settle(Claims claims, Facts const& facts);

/// The same in one step, for those who need one of the two.
void check(manifest::Manifest const& manifest, TimePoint now, manifest::Diagnostics& diagnostics);
Compiled compile(manifest::Manifest const& manifest, Facts const& facts, TimePoint now);

/// Whether the records of this feature are those that the person wrote in the zone's `records:`.
bool declares(Feature const& feature);

}  // namespace mailstack::features
