#pragma once
/// \file
/// What a message and its addresses become at a mailbox or a program: pure.

#include <string>
#include <string_view>
#include <vector>

#include "core/result/result.hpp"

namespace mailstack::delivery {

/// The message with LF line ends, as programs and files of this system have it, behind Return-Path
/// (RFC 5321 4.4: final delivery says it) and Delivered-To, by which a loop is seen.
std::string mailbox_message(std::string_view sender, std::string_view recipient,
                            std::string_view content);

/// Who is meant by `%from%`, `%from_user%`, `%from_domain%`, `%to%`, `%to_user%` and `%to_domain%`.
struct Names {
  std::string from;
  std::string to;
};

/// chasquid's arguments of an MDA. From addresses everything goes that a shell or a path might take
/// for more than a name: blanks, control characters, quotes, and each of `/;\|*&$%()[]{}!`.
std::vector<std::string> mda_arguments(std::vector<std::string> const& templates,
                                       Names const& names);

/// `/var/mail/%to_domain%/%to_user%` for the address `to`, by Settings::maildir_words. Fails with
/// invalid where a name would lead elsewhere: empty, with `/` or a control character, or a dot in
/// front (a maildir's folders begin with one).
Result<std::string> maildir_path(std::string const& path, std::string const& to);

}  // namespace mailstack::delivery
