#pragma once
/// \file
/// The adapter of Secrets to files and the environment.

#include <string>

#include "reconciler/world/secrets.hpp"

namespace mailstack::world {

/// Reads secrets where they are kept.
///
/// A file must belong to us or to root and be closed to group and others. What systemd puts into
/// $CREDENTIALS_DIRECTORY is exempt from the group's part: an ACL for the service's user shows
/// there as the group's bits. Mode and content are those of one open file, so nothing can be
/// exchanged in between. Safe to call from several threads.
class StoredSecrets final : public Secrets {
 public:
  /// Relative files start at `base_directory`; credentials outside a service are looked up in
  /// `credentials`.
  explicit StoredSecrets(std::string base_directory,
                         std::string credentials = "/etc/mailstack/credentials");

  Result<Secret<std::string>> resolve(SecretReference const& reference) override;

 private:
  std::string base_directory_;
  std::string credentials_;
};

}  // namespace mailstack::world
