#pragma once
/// \file
/// What is wrong with a file that a person wrote, where, why, and what to do: many at once, never
/// just the first.

#include <string>
#include <string_view>
#include <vector>

#include "core/source/source.hpp"

namespace mailstack::yaml {

enum class Severity { error, warning, information };

/// A stretch of one line in a file. `octets` is the length of the marked text in octets; 0 marks
/// one character.
struct Place {
  Source at;
  unsigned octets = 0;
};

struct Diagnostic {
  Severity severity = Severity::error;
  std::string code;     ///< stable, lower case with hyphens: `spf-too-many-lookups`
  std::string message;  ///< what is wrong, one clause, no final stop
  Place place;
  std::string cause;   ///< why it is wrong (a rule, an RFC clause); may be empty
  std::string remedy;  ///< what to write instead; may be empty
  std::vector<std::pair<Place, std::string>> related;  ///< "first defined here"
};

class Diagnostics {
 public:
  /// Adds an error and returns it for more (cause, remedy).
  Diagnostic& error(std::string code, Place place, std::string message);
  Diagnostic& warning(std::string code, Place place, std::string message);
  Diagnostic& information(std::string code, Place place, std::string message);

  [[nodiscard]] bool failed() const;  ///< at least one error
  [[nodiscard]] std::vector<Diagnostic> const& all() const { return all_; }
  /// By file, line, column.
  void sort();

 private:
  Diagnostic& add(Severity severity, std::string code, Place place, std::string message);
  std::vector<Diagnostic> all_;
};

/// The candidate nearest to `word` (edit distance of at most a third of its length), or empty: "did
/// you mean".
std::string_view nearest(std::string_view word, std::vector<std::string_view> const& candidates);

}  // namespace mailstack::yaml
