#pragma once
/// \file
/// Certificate requests for tests.

#include <string>
#include <vector>

namespace mailstack::support {

/// A PKCS#10 request in DER with a new P-256 key, for `names` as subjectAltName.
std::string make_csr(std::vector<std::string> const& names);

/// A certificate in PEM for the key of `csr_der`, signed by a key that is thrown away.
std::string make_certificate(std::string const& csr_der);

/// The DNS names of the first certificate of a PEM chain, sorted; empty where it is none.
std::vector<std::string> names_of_certificate(std::string const& pem);

}  // namespace mailstack::support
