#pragma once
/// \file
/// The command of an alias (`name: | command`), cut into words.

#include <string>
#include <string_view>
#include <vector>

namespace mailstack::userdb {

/// The program and its arguments, cut at white space as chasquid cuts them: there is no shell and
/// no quoting. Empty where there is nothing else.
std::vector<std::string> command_words(std::string_view command);

/// The first of them, which alone may be shown: arguments may be a secret. Part of `command`.
std::string_view command_program(std::string_view command);

}  // namespace mailstack::userdb
