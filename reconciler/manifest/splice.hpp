#pragma once
/// \file
/// Changes of one value inside a YAML text that keep every other octet.
///
/// A YAML emitter would drop comments and blank lines, so the text is cut at the marks of the
/// parsed tree, and what comes out is parsed again: it must hold exactly the old values and the
/// change, else the edit is refused and the person is told to make it by hand (an anchor that
/// others share, a form that this file does not know).

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result/result.hpp"
#include "reconciler/manifest/node.hpp"

namespace mailstack::manifest {

/// Keys from the root of the file, as they are written there.
using KeyPath = std::vector<std::string>;

/// The whole new text where the value at `path` is `value` (YAML on one line: `i`, `{a: b}`). An
/// absent key is added as the last of its mapping, in the style of that mapping; absent mappings on
/// the way too. Fails with invalid where `text` does not parse, or the edit cannot be made safely.
Result<std::string> set_value(std::string_view text, KeyPath const& path, std::string_view value);

/// The text where the list at `path` has `value` as its last item. Fails with not_found where no
/// list with items stands there, else as set_value().
Result<std::string> append_item(std::string_view text, KeyPath const& path, std::string_view value);

/// The text without the key at `path` and its value; comments on lines of their own stay. Fails
/// with not_found where there is none, else as set_value().
Result<std::string> remove_value(std::string_view text, KeyPath const& path);

/// `text` as a scalar that reads as the same text everywhere, inside `{}` too: quoted where needed.
std::string scalar_text(std::string_view text);

}  // namespace mailstack::manifest
