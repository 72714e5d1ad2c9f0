#pragma once
/// \file
/// The reference of mailstackd.yaml, made from the key table.

#include <string>

namespace mailstack::conf {

/// docs/mailstackd.yaml.md: Markdown, the same for the same table.
std::string reference();

}  // namespace mailstack::conf
