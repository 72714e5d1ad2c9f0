#pragma once
/// \file
/// One mail user in a domain's `users` file: the pure half of the kind `user`.
///
/// Address: `user/HOST/DOMAIN/NAME` (DOMAIN as chasquid writes it: lower-case U-label; NAME after
/// PRECIS UsernameCaseMapped). Spec: `path` (of the users file), `tells` (as of an alias), `state`
/// (`active`, `disabled`, `receive_only`), `password` (a description without secrets: where it
/// comes from), `hash_digest` (SHA-256 of the wished hash line, for {hash} and {hash_file}),
/// `secret` (name of the reference, for {credential|file|env|exec}), `group`. The wished hash or
/// password itself is not in the spec: the kind fetches it by `domain` and `name` when it writes.
///
/// State: `path`; `state` (`active` or `receive_only`); `plain` (true where the file holds the
/// password itself); `hash_digest` (SHA-256 of the stored hash line); `secret` (the spec's
/// reference, where the stored hash was made from what it says now); `mode` (of the file),
/// `group` (of the file; absent where this process could not change it). No hash, no password.
///
/// Laws: parsed values are compared. `disabled` and `receive_only` are one thing on disk, an entry
/// without a scheme: chasquid before 1.13 rejects a whole file for `denied {}`, and no version lets
/// such a user in. A password in plain text is a difference even where it is the right one. Where
/// the password comes from a reference, scrypt is run only when the reference's value or the stored
/// hash changed since it was last verified. The file is as open as closed_mode() says. Removing a
/// user is the hazard `user`. No place: nothing excludes a user, and the kind writes all changes of
/// one file at once.

#include <string>

#include "reconciler/engine/kind.hpp"
#include "reconciler/engine/resource.hpp"
#include "reconciler/kinds/entry_parts.hpp"

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

/// Fails with invalid for anything that user() does not write.
Result<EntryPlace> parse(engine::Address const& address);

engine::KindLaws const& laws();

}  // namespace mailstack::kinds::user
