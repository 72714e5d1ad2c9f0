#pragma once
/// \file
/// Where the files of this repository are: a function and no macro, so that a checkout elsewhere
/// compiles nothing but its body again.

#include <string>
#include <string_view>

namespace mailstack::support {

/// The absolute path of `path`, which is relative to the root of the repository; empty: the root.
std::string in_source(std::string_view path);

}  // namespace mailstack::support
