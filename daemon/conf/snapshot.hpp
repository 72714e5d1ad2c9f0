#pragma once
/// \file
/// Everything that the daemon reads from its conf tree, as one immutable value. A reload makes a
/// new one beside and swaps the pointer; a bad file keeps the part that was good.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/clock/clock.hpp"
#include "core/mail/dkim/sign.hpp"
#include "core/result/result.hpp"
#include "core/secret/secret.hpp"
#include "core/userdb/resolve.hpp"
#include "daemon/conf/problem.hpp"
#include "daemon/conf/settings.hpp"

namespace mailstack::conf {

/// What domains/D/mailstackd.yaml says of a user beyond chasquid's `users`.
struct UserPolicy {
  std::vector<std::string> send_as;  ///< addresses, `*@domain`
  std::size_t per_hour = 0;          ///< recipients; 0: any
  bool disabled = false;             ///< may neither log in nor receive (550 5.2.1)
  bool receive = true;               ///< false: only sends; mail for it gets 550 5.2.1
  Place place = {};                  ///< of the name
};

/// `domains/D/dkim:SELECTOR.pem`.
struct SigningKey {
  std::string selector;
  std::string path;
  std::string digest;      ///< SHA-256 of the file
  std::string public_key;  ///< `p=` of its record: the published TXT must hold it
  std::shared_ptr<mail::dkim::PrivateKey const> key;
};

struct DomainConf {
  std::string directory;  ///< below the tree: `domains/example.org`
  std::map<std::string, UserPolicy, std::less<>> policies;  ///< by folded name
  Source source;  ///< of mail whose sender is in the domain; what it leaves out is the daemon's
  std::vector<SigningKey> keys;  ///< by selector
  /// Users, aliases or policies could not be used, and nothing of before stands in: who is not
  /// known here may exist all the same, so that mail for it and logins get 4yz and not 5yz.
  bool incomplete = false;
  // What is in use and what stands in the file are two, for it had an error at this load and those
  // of before stay: their lines are not the file's, and what it says by now is not known.
  bool kept_aliases = false;
  bool kept_users = false;  ///< or policies
  /// Whether who is there is what the files say.
  [[nodiscard]] bool known() const { return !incomplete && !kept_aliases && !kept_users; }
};

/// `certs/NAME/{fullchain,privkey}.pem`.
struct CertificatePair {
  std::string name;  ///< of the directory
  std::string chain;
  Secret<std::string> key;
  std::string leaf_digest;  ///< SHA-256 of the DER, lower-case hex
  TimePoint expires{};      ///< the first certificate's end
};

struct Snapshot {
  Settings settings;
  userdb::MailDomains mail;                                ///< users, aliases
  std::map<std::string, DomainConf, std::less<>> domains;  ///< by U-label directory name
  std::vector<CertificatePair> certificates;               ///< by name
  std::map<std::string, std::string> digests;  ///< path below the tree → SHA-256 of what is in use
};

struct Loaded {
  std::shared_ptr<Snapshot const> snapshot;  ///< nullptr: nothing can run, and `problems` say why
  Problems problems;
};

/// Reads the whole tree below `directory`. `before` supplies what a bad file would have replaced:
/// the settings as a whole, the users, the aliases or the policies of a domain, a signing key, a
/// certificate with its key. `digests` names what is in use, so a bad file keeps the digest of the
/// one that it would have replaced. What is gone from the tree is gone from the snapshot, too; only
/// without chasquid.conf and mailstackd.yaml the settings stay.
///
/// On the first start, where nothing stands in: a domain whose users, aliases or policies are bad
/// exists and is `incomplete`; the good lines of its aliases count. Problems that are warnings took
/// nothing away. Without a snapshot only where nothing can run: no directory, or no usable settings
/// and none before.
Loaded load(std::string const& directory, std::shared_ptr<Snapshot const> const& before);

/// Settings::secret_files of what load() would return now; reads the settings only. Empty where
/// nothing could run.
std::vector<std::string> secret_files(std::string const& directory, Snapshot const* before);

/// All problems that a first start with this tree would meet on this machine, for `mailstackd check
/// config`: also where nothing could run, and with what outlook.hpp sees ahead. Without settings of
/// its own the rest is read all the same.
Problems check(std::string const& directory);

}  // namespace mailstack::conf
