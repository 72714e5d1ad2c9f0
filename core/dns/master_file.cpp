#include "core/dns/master_file.hpp"

#include <algorithm>
#include <utility>

#include "core/clock/clock.hpp"
#include "core/dns/words.hpp"
#include "core/text/ascii.hpp"

namespace mailstack::dns {
namespace {

constexpr std::size_t problem_limit = 1000;
// An unclosed parenthesis swallows the rest of the text; it is read again from the next line, which
// would be quadratic if it could happen at every line.
constexpr unsigned unclosed_limit = 10;

struct Token {
  std::size_t at = 0;  ///< of the first octet, an opening quote included
  std::size_t length = 0;
  unsigned line = 0;
  unsigned column = 0;
};

/// The words of one entry: a line, or several joined by parentheses.
struct Entry {
  std::vector<Token> tokens;
  std::size_t begin = 0;
  std::size_t end = 0;
  bool leading_blank = false;
  bool parentheses = false;
  bool broken = false;  ///< a problem was reported; no record can be made of it
};

bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v'; }

/// A TTL: a number, or BIND's units (`1h30m`). RFC 2181 8: at most 2^31-1.
std::optional<std::uint32_t> parse_ttl(std::string_view text) {
  constexpr std::uint32_t limit = 2147483647;
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  if (auto const number = parse_number(text, limit)) return number;
  auto const span = parse_duration(ascii::lower(text));
  if (!span || span->count() > limit) return std::nullopt;
  return static_cast<std::uint32_t>(span->count());
}

/// Cuts the text into entries.
class Scanner {
 public:
  Scanner(std::string_view text, std::vector<MasterProblem>& problems)
      : text_(text), problems_(problems) {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = line_start_ = 3;  // a byte order mark
  }

  /// The next entry, blank lines and comments included; false at the end.
  bool next(Entry& entry) {
    if (at_ >= text_.size()) return false;
    entry.tokens.clear();
    entry.begin = at_;
    entry.leading_blank = blank(text_[at_]);
    entry.parentheses = entry.broken = false;
    depth_ = 0;
    while (at_ < text_.size() && step(entry)) {
    }
    if (depth_ > 0) recover(entry);
    entry.end = at_;
    return true;
  }

  [[nodiscard]] std::string_view text(Token const& token) const {
    return text_.substr(token.at, token.length);
  }

 private:
  /// Reads one character, word or comment. False behind the line end that closes the entry.
  bool step(Entry& entry) {
    char const c = text_[at_];
    if (c == '\n') {
      ++at_;
      ++line_;
      line_start_ = at_;
      return depth_ > 0;
    }
    if (blank(c)) {
      ++at_;
    } else if (c == ';') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (c == '(') {
      if (depth_++ == 0) opened_ = here(1);
      entry.parentheses = true;
      ++at_;
    } else if (c == ')') {
      if (depth_ == 0) report(entry, here(1), "a `)` without its `(`");
      if (depth_ > 0) --depth_;
      ++at_;
    } else {
      word(entry);
    }
    return true;
  }

  void word(Entry& entry) {
    Token token = here(0);
    bool const quoted = text_[at_] == '"';
    bool inside = false;
    while (at_ < text_.size() && text_[at_] != '\n') {
      char const c = text_[at_];
      if (!inside && at_ > token.at && (blank(c) || c == ';' || c == '(' || c == ')')) break;
      if (c == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n')
        ++at_;
      else if (c == '"')
        inside = !inside;
      ++at_;
      if (quoted && !inside) break;
    }
    token.length = at_ - token.at;
    if (inside) {
      while (token.length > 1 && blank(text_[token.at + token.length - 1])) --token.length;
      report(entry, token, "a double quote is not closed on this line");
      // What follows was meant to be inside: nothing of it is read.
      depth_ = 0;
    }
    entry.tokens.push_back(token);
  }

  [[nodiscard]] Token here(std::size_t length) const {
    return {at_, length, line_, static_cast<unsigned>(at_ - line_start_ + 1)};
  }

  void report(Entry& entry, Token const& token, std::string message) {
    entry.broken = true;
    problems_.push_back(
        {token.line, token.column, static_cast<unsigned>(token.length), std::move(message)});
  }

  /// The text ended inside parentheses: goes on behind the line in which they opened.
  void recover(Entry& entry) {
    report(entry, opened_, "a `(` that is never closed");
    if (++unclosed_ >= unclosed_limit) return;
    at_ = std::min(text_.find('\n', opened_.at), text_.size() - 1) + 1;
    line_ = opened_.line + 1;
    line_start_ = at_;
  }

  std::string_view text_;
  std::vector<MasterProblem>& problems_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  unsigned line_ = 1;
  unsigned depth_ = 0;
  unsigned unclosed_ = 0;
  Token opened_;
};

/// Makes records of entries.
class Reader {
 public:
  Reader(std::string_view text, MasterOptions const& options)
      : options_(options), scanner_(text, file_.problems) {
    file_.origins.push_back(options.origin);
  }

  MasterFile read() {
    while (file_.problems.size() < problem_limit && scanner_.next(entry_)) {
      if (entry_.tokens.empty()) continue;
      bool const directive = !entry_.leading_blank && word(0).starts_with('$');
      if (directive && !entry_.broken) read_directive();
      if (!directive) read_record();
    }
    return std::move(file_);
  }

 private:
  [[nodiscard]] std::string_view word(std::size_t i) const {
    return scanner_.text(entry_.tokens[i]);
  }

  void report(std::size_t first, std::size_t last, std::string message) {
    Token const& from = entry_.tokens[first];
    file_.problems.push_back({from.line, from.column, reach(first, last), std::move(message)});
  }

  /// Octets from word `first` to the end of word `last`, or of the last word on the same line.
  [[nodiscard]] unsigned reach(std::size_t first, std::size_t last) const {
    Token const& from = entry_.tokens[first];
    while (last > first && entry_.tokens[last].line != from.line) --last;
    Token const& to = entry_.tokens[last];
    return static_cast<unsigned>(to.at + to.length - from.at);
  }

  [[nodiscard]] MasterSpan span(std::size_t first, std::size_t last) const {
    Token const& from = entry_.tokens[first];
    Token const& to = entry_.tokens[last];
    return {from.at, to.at + to.length - from.at};
  }

  Name const& origin() const { return file_.origins.back(); }

  void read_directive() {
    std::string const name = ascii::lower(word(0));
    std::size_t const last = entry_.tokens.size() - 1;
    if (name != "$origin" && name != "$ttl") {
      report(0, 0,
             name == "$include" || name == "$generate"
                 ? "`" + name + "` is not supported: write the records out"
                 : "`" + name + "` is no directive; known are $ORIGIN and $TTL");
      return;
    }
    if (last != 1) {
      report(0, last, name + " takes exactly one word");
      return;
    }
    if (name == "$ttl") {
      auto const ttl = parse_ttl(word(1));
      if (ttl)
        directive_ttl_ = ttl;
      else
        report(1, 1, "`" + std::string(word(1)) + "` is no TTL");
      return;
    }
    auto parsed = Name::parse(word(1), origin());
    if (parsed)
      file_.origins.push_back(*std::move(parsed));
    else
      report(1, 1, parsed.error().what);
  }

  /// Takes the owner; false where none is known (which is reported once, at the line that spoiled
  /// it).
  bool read_owner(MasterRecord& record) {
    record.owner_given = !entry_.leading_blank;
    if (record.owner_given) {
      auto parsed = Name::parse(word(0), origin());
      owner_ = parsed ? std::optional(*parsed) : std::nullopt;
      owner_spoiled_ = !parsed;
      if (!parsed) report(0, 0, parsed.error().what);
    } else if (!owner_ && !owner_spoiled_) {
      report(0, 0,
             "a line that starts with a blank takes the name of the line above, and there is none");
    }
    if (owner_) record.name = *owner_;
    return owner_.has_value();
  }

  /// Reads TTL and class in either order from word `next` on; false after a problem.
  bool read_ttl_and_class(MasterRecord& record, std::size_t& next) {
    bool class_given = false;
    for (; next < entry_.tokens.size(); ++next) {
      if (auto const ttl = parse_ttl(word(next)); ttl && record.ttl_word.length == 0) {
        record.ttl = *ttl;
        record.ttl_word = span(next, next);
        continue;
      }
      std::string const class_name =
          ascii::lower(word(next).substr(0, 3));  // two letters and no more
      bool const is_class = class_name == "in" || class_name == "ch" || class_name == "hs";
      if (!is_class || class_given) return true;
      class_given = true;
      if (record.class_or_type.length == 0) record.class_or_type = span(next, next);
      if (class_name == "in") continue;
      report(next, next, "only the class IN is known");
      return false;
    }
    return true;
  }

  void choose_ttl(MasterRecord& record) {
    if (record.ttl_word.length > 0) {
      record.ttl_source = TtlSource::record;
      earlier_ttl_ = record.ttl;
    } else if (directive_ttl_) {
      record.ttl_source = TtlSource::directive;
      record.ttl = *directive_ttl_;
    } else if (earlier_ttl_) {
      record.ttl_source = TtlSource::earlier_record;
      record.ttl = *earlier_ttl_;
    } else {
      record.ttl = options_.ttl;
    }
  }

  void read_record() {
    MasterRecord record;
    bool const owned = read_owner(record);
    if (entry_.broken) return;
    std::size_t next = record.owner_given ? 1 : 0;
    if (!read_ttl_and_class(record, next)) return;
    choose_ttl(record);
    std::size_t const last = entry_.tokens.size() - 1;
    if (next > last) {
      report(0, last, "a record type is missing");
      return;
    }
    auto const type = Type::parse(word(next));
    if (!type) {
      report(next, next,
             type.error().what +
                 (record.owner_given ? "" : "; a name must start in the first column"));
      return;
    }
    record.type = *type;
    if (record.class_or_type.length == 0) record.class_or_type = span(next, next);
    if (!read_data(record, next + 1) || !owned) return;
    record.parentheses = entry_.parentheses;
    record.line = entry_.tokens[0].line;
    record.column = entry_.tokens[0].column;
    record.length = reach(0, last);
    record.entry = {entry_.begin, entry_.end - entry_.begin};
    record.origin = file_.origins.size() - 1;
    file_.records.push_back(std::move(record));
  }

  /// Puts the words from `first` on together and makes them canonical; false after a problem.
  bool read_data(MasterRecord& record, std::size_t first) {
    std::size_t const last = entry_.tokens.size() - 1;
    if (first > last) {
      report(first - 1, last, "the data of the " + record.type.text() + " record are missing");
      return false;
    }
    data_.clear();
    bool const quote = options_.bare_txt && record.type == type::txt;
    for (std::size_t i = first; i <= last; ++i) {
      bool const bare = !word(i).starts_with('"');
      if (bare && record.type == type::txt && !quote && word(first) != "\\#") {
        report(i, last,
               "a TXT string must stand in double quotes: \"" + std::string(word(i)) + "\"");
        return false;
      }
      if (i > first) data_ += ' ';
      if (bare && quote && word(first) != "\\#")
        data_ += '"' + std::string(word(i)) + '"';
      else
        data_ += word(i);
    }
    auto value = canonical_rdata(record.type, data_, origin());
    if (!value) {
      report(first, last, value.error().what);
      return false;
    }
    record.value = *std::move(value);
    record.rdata = span(first, last);
    if (record.type == type::soa && file_.serial.length == 0 && first + 2 <= last)
      file_.serial = span(first + 2, first + 2);
    return true;
  }

  MasterOptions const& options_;
  MasterFile file_;
  Scanner scanner_;
  Entry entry_;
  std::string data_;
  std::optional<Name> owner_;
  bool owner_spoiled_ = false;
  std::optional<std::uint32_t> directive_ttl_;
  std::optional<std::uint32_t> earlier_ttl_;
};

}  // namespace

MasterFile parse_master(std::string_view text, MasterOptions const& options) {
  return Reader(text, options).read();
}

}  // namespace mailstack::dns
