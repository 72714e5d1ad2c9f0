#pragma once
/// \file
/// Fields out of a JSON document that is parsed already: for the sources that read whole files of
/// them.

#include <simdjson.h>

#include "core/result/result.hpp"
#include "reconciler/engine/resource.hpp"

namespace mailstack::engine {

/// Levels of objects and arrays; nothing of ours has more, and a line of brackets is refused before
/// anything follows it.
inline constexpr std::size_t deepest_json = 16;

/// What format_json() writes. Fails with invalid.
Result<Fields> read_fields(simdjson::dom::element const& json);

}  // namespace mailstack::engine
