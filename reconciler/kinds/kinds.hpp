#pragma once
/// \file
/// All kinds of this program, and what they need of the manifest beyond the specs.
///
/// A kind is a folder here: spec.{hpp,cpp} is its pure half (laws, builders), kind.cpp its other
/// half, which exports `std::unique_ptr<engine::Kind> make_<folder>(Inputs const&, Doors const&)`.
/// CMake collects them.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/dns/rrset.hpp"
#include "core/files/files.hpp"
#include "core/http.hpp"
#include "providers/dns_provider.hpp"
#include "reconciler/engine/kind.hpp"
#include "reconciler/world/control_socket.hpp"
#include "reconciler/world/dns_query.hpp"
#include "reconciler/world/process.hpp"
#include "reconciler/world/secrets.hpp"
#include "reconciler/world/systemd.hpp"
#include "reconciler/world/tls_peer.hpp"

namespace mailstack::kinds {

namespace dkim_key {
class KeyMaker;
}

/// A line of `ignore:`. Globs know `*` and `?`; an empty list of types and an empty value mean all.
struct Ignore {
  std::string name;  ///< relative to the zone
  std::vector<dns::Type> types;
  std::string value;
};

/// How one zone is reached and treated.
struct ZoneAccess {
  std::string lane;                       ///< `provider/NAME`
  std::shared_ptr<DnsProvider> provider;  ///< nullptr where it could not be opened
  std::string unavailable;                ///< then: why, with the remedy
  std::vector<std::string>
      servers;  ///< `ADDRESS:PORT` to ask after a write; empty: the zone's NS set
  bool purge_all = false;
  bool purge_never = false;
  std::vector<Ignore> ignore;
  /// Held over a listing and the set() that is made from it: calls of set() on one zone never
  /// overlap, whoever makes them.
  std::shared_ptr<std::mutex> writing = std::make_shared<std::mutex>();
};

/// What a user's password should be. Held by the manifest, fetched by the kind `user` when it
/// compares or writes.
struct PasswordWish {
  std::string hash;  ///< `$scrypt$ln=14,r=8,p=1$<salt>$<key>`
  std::optional<world::SecretReference> reference;
};

struct Inputs {
  std::map<dns::Name, ZoneAccess> zones;
  std::map<std::pair<std::string, std::string>, PasswordWish>
      passwords;  ///< (domain, user) as in the address
  /// Names of all dns_record addresses that the manifest asks for or the inventory holds, also
  /// those that this run does not look at
  /// (`--only`): none of them is foreign.
  std::vector<std::string> claims;
  /// Zones that held records of ours at the last look, by their text: one of them that is empty now
  /// is not believed.
  std::set<std::string, std::less<>> written_zones;
  unsigned parallelism = 8;  ///< `--parallelism`: look-ups and listings in flight
  Duration wait{60};         ///< `--wait`
  /// For what must not outlive the machine's uptime (docs/decisions/0011-password-drift.md):
  /// `/run/mailstack`, unprivileged `$XDG_RUNTIME_DIR/mailstack`; empty: nothing is remembered.
  std::string runtime_directory;
  /// The manifest says `systemd: {manage: never}`: units of ours are released, not stopped.
  bool units_left_alone = false;
  /// The conf tree of the daemon that the manifest does not name: what we put there once is
  /// released, so that the way back is short. Empty: there is none.
  std::string left_tree;
  std::shared_ptr<dkim_key::KeyMaker> key_maker;  ///< absent: OpenSSL; tests give a fixed key
};

struct Doors {
  files::Files& files;
  Clock& clock;
  world::DnsQuery& dns;
  world::Secrets& secrets;
  world::Systemd& systemd;
  /// HTTP to servers that are trusted by the certificates of `ca_file`; empty: the system's.
  std::function<std::unique_ptr<Http>(std::string const& ca_file)> http = {};
  /// One line for people about long work, said at once. Safe to call from several threads.
  std::function<void(std::string const& line)> announce = [](std::string const& /*line*/) {};
  /// Certificates that ports show, and other programs; nullptr where a run needs neither.
  world::TlsPeer* tls = nullptr;
  world::Process* process = nullptr;
  world::ControlSocket* control = nullptr;  ///< of mailstackd
};

/// The pure halves, by name.
engine::Laws const& all_laws();

/// The kinds at work. The doors outlive them.
std::vector<std::unique_ptr<engine::Kind>> make_kinds(Inputs const& inputs, Doors const& doors);

}  // namespace mailstack::kinds
