#include "reconciler/cli/roff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace mailstack::cli {

namespace {

constexpr std::size_t width = 78;

/// The rune at the start of `text`, which is UTF-8 of a source file; takes its octets away.
char32_t take_rune(std::string_view& text) {
  auto const first = static_cast<unsigned char>(text.front());
  std::size_t const length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  char32_t rune = length == 1 ? first : first & (0xFFU >> (length + 1));
  for (auto const c : text.substr(1, length - 1))
    rune = rune << 6U | (static_cast<unsigned char>(c) & 0x3FU);
  text.remove_prefix(std::min(length, text.size()));
  return rune;
}

/// groff_char(7): signs that roff reads as others, or prints as their typographic sisters.
std::string sign(char32_t rune) {
  switch (rune) {
    case U'\\': return "\\e";
    case U'-': return "\\-";
    case U'\'': return "\\(aq";
    case U'`': return "\\(ga";
    case U'^': return "\\(ha";
    case U'~': return "\\(ti";
    case U'"': return "\\(dq";
    default: break;
  }
  if (rune < 0x80) return std::string(1, static_cast<char>(rune));
  return fmt::format("\\[u{:04X}]", static_cast<std::uint32_t>(rune));
}

/// A line that begins with one of these is a request.
std::string shielded(std::string line) {
  if (!line.empty() && (line.front() == '.' || line.front() == '\'')) line.insert(0, "\\&");
  return line;
}

/// Words on lines of their width, in what was made of a text already.
std::string wrapped(std::string const& words) {
  std::string out;
  std::string line;
  std::size_t at = 0;
  while (at < words.size()) {
    auto const end = std::min(words.find(' ', at), words.size());
    auto const word = words.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    if (!line.empty() && line.size() + 1 + word.size() > width) {
      out += shielded(line) + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return line.empty() ? out : out + shielded(line) + "\n";
}

std::vector<std::string_view> split(std::string_view text, std::string_view between) {
  std::vector<std::string_view> parts;
  while (true) {
    auto const end = text.find(between);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + between.size());
  }
}

std::string filled(std::string_view paragraph) {
  std::string text(paragraph);
  std::replace(text.begin(), text.end(), '\n', ' ');
  return wrapped(roff_words(text));
}

/// How many blanks all lines that say something begin with.
std::size_t margin(std::vector<std::string_view> const& lines) {
  auto least = std::string_view::npos;
  for (auto const line : lines) least = std::min(least, line.find_first_not_of(' '));
  return least == std::string_view::npos ? 0 : least;
}

}  // namespace

std::string roff_literal(std::string_view text) {
  std::string out;
  while (!text.empty()) out += sign(take_rune(text));
  return out;
}

std::string roff_words(std::string_view text) {
  std::string out;
  bool bold = false;
  for (auto const part : split(text, "`")) {
    if (bold && !part.empty()) out += "\\fB" + roff_literal(part) + "\\fR";
    if (!bold) out += roff_literal(part);
    bold = !bold;
  }
  return out;
}

Page::Page(std::string_view title, int number, std::string_view source, std::string_view manual) {
  out_ = ".\\\" Made from the program's tables; UPDATE_GOLDEN=1 ./dev test rewrites it.\n";
  out_ += fmt::format(".TH \"{}\" {} \"\" \"{}\" \"{}\"\n", roff_literal(title), number,
                      roff_literal(source), roff_literal(manual));
  // Neither hyphenated nor adjusted: keys and commands are copied from a page. groff's macros
  // ask the register again at each paragraph.
  out_ += ".nr HY 0\n.nh\n.ad l\n";
}

void Page::begin(std::string_view request, std::string_view title) {
  out_.append(request).append(" \"").append(roff_words(title)).append("\"\n");
  between_ = {};
}

void Page::section(std::string_view title) { begin(".SH", title); }

void Page::subsection(std::string_view title) { begin(".SS", title); }

void Page::next_paragraph() {
  out_ += between_;
  between_ = ".PP\n";
}

void Page::paragraphs(std::string_view text) {
  for (auto const paragraph : split(text, "\n\n")) {
    auto const made = filled(paragraph);
    if (made.empty()) continue;
    next_paragraph();
    out_ += made;
  }
}

void Page::lines(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  auto const all = split(text, "\n");
  auto const blanks = margin(all);
  next_paragraph();
  out_ += ".RS 4\n.EX\n";
  for (auto const line : all)
    out_ += shielded(roff_literal(line.substr(std::min(blanks, line.size())))) + "\n";
  out_ += ".EE\n.RE\n";
}

void Page::entry(std::string_view tag) {
  out_ += ".TP\n" + shielded(roff_words(tag)) + "\n";
  entered_ = false;
  between_ = ".PP\n";
}

void Page::below(std::string_view text) {
  auto const made = filled(text);
  if (made.empty()) return;
  if (entered_) out_ += ".br\n";
  out_ += made;
  entered_ = true;
}

void Page::lines_below(std::string_view text) {
  out_ += ".RS\n";
  between_ = {};
  lines(text);
  out_ += ".RE\n";
}

}  // namespace mailstack::cli
