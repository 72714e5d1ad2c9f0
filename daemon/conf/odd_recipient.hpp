#pragma once
/// \file
/// Recipients of aliases that are not what their author meant: what to do instead.

#include <string>
#include <string_view>

namespace mailstack::conf {

/// Whether somebody may be called so. Not what other mail servers have in their aliases (`/file`,
/// `:include:`, quotes, a comment behind), nor two names without a comma.
bool may_be_name(std::string const& local);

/// What to do about a recipient that reaches nobody, by what it looks like. `address` has a domain,
/// which may have been added.
std::string remedy_for(std::string_view address);

/// Whether it was meant as a command that `|` begins.
bool is_program(std::string_view address);
/// That it does not run, and which: without its arguments, which may be a secret.
std::string never_runs(std::string_view address);

}  // namespace mailstack::conf
