#pragma once
/// \file
/// The grammar of command lines (RFC 5321 4.1.2), without what commands mean.

#include <optional>
#include <string_view>
#include <vector>

namespace mailstack::smtp {

/// `mail FROM:<a@b>` → `mail` and `FROM:<a@b>`, without blanks around either.
struct Line {
  std::string_view word;
  std::string_view argument;
};
Line split_line(std::string_view line);

/// In any case, for ASCII; `upper` is in upper case.
bool same_word(std::string_view text, std::string_view upper);

struct Parameter {
  std::string_view keyword;
  std::optional<std::string_view> value;  ///< absent and empty differ: `SIZE` and `SIZE=`
};

/// `FROM:<path> KEY=value KEY`, the argument of MAIL and RCPT.
struct PathArgument {
  std::string_view path;  ///< between the brackets
  std::vector<Parameter> parameters;
};
enum class ArgumentFault { none, path, parameters };
/// `prefix` is `FROM:` or `TO:`; blanks after it are forgiven (many clients send one). A `>` inside
/// of a quoted local part does not end the path. Parameters are checked for RFC 5321's esmtp-param,
/// and that none comes twice.
ArgumentFault parse_path_argument(std::string_view argument, std::string_view prefix,
                                  PathArgument& out);

/// A host name or an address literal, as EHLO and HELO say it: letters, digits, `-._`, or brackets
/// around what an address consists of; up to 255 octets. Names of no host are taken as they are
/// (RFC 5321 4.1.4: they must not be refused).
bool host_like(std::string_view name);

/// RFC 3461 4: printable, with `+` and `=` as `+2B` and `+3D`.
bool xtext(std::string_view text);

}  // namespace mailstack::smtp
