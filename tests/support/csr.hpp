#pragma once
/// \file
/// Certificate requests for tests.

#include <string>
#include <vector>

namespace mailstack::support {

/// A PKCS#10 request in DER with a new P-256 key, for `names` as subjectAltName.
std::string make_csr(std::vector<std::string> const& names);

/// The DNS names of the first certificate of a PEM chain, sorted; empty where it is none.
std::vector<std::string> names_of_certificate(std::string const& pem);

}  // namespace mailstack::support
