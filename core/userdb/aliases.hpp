#pragma once
/// \file
/// The file `domains/DOMAIN/aliases`: where mail for a name goes on to.
///
/// Format (chasquid docs/aliases.md): a line is `name: recipient, recipient,`, `name: | command`, a
/// comment (`#` is its first character) or empty. Of two lines with one name the last counts; `*`
/// is the catch-all. Everything that is not one of our lines is kept to the octet.

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/result/result.hpp"

namespace mailstack::userdb {

/// One thing that mail is handed to.
struct Recipient {
  enum class Form {
    mail,     ///< `text` is an address with a domain
    pipe,     ///< `text` is the command with its arguments, cut at spaces; there is no quoting
    forward,  ///< `addr via s1/s2` (chasquid 1.16): `text` is the address
  };
  Form form = Form::mail;
  std::string text;
  std::vector<std::string> via;  ///< servers in order; for forward

  bool operator==(Recipient const&) const = default;
};

/// Parses a right side. Recipients without a domain are of `domain`; empty ones are dropped. A `|`
/// counts only in front of everything: `a, | cmd` mails to `| cmd@domain`, as chasquid does.
/// Addresses are folded: the name as user names are, the domain in lower case. Fails with invalid
/// for a pipe without a command and for `via` without an address or a server.
Result<std::vector<Recipient>> parse_recipients(std::string_view right, std::string_view domain);

/// How it stands in a file: `bob@example.net`, `| cmd arg`, `bob@example.net via mx1/mx2`.
std::string format(Recipient const& recipient);

/// Whether a line can say that mail for `name` goes to each of `recipients`, addresses with a
/// domain: it is read back as that name and these addresses. Fails with invalid, saying what could
/// not be read back.
Result<> check_storable(std::string_view name, std::vector<std::string> const& recipients);

class Aliases {
 public:
  struct Entry {
    std::string name;   ///< folded, as in `name:`; `*` is the catch-all
    std::string right;  ///< without the space around it
    unsigned line = 0;  ///< from 1
  };
  /// A line that chasquid does not take: ignored before 1.16, from then on the whole file is bad.
  struct Problem {
    unsigned line = 0;
    std::string what;
  };

  /// Never fails: what is not an alias is kept as text.
  static Aliases parse(std::string_view text);

  /// The lines that count, in the order of the file: of two with one name only the last.
  [[nodiscard]] std::vector<Entry> entries() const;
  /// The others: a line further down has their name.
  [[nodiscard]] std::vector<Entry> overruled() const;
  [[nodiscard]] std::vector<Problem> problems() const;
  /// The right side that counts for `name` (folded by us); nullptr where there is none.
  [[nodiscard]] std::string const* find(std::string_view name) const;

  /// Puts `name: right` in place of the line that counts, or at the end; other lines of the name
  /// (which never counted) go. A right side that is equal but for spacing is left as it is. Fails
  /// with invalid, and changes nothing, for what chasquid would not read as it was meant: a name
  /// with a space, `:`, `,`, `@` or a first `#`; a line break; a right side that does not parse or
  /// is empty; a line over 60,000 octets.
  Result<> set(std::string_view name, std::vector<std::string> const& recipients);
  /// Removes every line of the name.
  void erase(std::string_view name);

  /// The whole file; equal to what was parsed where nothing was changed.
  [[nodiscard]] std::string format() const;

 private:
  [[nodiscard]] std::vector<Entry> lines_that_count(bool counts) const;

  struct Line {
    std::string text;  ///< without the line break
    std::string name;  ///< empty: not an alias
    std::string right;
    std::string problem;
    bool gone = false;  ///< stays in its place, so that the others keep theirs
  };
  static Line parse_line(std::string_view text);
  void add(Line line);
  void drop(std::size_t index);

  std::vector<Line> lines_;
  /// The lines of a name, in order; the last counts. A file may hold ten thousand.
  std::unordered_map<std::string, std::vector<std::size_t>> by_name_;
  bool final_newline_ = true;
};

}  // namespace mailstack::userdb
