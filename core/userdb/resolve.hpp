#pragma once
/// \file
/// Where mail for an address ends up: chasquid's alias resolution as a pure function.

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/result/result.hpp"
#include "core/userdb/aliases.hpp"
#include "core/userdb/users.hpp"

namespace mailstack::userdb {

struct LocalDomain {
  Users users;
  Aliases aliases;
};

/// What a daemon knows. Domains in the form of its directories: lower-case U-labels.
struct MailDomains {
  std::map<std::string, LocalDomain, std::less<>> domains;
  std::string suffix_separators = "+";  ///< chasquid.conf; the suffix of `user+tag` goes
  std::string drop_characters = ".";    ///< these do not count in a name
};

/// A name as aliases are looked up: folded, without the characters of `dropped`; what follows the
/// first of `separators` is kept as it is.
std::string dropped_name(std::string_view name, std::string_view separators,
                         std::string_view dropped);
/// A name as mail is handed over: dropped_name() without the suffix. Users with one such name are
/// one mailbox.
std::string clean_name(std::string_view name, std::string_view separators,
                       std::string_view dropped);

/// The aliases and users of MailDomains by the names under which mail asks for them. Made once for
/// as many look-ups as there are; holds no reference to what it was made of.
class NameIndex {
 public:
  struct Alias {
    unsigned line = 0;
    std::vector<Recipient> recipients;
  };

  explicit NameIndex(MailDomains const& mail);

  /// `name` as dropped_name() or clean_name() has it, or `*`; nullptr where there is none.
  [[nodiscard]] Alias const* alias(std::string_view name, std::string_view domain) const;
  /// The user whose clean_name() is `clean`, as it stands in the file; the first of several.
  [[nodiscard]] std::string const* user(std::string_view clean, std::string_view domain) const;

 private:
  std::unordered_map<std::string, Alias> aliases_;      ///< by `name@domain`
  std::unordered_map<std::string, std::string> users_;  ///< by `clean name@domain`
};

/// Which of two comes first where a domain has a catch-all.
enum class Order {
  /// A user is found by the name as it was written, so that with a catch-all `user+tag` of an
  /// existing user goes to the catch-all.
  chasquid,
  /// Every spelling of a user reaches that user. An alias that leads back to itself through a user
  /// of its name hands over to that user: `i: i, bob@example.net` keeps a copy, and is a loop in
  /// chasquid.
  users_first,
};

/// What became of an address.
struct Resolution {
  std::vector<Recipient> recipients;  ///< in order; an address twice stands twice
  /// Every address that mail for this one passes, this one first: whose alias it is.
  std::vector<std::string> passed;
  /// How it came about, one step a line, indented by depth: `team@example.org: alias of line 3`.
  std::vector<std::string> steps;
};

/// Resolves `address` (with a domain). The order of chasquid (internal/aliases): an alias of this
/// name, drop characters removed before the first suffix separator; an alias of the name without
/// suffix and drop characters; a user; the catch-all; else the address itself, which bounces. An
/// address of a foreign domain is a recipient as it is. `order` says how a user is found. Fails
/// with invalid: not an address; a loop, or more than 10 levels (both end in a temporary failure),
/// with the way that leads there; more than 10,000 look-ups.
Result<Resolution> resolve(MailDomains const& mail, std::string_view address);
/// The same with what was made ready: `index` is of `mail`.
Result<Resolution> resolve(MailDomains const& mail, NameIndex const& index,
                           std::string_view address, Order order);

}  // namespace mailstack::userdb
