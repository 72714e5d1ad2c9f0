#pragma once
/// \file
/// A manual page in man(7)'s macros, from texts as this program has them: UTF-8, code between
/// backticks. Made so that groff and mandoc print each octet as it was written: no sign of a text
/// is taken for one of roff's.

#include <string>
#include <string_view>

namespace mailstack::cli {

class Page {
 public:
  /// `source` is the program with its version. No date: the page changes only with what it says.
  Page(std::string_view title, int number, std::string_view source, std::string_view manual);

  void section(std::string_view title);
  void subsection(std::string_view title);
  /// Filled anew; a blank line begins another one. What stands between backticks is bold.
  void paragraphs(std::string_view text);
  /// Lines as they stand, indented: without the blanks that all of them begin with.
  void lines(std::string_view text);
  /// An entry of a list; what follows is its text, until the next entry or section.
  void entry(std::string_view tag);
  /// Text of the entry; the second one begins on a line of its own.
  void below(std::string_view text);
  /// Lines as they stand, of the entry.
  void lines_below(std::string_view text);

  [[nodiscard]] std::string text() const { return out_; }

 private:
  void begin(std::string_view request, std::string_view title);
  void next_paragraph();

  std::string out_;
  std::string_view between_;  ///< in front of the next paragraph; nothing after a title
  bool entered_ = false;      ///< the entry has text
};

/// `text` as roff writes it, on one line: what stands between backticks is bold.
std::string roff_words(std::string_view text);
/// The same, and every sign for itself.
std::string roff_literal(std::string_view text);

}  // namespace mailstack::cli
