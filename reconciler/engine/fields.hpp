#pragma once
/// \file
/// What the one field list of a spec yields: references, canonical JSON, digest, and the text of a
/// difference.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result/result.hpp"
#include "reconciler/engine/resource.hpp"

namespace mailstack::engine {

/// Every reference in `fields`, in order. Graph edges are exactly these.
std::vector<Reference> references(Fields const& fields);

/// One line of JSON, keys in the order of the fields; a reference is
/// {"ref":"ADDRESS","output":"NAME"}. Equal fields give equal text and the other way round, also
/// after parse_fields(). Octets that are not UTF-8 are not legal in fields.
std::string format_json(Fields const& fields);
/// The same at the end of `out`.
void append_json(std::string& out, Fields const& fields);

/// Parses what format_json() writes. Fails with invalid.
Result<Fields> parse_fields(std::string_view json);

/// SHA-256 of format_json(), in hex.
std::string digest(Fields const& fields);

/// `fields` with each reference replaced by what `lookup` gives for it; where that is absent the
/// reference stays.
Fields resolve(Fields const& fields,
               std::function<std::optional<std::string>(Reference const&)> const& lookup);

/// Whether a spec only takes what there is of `upstream`: it refers to it in lists, and not in
/// `needs`, which says what must come first.
bool takes_softly(Fields const& spec, Address const& upstream);

/// One field that differs; an absent side is empty.
struct FieldDifference {
  std::string name;
  std::string before;
  std::string after;
};
std::vector<FieldDifference> differences(Fields const& before, Fields const& after);

/// Whether two specs ask for the same, in whatever order of the run: a list that holds nothing but
/// references says what comes first, and nothing of the thing itself.
bool same_wish(Fields const& a, Fields const& b);

}  // namespace mailstack::engine
