#pragma once
/// \file
/// Record types, RRsets and rdata in canonical presentation form.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/dns/name.hpp"
#include "core/result/result.hpp"

namespace mailstack::dns {

/// A record type by number (RFC 1035 3.2.2, IANA). Unknown ones are `TYPE65280` (RFC 3597 5).
class Type {
 public:
  constexpr Type() = default;
  constexpr explicit Type(std::uint16_t number) : number_(number) {}

  /// Parses a mnemonic in any case, or `TYPEnnn`. Fails with invalid.
  static Result<Type> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] constexpr std::uint16_t number() const { return number_; }

  constexpr auto operator<=>(Type const&) const = default;

 private:
  std::uint16_t number_ = 0;
};

namespace type {
inline constexpr Type a{1}, ns{2}, cname{5}, soa{6}, ptr{12}, mx{15}, txt{16}, aaaa{28}, srv{33},
    naptr{35}, ds{43}, sshfp{44}, rrsig{46}, nsec{47}, dnskey{48}, nsec3{50}, nsec3param{51},
    tlsa{52}, cds{59}, cdnskey{60}, svcb{64}, https{65}, caa{257};
}  // namespace type

/// All values of one type at one name: the unit of change.
struct RRset {
  Name name;
  Type type;
  std::uint32_t ttl = 0;  ///< seconds
  std::vector<std::string>
      values;  ///< canonical presentation form (canonical_rdata), sorted, without doubles

  bool operator==(RRset const&) const = default;
};

/// The one spelling of an rdata, so that equal data are equal strings: names absolute and lower
/// case, numbers without leading zeros, IPv6 as RFC 5952, hex in lower case, base64 joined, TXT as
/// txt_value(). Relative names are completed with `origin`. Types without a parser of ours go
/// through ldns (RFC 3597 form where ldns has none). Fails with invalid and says which part is
/// wrong.
Result<std::string> canonical_rdata(Type type, std::string_view presentation, Name const& origin);

/// The TXT rdata that carries `octets`: quoted strings of at most 255 octets each, split by us; `"`
/// and `\` are escaped, octets outside 0x20-0x7e are `\DDD`. No octets at all is `""`.
std::string txt_value(std::string_view octets);

/// The octets of a TXT rdata, its strings joined (how SPF, DKIM and DMARC read them: RFC 7208 3.3,
/// RFC 6376 3.6.2.2). Fails with invalid, for unquoted text too: `;` would start a comment there.
Result<std::string> txt_octets(std::string_view presentation);

}  // namespace mailstack::dns
