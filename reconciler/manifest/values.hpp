#pragma once
/// \file
/// The form of single values, type by type: what the key table's types accept.

#include "reconciler/manifest/node.hpp"
#include "yaml/values.hpp"

namespace mailstack::manifest {

using yaml::expectation;
using yaml::fallback_values;
using yaml::full_expectation;
using yaml::parse_boolean;
using yaml::parse_endpoint;
using yaml::parse_integer;
using yaml::parse_ipv4;
using yaml::parse_ipv6;
using yaml::parse_size;
using yaml::wrong_value;
using yaml::WrongValue;

}  // namespace mailstack::manifest
