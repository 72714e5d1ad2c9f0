#include <algorithm>
#include <array>
#include <string>

#include "core/dns/rrset.hpp"
#include "core/dns/words.hpp"

namespace mailstack::dns {
namespace {

struct Mnemonic {
  std::uint16_t number;
  std::string_view text;
};

// IANA "Resource Record (RR) TYPEs"; the usual ones first, because the search is linear. Types of
// questions only (ANY, AXFR, OPT, …) are no records and are absent.
constexpr std::array mnemonics{
    Mnemonic{1, "A"},         Mnemonic{28, "AAAA"},    Mnemonic{16, "TXT"},
    Mnemonic{15, "MX"},       Mnemonic{5, "CNAME"},    Mnemonic{2, "NS"},
    Mnemonic{12, "PTR"},      Mnemonic{33, "SRV"},     Mnemonic{6, "SOA"},
    Mnemonic{257, "CAA"},     Mnemonic{52, "TLSA"},    Mnemonic{44, "SSHFP"},
    Mnemonic{43, "DS"},       Mnemonic{65, "HTTPS"},   Mnemonic{64, "SVCB"},
    Mnemonic{35, "NAPTR"},    Mnemonic{46, "RRSIG"},   Mnemonic{47, "NSEC"},
    Mnemonic{48, "DNSKEY"},   Mnemonic{50, "NSEC3"},   Mnemonic{51, "NSEC3PARAM"},
    Mnemonic{59, "CDS"},      Mnemonic{60, "CDNSKEY"}, Mnemonic{39, "DNAME"},
    Mnemonic{99, "SPF"},      Mnemonic{13, "HINFO"},   Mnemonic{14, "MINFO"},
    Mnemonic{17, "RP"},       Mnemonic{18, "AFSDB"},   Mnemonic{19, "X25"},
    Mnemonic{20, "ISDN"},     Mnemonic{21, "RT"},      Mnemonic{24, "SIG"},
    Mnemonic{25, "KEY"},      Mnemonic{26, "PX"},      Mnemonic{29, "LOC"},
    Mnemonic{36, "KX"},       Mnemonic{37, "CERT"},    Mnemonic{42, "APL"},
    Mnemonic{45, "IPSECKEY"}, Mnemonic{49, "DHCID"},   Mnemonic{53, "SMIMEA"},
    Mnemonic{55, "HIP"},      Mnemonic{58, "TALINK"},  Mnemonic{61, "OPENPGPKEY"},
    Mnemonic{62, "CSYNC"},    Mnemonic{63, "ZONEMD"},  Mnemonic{104, "NID"},
    Mnemonic{105, "L32"},     Mnemonic{106, "L64"},    Mnemonic{107, "LP"},
    Mnemonic{108, "EUI48"},   Mnemonic{109, "EUI64"},  Mnemonic{256, "URI"},
    Mnemonic{258, "AVC"},     Mnemonic{32768, "TA"},   Mnemonic{32769, "DLV"},
};

bool same_letters(std::string_view a, std::string_view upper) {
  return a.size() == upper.size() &&
         std::equal(a.begin(), a.end(), upper.begin(), [](char c, char expected) {
           return (c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c) == expected;
         });
}

}  // namespace

Result<Type> Type::parse(std::string_view text) {
  for (auto const& known : mnemonics)
    if (same_letters(text, known.text)) return Type{known.number};
  if (text.size() > 4 && same_letters(text.substr(0, 4), "TYPE"))
    if (auto const number = parse_number(text.substr(4), 65535); number && *number > 0)
      return Type{static_cast<std::uint16_t>(*number)};
  return fail(ErrorCode::invalid,
              "`" + std::string(text) + "` is no record type; others are written as TYPE65280");
}

std::string Type::text() const {
  for (auto const& known : mnemonics)
    if (known.number == number_) return std::string(known.text);
  return "TYPE" + std::to_string(number_);
}

}  // namespace mailstack::dns
