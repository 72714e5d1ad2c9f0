#pragma once
/// \file
/// The door to secrets: a reference in the manifest becomes a value for as long as it is used.

#include <string>

#include "core/result/result.hpp"
#include "core/secret/secret.hpp"

namespace mailstack::world {

/// {credential: NAME}, {file: PATH}, {env: NAME}: where a secret is, never the secret. ({exec:
/// [argv]} is refused until trust.yaml is built.)
struct SecretReference {
  enum class Form { credential, file, env };
  Form form = Form::file;
  std::string name;

  /// `credential:app-password`: for messages, plans and the inventory.
  [[nodiscard]] std::string text() const {
    switch (form) {
      case Form::credential: return "credential:" + name;
      case Form::file: return "file:" + name;
      case Form::env: return "env:" + name;
    }
    return name;
  }
  bool operator==(SecretReference const&) const = default;
};

class Secrets {
 public:
  virtual ~Secrets() = default;
  /// Reads it, without a final newline. credential: $CREDENTIALS_DIRECTORY/NAME, else
  /// /etc/mailstack/credentials/NAME; files must not be open to group or others. Fails with
  /// not_found or denied and says where it looked and what to do; never with the value.
  virtual Result<Secret<std::string>> resolve(SecretReference const& reference) = 0;
};

}  // namespace mailstack::world
