#pragma once
/// \file
/// Where the process stands: what relative paths of a person start at.

#include <string>
#include <string_view>

namespace mailstack::files {

/// Absolute; `/` where it cannot be said (it was removed, or lies below a closed directory).
std::string working_directory();

/// `path` as a person gives it who stands in `directory` (absolute, without links, as
/// working_directory() says it): `./` and `../` at its beginning are followed. A `..` further on
/// stays and is refused by whoever opens the path: behind a link it is not what it looks like.
std::string from(std::string_view directory, std::string_view path);

}  // namespace mailstack::files
