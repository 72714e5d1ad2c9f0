#include "core/mail/address/address_list.hpp"

#include <string>

namespace mailstack::mail {
namespace {

constexpr std::string_view white = " \t\r\n";

tl::unexpected<Error> wrong(std::string what) { return fail(ErrorCode::invalid, std::move(what)); }

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<std::vector<Address>> read() {
    for (;;) {
      if (auto skipped = skip_between(); !skipped) return fail(skipped.error());
      if (at_ == text_.size()) break;
      if (auto element = read_element(); !element) return fail(element.error());
    }
    if (in_group_) return wrong("a group is not closed by `;`");
    return std::move(found_);
  }

 private:
  /// White space and comments, which nest (RFC 5322 3.2.2).
  Result<> skip_between() {
    std::size_t depth = 0;
    for (; at_ < text_.size(); ++at_) {
      char const c = text_[at_];
      if (c == '(') {
        ++depth;
      } else if (depth == 0) {
        if (white.find(c) == white.npos) break;
      } else if (c == ')') {
        --depth;
      } else if (c == '\\') {
        ++at_;
      }
    }
    if (depth > 0 || at_ > text_.size()) return wrong("a comment is not closed by `)`");
    return {};
  }

  /// A mailbox, the name of a group, or what stands between them.
  Result<> read_element() {
    switch (text_[at_]) {
      case ',': ++at_; return {};
      case ';':
        if (!in_group_) return wrong("`;` ends a group that was not begun");
        in_group_ = false;
        ++at_;
        return {};
      default: break;
    }
    auto words = read_words(",;:<");
    if (!words) return fail(words.error());
    if (next() == '<') return read_angle();
    if (next() == ':') {
      if (in_group_) return wrong("a group stands in a group");
      in_group_ = true;
      ++at_;
      return {};
    }
    return add(*words);
  }

  /// What stands before one of `ends`, without white space and comments around dots and `@`; the
  /// end is not taken.
  Result<std::string> read_words(std::string_view ends) {
    std::string words;
    for (;;) {
      auto const before = at_;
      if (auto skipped = skip_between(); !skipped) return fail(skipped.error());
      if (at_ == text_.size() || ends.find(text_[at_]) != ends.npos) return words;
      bool const apart = at_ > before && !words.empty() && words.back() != '.' &&
                         words.back() != '@' && text_[at_] != '.' && text_[at_] != '@';
      if (apart) words += ' ';  // makes it no address, as it should
      if (text_[at_] == '"') {
        if (auto quoted = read_quoted(words); !quoted) return fail(quoted.error());
      } else {
        words += text_[at_++];
      }
    }
  }

  /// Adds a quoted string with its quotes, unfolded.
  Result<> read_quoted(std::string& words) {
    words += text_[at_++];
    for (; at_ < text_.size(); ++at_) {
      char const c = text_[at_];
      if (c == '\r' || c == '\n') continue;
      words += c;
      if (c == '"') {
        ++at_;
        return {};
      }
      if (c == '\\' && ++at_ < text_.size()) words += text_[at_];
    }
    return wrong("a quoted string has no closing quote");
  }

  Result<> read_angle() {
    ++at_;
    auto words = read_words(">:");
    // RFC 5322 4.4: `<@relay.example,@other.example:joe@example.org>`.
    if (words && next() == ':' && words->starts_with('@')) {
      ++at_;
      words = read_words(">");
    }
    if (!words) return fail(words.error());
    if (next() != '>') return wrong("`<` is not closed by `>`");
    ++at_;
    if (auto skipped = skip_between(); !skipped) return skipped;
    if (at_ < text_.size() && text_[at_] != ',' && text_[at_] != ';')
      return wrong("something stands behind `>`");
    return add(*words);
  }

  Result<> add(std::string const& text) {
    auto address = parse_address(text);
    if (!address) return fail(address.error());
    if (auto const name = address->domain.check_host_name(); !name)
      return fail(within(name.error(), "domain"));
    found_.push_back(std::move(*address));
    return {};
  }

  [[nodiscard]] char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::string_view text_;
  std::size_t at_ = 0;
  bool in_group_ = false;
  std::vector<Address> found_;
};

}  // namespace

Result<std::vector<Address>> parse_address_list(std::string_view value) {
  return Reader(value).read();
}

}  // namespace mailstack::mail
