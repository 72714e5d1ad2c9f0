#pragma once
/// \file
/// What programs write, made fit for a reply, a bounce and a log.

#include <string>
#include <string_view>

namespace mailstack::policy {

constexpr std::size_t most_output = 4096;  ///< octets of a program's output that anybody reads

/// `output` on one line: what is not printable ASCII or valid UTF-8 is `?`, line ends become ` / `,
/// no longer than most_output.
std::string one_line_of(std::string_view output);

/// The last line that is not empty, printable, at most 400 octets, so that it fits a reply.
std::string last_line(std::string_view output);

/// The first line that is not empty, printable, at most 200 octets, so that it fits a line of a
/// log.
std::string first_line(std::string_view output);

}  // namespace mailstack::policy
