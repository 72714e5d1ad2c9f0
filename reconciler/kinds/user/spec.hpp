#pragma once
/// \file
/// One mail user in a domain's `users` file: the pure half of the kind `user`.
///
/// Address: `user/HOST/DOMAIN/NAME` (DOMAIN as chasquid writes it: lower-case U-label; NAME after
/// PRECIS UsernameCaseMapped). Spec: `path` (of the users file), `state` (`active`, `disabled`,
/// `receive_only`), `password` (a description without secrets: where it comes from), `hash_digest`
/// (SHA-256 of the wished hash line, for {hash} and {hash_file}), `secret` (name of the reference,
/// for {credential|file|env|exec}), `group`. The wished hash or password itself is not in the spec:
/// the kind fetches it by `domain` and `name` when it writes. State: `state`, `hash_digest`
/// (SHA-256 of the stored hash line). No hash, no password. Laws: parsed values are compared; where
/// the password comes from a reference, scrypt is run only when the reference or the stored hash
/// changed since it was last verified. Removing a user is the hazard `user`.

#include <string>

#include "reconciler/engine/kind.hpp"
#include "reconciler/engine/resource.hpp"

namespace mailstack::kinds::user {

inline constexpr char const* kind_name = "user";

struct Wish {
  std::string host, domain, name;  ///< domain: lower-case U-label
  std::string path;                ///< of the users file
  std::string state = "active";
  std::string hash_digest;  ///< for a declared hash
  std::string secret;       ///< for a declared reference: `credential:app-password`
  std::string group;
};
engine::Resource user(Wish wish);
engine::KindLaws const& laws();

}  // namespace mailstack::kinds::user
