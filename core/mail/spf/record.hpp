#pragma once
/// \file
/// An SPF record as text and as terms (RFC 7208 4.5, 4.6, 12). Pure; the look-ups are counted in
/// budget.hpp.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/mail/mistake.hpp"

namespace mailstack::mail::spf {

enum class Qualifier { pass, fail, softfail, neutral };

/// Mechanisms first, then modifiers (RFC 7208 5, 6).
enum class Kind { all, include, a, mx, ptr, ip4, ip6, exists, redirect, exp, unknown_modifier };

/// One mechanism or modifier.
struct Term {
  Kind kind = Kind::all;
  Qualifier qualifier = Qualifier::pass;  ///< of a mechanism
  std::string name;                       ///< of an unknown modifier
  std::string value;  ///< domain-spec as written, or the network of ip4 and ip6 without its length;
                      ///< may be empty
  std::optional<unsigned> ip4_length;  ///< `/24`
  std::optional<unsigned> ip6_length;  ///< `//64`; for ip6 its own `/64`
  std::size_t offset = 0;              ///< of the term in the parsed text, in octets
  std::size_t length = 0;

  /// True for what costs one of the ten look-ups (RFC 7208 4.6.4).
  [[nodiscard]] bool looks_up() const;
};

struct Record {
  std::vector<Term> terms;  ///< in order
};

struct Parsed {
  Record record;  ///< the terms that are right
  std::vector<Mistake>
      mistakes;  ///< one fatal mistake makes the whole record a permerror (RFC 7208 4.6)
};

/// True where receivers take `text` for an SPF record: `v=spf1` alone or before a space, in any
/// case (RFC 7208 4.5).
bool is_record(std::string_view text);

/// Parses the whole record. Beside the grammar these are found: a second redirect or exp (fatal,
/// RFC 7208 6), terms after `all` and a redirect beside `all` (never used, RFC 7208 5.1, 6.1),
/// `ptr` (RFC 7208 5.5: do not use), `+all`, host bits set in a network.
Parsed parse(std::string_view text);

/// The text of one term: `-all`, `a:smtp.example.org/24//64`. The qualifier `+` is not written.
std::string format(Term const& term);
/// `v=spf1` and the terms, one space between.
std::string format(Record const& record);

/// True where the domain-spec holds a macro, so that its name is known only when a mail comes in
/// (RFC 7208 7).
bool has_macro(std::string_view domain_spec);

}  // namespace mailstack::mail::spf
