#pragma once
/// \file
/// What somebody pipes into a command.

#include <cstddef>
#include <string>
#include <string_view>

#include "core/result/result.hpp"

namespace mailstack::files {

/// All of it, to its end. Fails with unavailable where it cannot be read, and with invalid, saying
/// `too_much`, beyond `most` octets.
Result<std::string> read_standard_input(std::size_t most, std::string_view too_much);

}  // namespace mailstack::files
