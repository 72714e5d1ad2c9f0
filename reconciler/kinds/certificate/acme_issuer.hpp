#pragma once
/// \file
/// A certificate from an ACME server, and what of it has to outlive a run.

#include <string>

#include "reconciler/kinds/certificate/spec.hpp"
#include "reconciler/kinds/kinds.hpp"

namespace mailstack::kinds::certificate {

/// A chain in PEM, leaf first, and its key.
struct Pair {
  std::string chain;
  Secret<std::string> key;
};

/// Where the challenges of the certificate `name` are noted while they stand in the DNS.
std::string notes_of(std::string const& home, std::string const& name);

/// Obtains a pair as `spec` asks for. Below the spec's `home` stand the account's key, one for each
/// directory URL, and, until settle(), the order and the key that it is for: a run that was cut off
/// is gone on with.
Result<Pair> issue_by_acme(engine::Fields const& spec, std::string const& name,
                           Inputs const& inputs, Doors const& doors);

/// Whether a run was cut off after the pair of `key` was in place, and before its order was
/// forgotten.
bool is_unsettled(engine::Fields const& spec, std::string const& name, std::string const& key,
                  files::Files& files);

/// The pair is in place: its order is forgotten.
Result<> settle(engine::Fields const& spec, std::string const& name, files::Files& files);

}  // namespace mailstack::kinds::certificate
