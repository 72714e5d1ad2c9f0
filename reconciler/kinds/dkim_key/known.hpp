#pragma once
/// \file
/// Remembers the public halves of key files, so that a plan without change decodes no key.

#include <map>
#include <mutex>
#include <string>

#include "core/files/files.hpp"
#include "core/secret/secret.hpp"
#include "reconciler/kinds/dkim_key/keys.hpp"

namespace mailstack::kinds::dkim_key {

/// Public parts by the SHA-256 of the file that they were decoded from. OpenSSL takes about a
/// millisecond for one key, and a domain has two files of each of two keys.
///
/// What stands in `DIRECTORY/dkim-keys` (one line a key: digest, algorithm, public part) is no
/// secret, and the digest of a random key tells nothing of it. But who could write there could have
/// another key published: the file counts only where none but its owner may write or read it.
/// Whatever goes wrong with it only costs time. Safe to call from several threads: lanes share it.
class KnownKeys {
 public:
  /// An empty `directory`: remembers within the object only.
  KnownKeys(files::Files& files, std::string directory)
      : files_(files), directory_(std::move(directory)) {}

  /// The public part of `pem`, from memory or by parse_private_key(). What does not parse is not
  /// remembered.
  Result<PublicPart> part(Secret<std::string> const& pem);

  /// Keeps for the next run what was decoded in this one; one write, none where nothing was.
  void store();

  /// How often a key was decoded.
  [[nodiscard]] unsigned decoded() const { return decoded_; }

 private:
  void load();
  [[nodiscard]] std::string path() const { return directory_ + "/dkim-keys"; }

  files::Files& files_;
  std::mutex mutex_;  ///< guards what follows
  std::string directory_;
  bool loaded_ = false;
  bool learnt_ = false;  ///< something that the file does not hold
  std::map<std::string, PublicPart> parts_;
  unsigned decoded_ = 0;
};

}  // namespace mailstack::kinds::dkim_key
