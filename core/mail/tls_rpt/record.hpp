#pragma once
/// \file
/// The record that says where TLS reports go (RFC 8460 3).

#include <string>
#include <string_view>
#include <vector>

#include "core/mail/mistake.hpp"

namespace mailstack::mail::tls_rpt {

struct Record {
  std::vector<std::string> reports;  ///< `rua`: mailto: and https: URIs

  bool operator==(Record const&) const = default;
};

struct Parsed {
  Record record;
  std::vector<Mistake> mistakes;
};

/// `v=TLSRPTv1; rua=mailto:postmaster@example.org`
std::string format(Record const& record);

/// Fatal: `v=TLSRPTv1` not first, no `rua`, a URI that is neither mailto: nor https:, `,` `;` `!`
/// inside one that are not percent-encoded (RFC 8460 3).
Parsed parse(std::string_view text);

bool is_record(std::string_view text);

}  // namespace mailstack::mail::tls_rpt
