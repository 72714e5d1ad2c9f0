#include "core/dns/name.hpp"

#include <algorithm>
#include <array>

#include "core/dns/idn.hpp"
#include "core/dns/words.hpp"

namespace mailstack::dns {
namespace {

constexpr std::size_t label_limit = 63;  // RFC 1035 2.3.4
constexpr std::size_t name_limit = 255;

auto refuse(std::string_view name, std::string_view why) {
  return fail(ErrorCode::invalid, "`" + std::string(name) + "`: " + std::string(why));
}

/// Lower-case letter, digit, `-`, `_`, `*`: what stands for itself without a second look.
constexpr bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '*';
}

/// True where `text` is an absolute name in the one form already, as most names that we read are:
/// they come from what we wrote, or from a server's list.
bool canonical(std::string_view text) {
  static constexpr auto stands_for_itself = [] {
    std::array<bool, 256> all{};
    for (int c = 0; c < 128; ++c) all[static_cast<std::size_t>(c)] = plain(static_cast<char>(c));
    return all;
  }();
  // On the wire there is one octet more: the length of the first label.
  if (text.empty() || text.size() >= name_limit) return false;
  std::size_t label = 0;
  for (char const c : text) {
    if (c != '.') {
      if (!stands_for_itself[static_cast<unsigned char>(c)]) return false;
      ++label;
      continue;
    }
    if (label == 0 || label > label_limit) return false;
    label = 0;
  }
  return label == 0;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Position of the dot that ends the label at `from`; npos without one. Escaped dots do not count.
std::size_t label_end(std::string_view text, std::size_t from) {
  for (std::size_t i = from; i < text.size(); ++i) {
    if (text[i] == '.') return i;
    if (text[i] == '\\') ++i;
  }
  return std::string_view::npos;
}

void append_label_octet(std::string& out, char c) {
  c = lower(c);
  auto const octet = static_cast<unsigned char>(c);
  if (c == '.' || c == '\\') {
    out += '\\';
    out += c;
  } else if (octet <= 0x20 || octet >= 0x7f || std::string_view("\"();@$/").find(c) < 7) {
    // The punctuation means something in a zone file, or in an address of a resource (`/`).
    append_decimal_escape(out, octet);
  } else {
    out += c;
  }
}

/// Octets on the wire of a canonical name, without the root label.
std::size_t wire_length(std::string_view text) {
  std::size_t octets = 0;
  for (std::size_t i = 0; i < text.size(); ++i, ++octets)
    if (text[i] == '\\') i += text[i + 1] >= '0' && text[i + 1] <= '9' ? 3 : 1;
  return octets;
}

/// One label in canonical form, with its length on the wire.
struct Label {
  std::string text;
  std::size_t octets = 0;
};

Result<Label> escaped_label(std::string_view label) {
  auto const octets = unescape(label);
  if (!octets) return fail(octets.error());
  Label out;
  out.octets = octets->size();
  for (char const c : *octets) append_label_octet(out.text, c);
  return out;
}

/// A label that is not plain: with escapes, with punctuation, or a U-label.
Result<Label> unusual_label(std::string_view label) {
  bool const wide = std::any_of(label.begin(), label.end(), [](char c) { return (c & 0x80) != 0; });
  bool const escapes = label.find('\\') != std::string_view::npos;
  if (wide && escapes)
    return fail(ErrorCode::invalid, "escapes and letters outside ASCII in one label");
  if (wide) {
    auto ascii = idn_to_ascii(label);
    if (!ascii) return fail(ascii.error());
    std::size_t const length = ascii->size();
    return Label{*std::move(ascii), length};
  }
  for (std::size_t i = 0; i < label.size(); ++i) {
    auto const octet = static_cast<unsigned char>(label[i]);
    if (label[i] == '\\')
      ++i;
    else if (octet <= 0x20 || octet == 0x7f || std::string_view("\"();@").find(label[i]) < 5)
      return fail(
          ErrorCode::invalid,
          "a blank, quote, parenthesis, `;`, `@` or control character (\\DDD if it is meant)");
  }
  return escaped_label(label);
}

/// Adds the label of `text` that starts at `from`, and returns where it ends there. `octets` is its
/// length on the wire.
Result<std::size_t> append_label(std::string& out, std::string_view text, std::size_t from,
                                 std::size_t& octets) {
  std::size_t const start = out.size();
  std::size_t end = from;
  for (; end < text.size() && plain(lower(text[end])); ++end) out += lower(text[end]);
  octets = end - from;
  if (end < text.size() && text[end] != '.') {
    end = std::min(label_end(text, from), text.size());
    auto label = unusual_label(text.substr(from, end - from));
    if (!label) return fail(label.error());
    out.replace(start, std::string::npos, label->text);
    octets = label->octets;
  }
  if (octets == 0) return fail(ErrorCode::invalid, "an empty label (two dots, or a dot in front)");
  if (octets > label_limit)
    return fail(ErrorCode::invalid,
                "a label of " + std::to_string(octets) + " octets; the limit is 63");
  return end;
}

}  // namespace

Result<Name> Name::parse(std::string_view text) {
  if (text == "@") return refuse(text, "means the zone itself; here a full name is needed");
  return parse(text, Name{});
}

Result<Name> Name::parse(std::string_view text, Name const& origin) {
  if (text.empty()) return fail(ErrorCode::invalid, "a name is empty");
  if (text == "@") return origin;
  Name name;
  if (text == ".") return name;
  if (canonical(text)) {
    name.text_ = text;
    return name;
  }
  std::string& out = name.text_;
  out.clear();
  out.reserve(text.size() + 1 + origin.text_.size());
  std::size_t wire = 1;  // the root label
  std::size_t from = 0;
  while (from < text.size()) {
    std::size_t octets = 0;
    auto const end = append_label(out, text, from, octets);
    if (!end) return refuse(text, end.error().what);
    wire += octets + 1;
    out += '.';
    from = *end + 1;
  }
  // Behind a final dot, `from` is the end; without one it is past it.
  if (from > text.size() && origin.text_ != ".") {
    out += origin.text_;
    wire += wire_length(origin.text_);
  }
  if (wire > name_limit)
    return refuse(text, "a name of " + std::to_string(wire) + " octets; the limit is 255");
  return name;
}

std::string Name::display() const {
  return text_ == "." ? text_ : text_.substr(0, text_.size() - 1);
}

bool Name::within(Name const& zone) const {
  if (zone.text_ == "." || text_ == zone.text_) return true;
  if (text_.size() <= zone.text_.size() || !text_.ends_with(zone.text_)) return false;
  // The dot in front must end a label: an odd number of backslashes before it would make it part of
  // one.
  std::size_t const dot = text_.size() - zone.text_.size() - 1;
  if (text_[dot] != '.') return false;
  std::size_t backslashes = 0;
  while (backslashes < dot && text_[dot - 1 - backslashes] == '\\') ++backslashes;
  return backslashes % 2 == 0;
}

std::string Name::relative_to(Name const& zone) const {
  if (text_ == zone.text_) return "@";
  if (!within(zone)) return text_;
  if (zone.text_ == ".") return display();
  return text_.substr(0, text_.size() - zone.text_.size() - 1);
}

Result<> Name::check_a_labels() const {
  for (std::size_t at = 0; at < text_.size(); at = label_end(text_, at) + 1) {
    auto const label = text_.substr(at, label_end(text_, at) - at);
    if (label.starts_with("xn--"))
      if (auto known = check_a_label(label); !known) return known;
  }
  return {};
}

Result<> Name::check_labels() const {
  std::string_view last;
  for (std::size_t at = 0; at < text_.size(); at = label_end(text_, at) + 1) {
    last = std::string_view(text_).substr(at, label_end(text_, at) - at);
    if (last.starts_with('-') || last.ends_with('-'))
      return fail(ErrorCode::invalid,
                  "the label '" + std::string(last) + "' starts or ends with a hyphen");
  }
  if (!last.empty() && last.find_first_not_of("0123456789") == last.npos)
    return fail(ErrorCode::invalid,
                "its last label '" + std::string(last) + "' is a number, as in an address");
  return {};
}

Result<> Name::check_host_name() const {
  std::string_view const legal = "abcdefghijklmnopqrstuvwxyz0123456789-.";
  if (auto const bad = text_.find_first_not_of(legal); bad != text_.npos)
    return fail(ErrorCode::invalid, "'" + text_.substr(bad, 1) +
                                        "' stands in it; only letters, digits and hyphens may");
  if (auto known = check_a_labels(); !known) return known;
  return check_labels();
}

Name Name::parent() const {
  Name above;
  std::size_t const end = label_end(text_, 0);
  if (end + 1 < text_.size()) above.text_ = text_.substr(end + 1);
  return above;
}

std::size_t Name::label_count() const {
  if (text_ == ".") return 0;
  std::size_t count = 0;
  for (std::size_t at = 0; at < text_.size(); at = label_end(text_, at) + 1) ++count;
  return count;
}

}  // namespace mailstack::dns
