#pragma once
/// \file
/// Internationalised labels (IDNA2008, RFC 5891), by libidn2.

#include <string>
#include <string_view>

#include "core/result/result.hpp"

namespace mailstack::dns {

/// The A-label of one U-label in UTF-8, lower case (UTS 46 mapping, non-transitional: `ß` stays
/// itself). Fails with invalid where the label is not allowed.
Result<std::string> idn_to_ascii(std::string_view label);

class Name;

/// `name` as people write it: without the final dot, in U-labels, lower case, NFC. Where an A-label
/// does not decode, all stay A-labels.
std::string unicode_form(Name const& name);

/// Fails with invalid where the A-label (lower case, `xn--…`) does not decode to a U-label whose
/// A-label it is.
Result<> check_a_label(std::string const& label);

}  // namespace mailstack::dns
