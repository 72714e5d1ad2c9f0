#pragma once
/// \file
/// The embedded issuer `local-ca`: an authority of this host's own, for trying out and for tests.
/// Nobody else trusts it.

#include <string>

#include "core/clock/clock.hpp"
#include "core/files/files.hpp"
#include "core/result/result.hpp"

namespace mailstack::kinds::certificate {

/// Signs `request` (DER) for 90 days from `now` on; the chain in PEM, leaf first. The authority
/// stands in `directory` (`root.pem`, and `root.key` with mode 0600) and is made where there is
/// none. Fails with invalid where what stands there is no authority, or one that ends before the
/// certificate would: then the files must be moved away.
Result<std::string> issue_locally(files::Files& files, std::string const& directory,
                                  std::string const& request, TimePoint now);

}  // namespace mailstack::kinds::certificate
