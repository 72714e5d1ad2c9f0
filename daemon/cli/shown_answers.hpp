#pragma once
/// \file
/// Answers of the control socket as a person reads them. Words of strangers cannot steer the
/// terminal.

#include <string>

#include "core/clock/clock.hpp"

namespace mailstack::daemon_cli {

// Each takes the JSON of an answer that is no error.

std::string show_status(std::string const& answer, TimePoint now);
std::string show_problems(std::string const& answer);
/// The messages of a page: a line each, and one for each recipient that waits.
std::string show_messages(std::string const& answer, TimePoint now);
std::string show_message(std::string const& answer, TimePoint now);
std::string show_stats(std::string const& answer, TimePoint now);

}  // namespace mailstack::daemon_cli
