#pragma once
/// \file
/// Checks a JSON document against a schema of ours.

#include <string>
#include <string_view>
#include <vector>

namespace mailstack::support {

/// Every place where `document` does not fit `schema`, as `/items/0/lane: …`; empty: it fits. Knows
/// what our schemas use of draft-07 (type, const, enum, required, properties,
/// additionalProperties: false, items, minimum, pattern, $ref within the document); any other
/// keyword that could constrain is reported, so that nothing is taken for checked that is not.
std::vector<std::string> schema_violations(std::string_view schema, std::string_view document);

}  // namespace mailstack::support
