#pragma once
/// \file
/// Everything that the daemon reads from its conf tree, as one immutable value. A reload makes a
/// new one beside and swaps the pointer; a bad file keeps the part that was good.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/mail/dkim/sign.hpp"
#include "core/result/result.hpp"
#include "core/secret/secret.hpp"
#include "core/userdb/resolve.hpp"
#include "daemon/conf/settings.hpp"

namespace mailstack::conf {

/// What domains/D/mailstackd.yaml says of a user beyond chasquid's `users`.
struct UserPolicy {
  std::vector<std::string> send_as;  ///< addresses, `*@domain`
  std::size_t per_hour = 0;          ///< recipients; 0: any
  bool disabled = false;             ///< may neither log in nor receive (550 5.2.1)
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
  std::map<std::string, UserPolicy, std::less<>> policies;  ///< by folded name
  std::vector<SigningKey> keys;                             ///< by selector
};

/// `certs/NAME/{fullchain,privkey}.pem`.
struct CertificatePair {
  std::string name;  ///< of the directory
  std::string chain;
  Secret<std::string> key;
  std::string leaf_digest;  ///< SHA-256 of the DER, lower-case hex
};

struct Snapshot {
  Settings settings;
  userdb::MailDomains mail;                                ///< users, aliases
  std::map<std::string, DomainConf, std::less<>> domains;  ///< by U-label directory name
  std::vector<CertificatePair> certificates;               ///< by name
  std::map<std::string, std::string> digests;  ///< path below the tree → SHA-256 of what is in use
};

/// Something of the tree that could not be used, and what is used in its place.
struct Problem {
  std::string path;  ///< with line and column where known
  std::string what;
};

struct Loaded {
  std::shared_ptr<Snapshot const> snapshot;
  std::vector<Problem> problems;
};

/// Reads the whole tree below `directory`. `before` supplies what a bad file would have replaced.
/// Fails with invalid only where nothing can run: no usable settings and none before.
Result<Loaded> load(std::string const& directory, std::shared_ptr<Snapshot const> const& before);

}  // namespace mailstack::conf
