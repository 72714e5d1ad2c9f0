#include "core/mail/spf/record.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace mailstack::mail::spf {
namespace {

constexpr std::string_view version = "v=spf1";

constexpr std::array<std::pair<std::string_view, Kind>, 8> mechanisms{{
    {"all", Kind::all},
    {"include", Kind::include},
    {"a", Kind::a},
    {"mx", Kind::mx},
    {"ptr", Kind::ptr},
    {"ip4", Kind::ip4},
    {"ip6", Kind::ip6},
    {"exists", Kind::exists},
}};

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }
bool alphabetic(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool alphanumeric(char c) { return alphabetic(c) || digit(c); }

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

/// RFC 7208 7.1: the rest of a macro-expand whose "%{" ends before `at`. Leaves `at` on its "}".
/// Returns what is wrong, or empty.
std::string expand_fault(std::string_view text, std::size_t& at, bool explanation) {
  if (at == text.size()) return "holds a macro without its }";
  std::string_view const letters = explanation ? "slodiphcrtv" : "slodiphv";
  if (letters.find(lower(text[at])) == letters.npos)
    return "holds the macro letter '" + std::string(1, text[at]) + "', which is not one of " +
           std::string(letters);
  std::size_t const digits = ++at;
  while (at < text.size() && digit(text[at])) ++at;
  // RFC 7208 7.1: digits, where present, are not zero.
  auto const number = text.substr(digits, at - digits);
  if (!number.empty() && number.find_first_not_of('0') == number.npos)
    return "keeps zero labels in a macro";
  if (at < text.size() && lower(text[at]) == 'r') ++at;
  at = std::min(text.find_first_not_of(".-+,/_=", at), text.size());
  if (at == text.size() || text[at] != '}') return "holds a macro without its }";
  return {};
}

/// RFC 7208 7.1: macro-string. Returns what is wrong, or empty.
std::string macro_fault(std::string_view text, bool explanation) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto const octet = static_cast<unsigned char>(text[i]);
    if (octet < 0x21 || octet > 0x7e) return "holds a character that SPF does not allow";
    if (text[i] != '%') continue;
    if (++i == text.size()) return "ends in a single %; a literal one is %%";
    if (text[i] == '%' || text[i] == '_' || text[i] == '-') continue;
    if (text[i] != '{') return "holds a % that starts no macro; a literal one is %%";
    if (auto fault = expand_fault(text, ++i, explanation); !fault.empty()) return fault;
  }
  return {};
}

/// RFC 7208 7.1: domain-end = ( "." toplabel [ "." ] ) / macro-expand.
std::string domain_fault(std::string_view text) {
  if (text.empty()) return "has no domain after the colon";
  if (auto fault = macro_fault(text, false); !fault.empty()) return fault;
  if (text.size() > 253 && !has_macro(text)) return "names a domain longer than 253 octets";
  if (text.back() == '}') return {};
  std::string_view body = text;
  if (body.ends_with('.')) body.remove_suffix(1);
  auto const dot = body.rfind('.');
  if (dot == body.npos) return "names '" + std::string(text) + "', which has one label only";
  std::string_view const top = body.substr(dot + 1);
  bool const letters = std::any_of(top.begin(), top.end(), [](char c) { return !digit(c); });
  bool const legal =
      !top.empty() && letters && top.front() != '-' && top.back() != '-' &&
      std::all_of(top.begin(), top.end(), [](char c) { return alphanumeric(c) || c == '-'; });
  if (!legal) return "names '" + std::string(text) + "', whose last label is no top-level domain";
  std::size_t start = 0;
  while (start <= body.size() && !has_macro(body)) {
    auto const end = std::min(body.find('.', start), body.size());
    if (end == start) return "names '" + std::string(text) + "', which has an empty label";
    if (end - start > 63)
      return "names '" + std::string(text) + "', which has a label longer than 63 octets";
    start = end + 1;
  }
  return {};
}

/// A prefix length without leading zeros and at most `limit` (RFC 7208 5.6, 12).
std::optional<unsigned> prefix_length(std::string_view text, unsigned limit) {
  if (text.empty() || text.size() > 3 || !std::all_of(text.begin(), text.end(), digit)) return {};
  if (text.size() > 1 && text.front() == '0') return {};
  unsigned value = 0;
  for (char const c : text) value = value * 10 + static_cast<unsigned>(c - '0');
  if (value > limit) return {};
  return value;
}

bool host_bits(unsigned char const* address, std::size_t octets, unsigned length) {
  for (std::size_t bit = length; bit < octets * 8; ++bit)
    if ((address[bit / 8] >> (7 - bit % 8)) & 1) return true;
  return false;
}

/// Reads one record from left to right and collects what is wrong.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Parsed read() {
    if (!is_record(text_)) {
      mistake(0, std::min<std::size_t>(text_.size(), version.size()), true,
              "an SPF record begins with 'v=spf1' and a space");
      return std::move(out_);
    }
    std::size_t at = version.size();
    while (at < text_.size()) {
      if (text_[at] == ' ') {
        ++at;
        continue;
      }
      auto const end = std::min(text_.find(' ', at), text_.size());
      term(at, text_.substr(at, end - at));
      at = end;
    }
    unreachable_terms();
    return std::move(out_);
  }

 private:
  void mistake(std::size_t offset, std::size_t length, bool fatal, std::string what) {
    out_.mistakes.push_back({offset, length, fatal, std::move(what)});
  }
  void wrong(std::size_t offset, std::string_view word, std::string const& what) {
    mistake(offset, word.size(), true, "'" + std::string(word) + "' " + what);
  }
  void keep(Term term, std::size_t offset, std::string_view word) {
    term.offset = offset;
    term.length = word.size();
    out_.record.terms.push_back(std::move(term));
  }

  void term(std::size_t offset, std::string_view word) {
    std::size_t name_end = 0;
    while (name_end < word.size() && (alphanumeric(word[name_end]) || word[name_end] == '-' ||
                                      word[name_end] == '_' || word[name_end] == '.'))
      ++name_end;
    // A '=' before any ':' or '/' makes it a modifier (RFC 7208 12).
    if (name_end > 0 && name_end < word.size() && word[name_end] == '=' && alphabetic(word[0]))
      modifier(offset, word, name_end);
    else
      mechanism(offset, word);
  }

  void modifier(std::size_t offset, std::string_view word, std::size_t equals) {
    Term term;
    term.value = std::string(word.substr(equals + 1));
    std::string_view const name = word.substr(0, equals);
    term.kind = same_word(name, "redirect") ? Kind::redirect
                : same_word(name, "exp")    ? Kind::exp
                                            : Kind::unknown_modifier;
    if (term.kind == Kind::unknown_modifier) {
      term.name = std::string(name);
      if (auto fault = macro_fault(term.value, false); !fault.empty())
        return wrong(offset, word, fault);
      mistake(offset, word.size(), false,
              "'" + term.name + "' is no modifier that receivers know; they ignore it");
      return keep(std::move(term), offset, word);
    }
    if (auto fault = domain_fault(term.value); !fault.empty()) return wrong(offset, word, fault);
    bool const second = std::any_of(out_.record.terms.begin(), out_.record.terms.end(),
                                    [&](Term const& other) { return other.kind == term.kind; });
    if (second) return wrong(offset, word, "is the second modifier of its name");
    keep(std::move(term), offset, word);
  }

  void mechanism(std::size_t offset, std::string_view word) {
    Term term;
    std::string_view rest = word;
    if (auto const sign = std::string_view("+-~?").find(rest.front()); sign != rest.npos) {
      term.qualifier = std::array{Qualifier::pass, Qualifier::fail, Qualifier::softfail,
                                  Qualifier::neutral}[sign];
      rest.remove_prefix(1);
    }
    auto const end = std::min(rest.find_first_of(":/"), rest.size());
    std::string_view const name = rest.substr(0, end);
    auto const* const found =
        std::find_if(mechanisms.begin(), mechanisms.end(),
                     [&](auto const& entry) { return same_word(name, entry.first); });
    if (found == mechanisms.end())
      return wrong(offset, word,
                   "is no mechanism of SPF (all, include, a, mx, ptr, ip4, ip6, exists)");
    term.kind = found->second;
    std::string const fault = argument(term, rest.substr(end));
    if (!fault.empty()) return wrong(offset, word, fault);
    if (term.kind == Kind::ptr)
      mistake(
          offset, word.size(), false,
          "'" + std::string(word) + "' is slow and unreliable; RFC 7208 5.5 says not to use it");
    if (term.kind == Kind::all && term.qualifier == Qualifier::pass)
      mistake(offset, word.size(), false,
              "'" + std::string(word) + "' lets every host of the world send for this domain");
    if (network_has_host_bits(term))
      mistake(offset, word.size(), false,
              "'" + std::string(word) + "' has bits set behind its prefix length");
    keep(std::move(term), offset, word);
  }

  /// What follows the mechanism's name: `:domain`, `/24`, `//64`. Returns what is wrong, or empty.
  static std::string argument(Term& term, std::string_view text) {
    switch (term.kind) {
      case Kind::all: return text.empty() ? "" : "takes no argument";
      case Kind::ip4:
      case Kind::ip6: return network(term, text);
      case Kind::include:
      case Kind::exists:
        if (!text.starts_with(':')) return "needs a domain after a colon";
        term.value = std::string(text.substr(1));
        return domain_fault(term.value);
      case Kind::ptr:
        if (text.empty()) return {};
        if (!text.starts_with(':')) return "takes no prefix length";
        term.value = std::string(text.substr(1));
        return domain_fault(term.value);
      default: return host(term, text);
    }
  }

  static std::string host(Term& term, std::string_view text) {
    if (auto fault = take_lengths(term, text); !fault.empty()) return fault;
    if (text.empty()) return {};
    term.value = std::string(text.substr(1));
    return domain_fault(term.value);
  }

  /// Cuts `/24`, `//64` or `/24//64` off the end of `text`. A domain may hold a slash inside a
  /// macro, so only what looks like a length at the very end counts.
  static std::string take_lengths(Term& term, std::string_view& text) {
    if (auto const at = text.rfind("//"); at != text.npos && text.find('}', at) == text.npos) {
      term.ip6_length = prefix_length(text.substr(at + 2), 128);
      if (!term.ip6_length) return "has an IPv6 prefix length that is not a number from 0 to 128";
      text = text.substr(0, at);
    }
    if (auto const at = text.rfind('/'); at != text.npos && text.find('}', at) == text.npos) {
      term.ip4_length = prefix_length(text.substr(at + 1), 32);
      if (!term.ip4_length) return "has an IPv4 prefix length that is not a number from 0 to 32";
      text = text.substr(0, at);
    }
    return {};
  }

  static std::string network(Term& term, std::string_view text) {
    bool const four = term.kind == Kind::ip4;
    if (!text.starts_with(':'))
      return four ? "needs an IPv4 network after a colon" : "needs an IPv6 network after a colon";
    text.remove_prefix(1);
    auto const slash = std::min(text.find('/'), text.size());
    term.value = std::string(text.substr(0, slash));
    std::array<unsigned char, 16> octets{};
    if (inet_pton(four ? AF_INET : AF_INET6, term.value.c_str(), octets.data()) != 1)
      return four ? "holds no IPv4 address" : "holds no IPv6 address";
    if (slash == text.size()) return {};
    auto const length = prefix_length(text.substr(slash + 1), four ? 32 : 128);
    if (!length)
      return four ? "has a prefix length that is not a number from 0 to 32"
                  : "has a prefix length that is not a number from 0 to 128";
    (four ? term.ip4_length : term.ip6_length) = length;
    return {};
  }

  static bool network_has_host_bits(Term const& term) {
    if (term.kind != Kind::ip4 && term.kind != Kind::ip6) return false;
    bool const four = term.kind == Kind::ip4;
    auto const length = four ? term.ip4_length : term.ip6_length;
    std::array<unsigned char, 16> octets{};
    inet_pton(four ? AF_INET : AF_INET6, term.value.c_str(), octets.data());
    return length && host_bits(octets.data(), four ? 4 : 16, *length);
  }

  /// RFC 7208 5.1: mechanisms after `all` are ignored; 6.1: so is redirect where `all` stands
  /// anywhere.
  void unreachable_terms() {
    auto const& terms = out_.record.terms;
    auto const all = std::find_if(terms.begin(), terms.end(),
                                  [](Term const& term) { return term.kind == Kind::all; });
    if (all == terms.end()) return;
    for (auto term = terms.begin(); term != terms.end(); ++term) {
      bool const late = term > all && term->kind < Kind::redirect;
      if (!late && term->kind != Kind::redirect) continue;
      mistake(term->offset, term->length, false,
              "'" + format(*term) + "' is never reached: '" + format(*all) + "' matches before it");
    }
  }

  std::string_view text_;
  Parsed out_;
};

}  // namespace

bool Term::looks_up() const {
  switch (kind) {
    case Kind::include:
    case Kind::a:
    case Kind::mx:
    case Kind::ptr:
    case Kind::exists:
    case Kind::redirect: return true;
    default: return false;
  }
}

bool is_record(std::string_view text) {
  if (text.size() < version.size() || !same_word(text.substr(0, version.size()), version))
    return false;
  return text.size() == version.size() || text[version.size()] == ' ';
}

Parsed parse(std::string_view text) { return Reader(text).read(); }

std::string format(Term const& term) {
  if (term.kind == Kind::redirect) return "redirect=" + term.value;
  if (term.kind == Kind::exp) return "exp=" + term.value;
  if (term.kind == Kind::unknown_modifier) return term.name + "=" + term.value;
  static constexpr std::array<std::string_view, 4> signs{"", "-", "~", "?"};
  std::string text(signs[static_cast<std::size_t>(term.qualifier)]);
  text += mechanisms[static_cast<std::size_t>(term.kind)].first;
  if (!term.value.empty()) text += ":" + term.value;
  if (term.ip4_length) text += "/" + std::to_string(*term.ip4_length);
  if (term.ip6_length)
    text += (term.kind == Kind::ip6 ? "/" : "//") + std::to_string(*term.ip6_length);
  return text;
}

std::string format(Record const& record) {
  std::string text(version);
  for (auto const& term : record.terms) text += " " + format(term);
  return text;
}

bool has_macro(std::string_view domain_spec) { return domain_spec.find('%') != domain_spec.npos; }

}  // namespace mailstack::mail::spf
