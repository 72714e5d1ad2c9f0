#pragma once
/// \file
/// What is wrong in the text of a mail record, and where: the parsers of SPF, DMARC and TLS-RPT say
/// all of it at once.

#include <cstddef>
#include <string>

namespace mailstack::mail {

/// `offset` and `length` count octets in the parsed text. A fatal mistake makes receivers ignore
/// the record or answer permerror; one that is not is legal but does not do what its author thinks.
struct Mistake {
  std::size_t offset = 0;
  std::size_t length = 0;
  bool fatal = true;
  std::string what;  ///< one clause, no final stop

  bool operator==(Mistake const&) const = default;
};

}  // namespace mailstack::mail
