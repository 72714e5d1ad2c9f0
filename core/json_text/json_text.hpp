#pragma once
/// \file
/// JSON without a tree in between: writes an object member by member, reads a text value by value.
///
/// The inventory of a zone of ten thousand records is three megabytes of it, what one apply of it
/// writes into the journal nine, and what PowerDNS lists of it one and a half; trees of
/// nlohmann-json took a third of the time of a plan, its lexer alone a sixth. Strings that are more
/// than printable ASCII still go through that library, so that it alone knows UTF-8 and escapes.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mailstack::json_text {

/// Appends `text` as a JSON string: the shortest escapes, UTF-8 as it is; octets that are not UTF-8
/// become U+FFFD.
void append_string(std::string& out, std::string_view text);

/// An object that grows at the end of `out`. Whoever opens it ends it.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }

  void add(std::string_view name, std::string_view text) {
    key(name);
    append_string(out_, text);
  }
  void add(std::string_view name, std::int64_t number) {
    key(name);
    out_ += std::to_string(number);
  }
  /// The name and the colon; what follows in `out` is the value.
  void key(std::string_view name);
  void end() { out_ += '}'; }

 private:
  std::string& out_;
  bool empty_ = true;
};

/// Reads one JSON text (RFC 8259) from front to end. Each call takes one value; which one comes
/// next, next() says. A text that is no JSON makes it fail for good: every later call gives
/// nothing.
class Reader {
 public:
  enum class Sort { object, array, string, number, boolean, null, nothing };

  /// Levels of objects and arrays that skip() follows; nothing of ours, and no zone, has more.
  static constexpr unsigned deepest = 16;

  explicit Reader(std::string_view text) : rest_(text), size_(text.size()) {}

  /// What comes next; `nothing` at the end and after a failure.
  [[nodiscard]] Sort next();
  [[nodiscard]] bool failed() const { return failed_; }
  /// Octets before the one that made it fail.
  [[nodiscard]] std::size_t failed_at() const { return failed_at_; }
  /// True where it failed because there were more levels than `deepest`.
  [[nodiscard]] bool too_deep() const { return too_deep_; }
  /// True where nothing follows, and nothing failed.
  [[nodiscard]] bool ended();

  /// Steps into an object; then, until it gives nothing, the name of a member, whose value must be
  /// taken before the next name is asked for. Empty names are names.
  void enter_object() { enter('{'); }
  std::optional<std::string> member();
  /// Steps into an array; then, while it is true, one value must be taken.
  void enter_array() { enter('['); }
  bool element();

  /// Each gives nothing, and fails, where another sort stands.
  std::optional<std::string> string();
  std::optional<bool> boolean();
  /// Takes a number, which is nothing where it has a fraction, an exponent, or more than 64 bits.
  std::optional<std::int64_t> integer();
  /// Takes any value.
  void skip() { skip(0); }

 private:
  void skip(unsigned depth);
  void enter(char bracket);
  /// The comma or the closing bracket after a value; false at the bracket.
  bool more(char bracket);
  bool take(std::string_view literal);
  void skip_blanks();
  void fail() {
    if (!failed_) failed_at_ = size_ - rest_.size();
    failed_ = true;
    rest_ = {};
  }

  std::string_view rest_;
  std::size_t size_;
  std::size_t failed_at_ = 0;
  bool too_deep_ = false;
  bool failed_ = false;
  bool fresh_ = false;  ///< just behind an opening bracket
};

}  // namespace mailstack::json_text
