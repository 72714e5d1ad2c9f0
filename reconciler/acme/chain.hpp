#pragma once
/// \file
/// The certificates that a CA hands out (RFC 8555 7.4.2).

#include <string>
#include <string_view>

#include "core/result/result.hpp"

namespace mailstack::acme {

/// The certificates of an answer of type application/pem-certificate-chain as plain PEM, the leaf
/// first, without what may stand between them. Fails with unavailable where there is none, where
/// something is not a certificate (RFC 8555 11.4: a key must never be taken from there), or where
/// there are more than ten.
Result<std::string> parse_chain(std::string_view text);

/// True where the first certificate of `chain` has the key of the certificate request `csr_der`.
bool same_key(std::string_view chain, std::string_view csr_der);

}  // namespace mailstack::acme
