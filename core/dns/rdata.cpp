#include "core/dns/rdata.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/clock/clock.hpp"
#include "core/dns/words.hpp"

namespace mailstack::dns {
namespace {

using enum FieldForm;

constexpr std::size_t rdata_limit = 65535;  // RFC 1035 3.2.1: RDLENGTH has 16 bits
constexpr std::size_t string_limit = 255;   // RFC 1035 3.3

constexpr std::array a_fields{Field{ipv4, "address"}};
constexpr std::array aaaa_fields{Field{ipv6, "address"}};
constexpr std::array target_fields{Field{name, "target"}};
constexpr std::array mx_fields{Field{u16, "preference"}, Field{name, "exchange"}};
constexpr std::array txt_fields{Field{strings, "text"}};
constexpr std::array srv_fields{Field{u16, "priority"}, Field{u16, "weight"}, Field{u16, "port"},
                                Field{name, "target"}};
constexpr std::array caa_fields{Field{u8, "flags"}, Field{tag, "tag"}, Field{value, "value"}};
constexpr std::array tlsa_fields{Field{u8, "usage"}, Field{u8, "selector"},
                                 Field{u8, "matching type"}, Field{hex, "certificate data"}};
constexpr std::array sshfp_fields{Field{u8, "algorithm"}, Field{u8, "fingerprint type"},
                                  Field{hex, "fingerprint"}};
constexpr std::array ds_fields{Field{u16, "key tag"}, Field{u8, "algorithm"},
                               Field{u8, "digest type"}, Field{hex, "digest"}};
constexpr std::array naptr_fields{Field{u16, "order"},   Field{u16, "preference"},
                                  Field{text, "flags"},  Field{text, "services"},
                                  Field{text, "regexp"}, Field{name, "replacement"}};
constexpr std::array svcb_fields{Field{u16, "priority"}, Field{name, "target"},
                                 Field{services, "parameters"}};
constexpr std::array soa_fields{Field{name, "primary server"}, Field{name, "mailbox"},
                                Field{u32, "serial"},          Field{period, "refresh"},
                                Field{period, "retry"},        Field{period, "expire"},
                                Field{period, "minimum"}};

std::string format_ipv4(std::string_view octets) {
  std::string out;
  for (char const c : octets)
    out += (out.empty() ? "" : ".") + std::to_string(static_cast<unsigned char>(c));
  return out;
}

std::string format_ipv6(std::string_view octets) {
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i)
    groups[i] = static_cast<unsigned char>(octets[2 * i]) * 256U +
                static_cast<unsigned char>(octets[2 * i + 1]);
  std::size_t best = 8;
  std::size_t best_length = 1;  // RFC 5952 4.2.2: one group alone is not shortened
  for (std::size_t i = 0; i < 8;) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > best_length) {
      best = i;
      best_length = end - i;
    }
    i = end + 1;
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == best) {
      out += "::";
      i += best_length - 1;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    bool leading = true;
    for (unsigned shift = 16; shift > 0;) {
      shift -= 4;
      unsigned const digit = groups[i] >> shift & 15U;
      leading = leading && digit == 0 && shift > 0;
      if (!leading) out += digits[digit];
    }
  }
  return out;
}

/// Reads one rdata field after the other and writes the canonical text.
class Spelling {
 public:
  Spelling(Type type, std::string_view presentation, Name const& origin)
      : type_(type), words_(presentation), origin_(origin) {
    out_.reserve(presentation.size() + 16);
  }

  Result<std::string> read() {
    for (auto const& field : fields_of(type_)) {
      auto done = takes_rest(field.form) ? rest(field) : single(field);
      if (!done) return fail(within(done.error(), field.label));
    }
    if (!words_.at_end())
      return fail(ErrorCode::invalid, "more words than a " + type_.text() + " has");
    return std::move(out_);
  }

 private:
  static bool takes_rest(FieldForm form) {
    return form == hex || form == strings || form == services;
  }

  tl::unexpected<Error> missing() const {
    return fail(ErrorCode::invalid, words_.problem().empty() ? "is missing" : words_.problem());
  }

  void add(std::string_view spelled) {
    if (!out_.empty()) out_ += ' ';
    out_ += spelled;
  }

  Result<> single(Field const& field) {
    auto const word = words_.next();
    if (!word) return missing();
    switch (field.form) {
      case u8: return number(*word, 255);
      case u16: return number(*word, 65535);
      case u32: return number(*word, 4294967295U);
      case period: return seconds(*word);
      case ipv4: return address4(*word);
      case ipv6: return address6(*word);
      case FieldForm::name: return target(*word);
      case text: return string(*word, string_limit);
      case tag: return property(*word);
      default: return string(*word, rdata_limit - 257);
    }
  }

  Result<> number(Word const& word, std::uint32_t maximum) {
    auto const parsed = parse_number(word.text, maximum);
    if (!parsed || word.quoted)
      return fail(ErrorCode::invalid, "`" + std::string(word.text) + "` is no number from 0 to " +
                                          std::to_string(maximum));
    last_number_ = *parsed;
    add(std::to_string(*parsed));
    return {};
  }

  Result<> seconds(Word const& word) {
    if (parse_number(word.text, 4294967295U)) return number(word, 4294967295U);
    std::string lower(word.text);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    auto const parsed = parse_duration(lower);
    if (!parsed) return fail(parsed.error());
    add(std::to_string(parsed->count()));
    return {};
  }

  Result<> address4(Word const& word) {
    auto rest = word.text;
    for (std::size_t i = 0; i < 4; ++i) {
      auto const dot = i < 3 ? rest.find('.') : rest.size();
      auto const octet = parse_number(rest.substr(0, dot), 255);
      // `010` is 8 to some readers and 10 to others.
      if (dot == std::string_view::npos || !octet || (dot > 1 && rest.front() == '0'))
        return fail(ErrorCode::invalid, "`" + std::string(word.text) + "` is no IPv4 address");
      rest.remove_prefix(std::min(dot + 1, rest.size()));
    }
    add(word.text);  // that is its one spelling
    return {};
  }

  Result<> address6(Word const& word) {
    std::array<char, 16> octets{};
    std::string const copy(word.text);
    if (word.quoted || inet_pton(AF_INET6, copy.c_str(), octets.data()) != 1)
      return fail(ErrorCode::invalid, "`" + copy + "` is no IPv6 address");
    add(format_ipv6({octets.data(), octets.size()}));
    return {};
  }

  Result<> target(Word const& word) {
    if (word.quoted) return fail(ErrorCode::invalid, "a name stands without quotes");
    auto const parsed = Name::parse(word.text, origin_);
    if (!parsed) return fail(parsed.error());
    add(parsed->text());
    return {};
  }

  Result<> string(Word const& word, std::size_t limit) {
    auto const octets = unescape(word.text);
    if (!octets) return fail(octets.error());
    if (octets->size() > limit)
      return fail(ErrorCode::invalid, std::to_string(octets->size()) + " octets; the limit is " +
                                          std::to_string(limit));
    if (!out_.empty()) out_ += ' ';
    append_quoted(out_, *octets);
    return {};
  }

  Result<> property(Word const& word) {
    std::string lower(word.text);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (lower.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") != std::string::npos)
      return fail(ErrorCode::invalid, "`" + lower + "` may hold letters and digits only");
    if (lower.empty() || lower.size() > string_limit || word.quoted)
      return fail(ErrorCode::invalid, "must be a word of 1 to 255 letters and digits, unquoted");
    add(lower);
    return {};
  }

  Result<> rest(Field const& field) {
    if (field.form == strings) return texts();
    if (field.form == services) return parameters();
    std::string joined;
    while (auto const word = words_.next()) joined += word->quoted ? "\"" : word->text;
    auto const digits = lower_hex(joined);
    if (!words_.problem().empty() || joined.empty()) return missing();
    if (!digits) return fail(ErrorCode::invalid, "must be hex digits, two an octet");
    if (digits->size() / 2 > rdata_limit - 4)
      return fail(ErrorCode::invalid, "too long for one record");
    add(*digits);
    return {};
  }

  Result<> texts() {
    auto const octets = txt_octets(words_.rest());
    if (!octets) return fail(octets.error());
    add(txt_value(*octets));
    words_ = Words("");
    return {};
  }

  Result<> parameters() {
    auto const spelled = canonical_services(words_.rest(), last_number_);
    if (!spelled) return fail(spelled.error());
    if (!spelled->empty()) add(*spelled);
    words_ = Words("");
    return {};
  }

  Type type_;
  Words words_;
  Name const& origin_;
  std::string out_;
  std::uint32_t last_number_ = 0;
};

/// RFC 3597 5: `\# LENGTH HEX…`.
Result<std::string> unknown_form(Type type, Words words, Name const& origin) {
  auto const length_word = words.next();
  auto const length = length_word ? parse_number(length_word->text, rdata_limit) : std::nullopt;
  std::string joined;
  while (auto const word = words.next()) joined += word->quoted ? "\"" : word->text;
  auto const octets = hex_octets(joined);
  if (!length || !octets || octets->size() != *length || !words.problem().empty())
    return fail(ErrorCode::invalid,
                "`\\#` must be followed by the number of octets and as many in hex");
  auto known = presentation_of_wire(type, *octets);
  if (!known) return fail(known.error());
  if (known->starts_with("\\#")) return known;
  return canonical_rdata(type, *known, origin);
}

}  // namespace

std::string address_octets(std::string const& address) {
  std::string octets(address.find(':') == std::string::npos ? 4 : 16, '\0');
  inet_pton(octets.size() == 4 ? AF_INET : AF_INET6, address.c_str(), octets.data());
  return octets;
}

std::string format_address(std::string_view octets) {
  return octets.size() == 4 ? format_ipv4(octets) : format_ipv6(octets);
}

std::span<Field const> fields_of(Type type) {
  switch (type.number()) {
    case type::a.number(): return a_fields;
    case type::aaaa.number(): return aaaa_fields;
    case type::cname.number():
    case type::ns.number():
    case type::ptr.number(): return target_fields;
    case type::mx.number(): return mx_fields;
    case type::txt.number(): return txt_fields;
    case type::srv.number(): return srv_fields;
    case type::caa.number(): return caa_fields;
    case type::tlsa.number(): return tlsa_fields;
    case type::sshfp.number(): return sshfp_fields;
    case type::ds.number():
    case type::cds.number(): return ds_fields;
    case type::naptr.number(): return naptr_fields;
    case type::svcb.number():
    case type::https.number(): return svcb_fields;
    case type::soa.number(): return soa_fields;
    default: return {};
  }
}

Result<std::string> canonical_rdata(Type type, std::string_view presentation, Name const& origin) {
  if (presentation.size() > 4 * rdata_limit + 1024)
    return fail(ErrorCode::invalid, type.text() + ": the data are too long for one record");
  Words words(presentation);
  if (words.rest().starts_with("\\#")) {
    words.next();
    auto value = unknown_form(type, words, origin);
    if (!value) return fail(within(value.error(), type.text()));
    return value;
  }
  auto value = fields_of(type).empty() ? rdata_by_ldns(type, presentation, origin)
                                       : Spelling(type, presentation, origin).read();
  if (!value) return fail(within(value.error(), type.text()));
  return value;
}

std::string txt_value(std::string_view octets) {
  std::string out;
  out.reserve(octets.size() + octets.size() / 85 + 8);
  append_quoted(out, octets.substr(0, string_limit));
  for (std::size_t at = string_limit; at < octets.size(); at += string_limit) {
    out += ' ';
    append_quoted(out, octets.substr(at, string_limit));
  }
  return out;
}

Result<std::string> txt_octets(std::string_view presentation) {
  Words words(presentation);
  std::string joined;
  bool any = false;
  while (auto const word = words.next()) {
    if (!word->quoted)
      return fail(ErrorCode::invalid, "`" + std::string(word->text.substr(0, 40)) +
                                          "` must stand in double quotes (else `;` starts a "
                                          "comment and blanks separate strings)");
    auto const octets = unescape(word->text);
    if (!octets) return fail(octets.error());
    joined += *octets;
    any = true;
  }
  if (!words.problem().empty()) return fail(ErrorCode::invalid, words.problem());
  if (!any) return fail(ErrorCode::invalid, "is missing; an empty one is written as \"\"");
  if (joined.size() + joined.size() / string_limit + 1 > rdata_limit)
    return fail(ErrorCode::invalid, "more than 65535 octets");
  return joined;
}

}  // namespace mailstack::dns
