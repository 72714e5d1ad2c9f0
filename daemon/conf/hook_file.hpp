#pragma once
/// \file
/// Whether the hook for received messages can be run.

#include <string>

#include "daemon/conf/problem.hpp"

namespace mailstack::conf {

/// The path of `hooks/post-data` below the tree; empty: there is none. As chasquid has it, a hook
/// that is there is run, and mail waits where it cannot be: a filter that a mode switches off would
/// let everything in. That is an error: no right to execute it, no regular file, a `#!` whose
/// program is not there. A file that begins neither with `#!` nor as an ELF program does is a
/// warning: the kernel may have been taught its form (binfmt_misc). So is one that may not be read:
/// a script's shell has no more right than we, and the kernel runs a binary all the same.
std::string find_hook(std::string const& directory, Problems& problems);

/// Where it is, or would be.
std::string hook_path(std::string const& directory);

/// Whether the kernel runs the file itself, also for who may not read it: an ELF program. False
/// where it cannot be read.
bool is_binary(std::string const& path);

}  // namespace mailstack::conf
