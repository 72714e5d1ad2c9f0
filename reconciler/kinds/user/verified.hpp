#pragma once
/// \file
/// Remembers which stored hash was made from which secret, so that scrypt runs once for both.

#include <mutex>
#include <set>
#include <string>

#include "core/files/files.hpp"
#include "core/secret/secret.hpp"
#include "core/userdb/scrypt.hpp"

namespace mailstack::kinds::user {

/// What was verified: opaque tags, HMAC-SHA256 over answer, hash line and secret, with a random
/// key.
///
/// A tag tells nothing without the key; with it, it would test guesses of a password much faster
/// than scrypt does. So key and tags stand in a directory that does not outlive the machine's
/// uptime and is in no backup: who reads it there is root, and can read the secret at its source.
/// docs/decisions/0011-password-drift.md has the alternatives. Whatever goes wrong with these files
/// only costs time: 60 ms a user. Safe to call from several threads: lanes share it.
class Verified {
 public:
  /// An empty `directory`: remembers within the object only.
  Verified(files::Files& files, std::string directory);

  /// Whether `password` is the one of `scrypt`, from memory or by scrypt. Parameters that cannot be
  /// worked with never match.
  bool matches(userdb::Scrypt const& scrypt, Secret<std::string> const& password);

  /// A hash that was just made from `password`.
  void note(userdb::Scrypt const& scrypt, Secret<std::string> const& password);

  /// How often scrypt ran.
  [[nodiscard]] unsigned runs() const { return runs_; }

 private:
  void load();
  bool load_kept();
  void begin_anew();
  void keep(std::string const& tag);
  [[nodiscard]] std::string tag(bool answer, userdb::Scrypt const& scrypt,
                                Secret<std::string> const& password) const;

  files::Files& files_;
  std::mutex mutex_;  ///< guards what follows
  std::string directory_;
  bool loaded_ = false;
  Secret<std::string> key_;
  std::set<std::string> tags_;
  unsigned runs_ = 0;
};

}  // namespace mailstack::kinds::user
