/// \file
/// Rdata: the canonical spelling of a canonical spelling is itself, for every type. The first two
/// octets choose the type, the rest is the text.
// parser: core/dns/rdata.cpp core/dns/words.cpp core/dns/type.cpp

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/dns/rrset.hpp"
#include "core/dns/wire.hpp"

using namespace mailstack;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

// The types that have a parser of ours come up most; any number through the last row.
dns::Type chosen(std::uint8_t first, std::uint8_t second) {
  constexpr std::array types{dns::type::a,     dns::type::aaaa, dns::type::cname, dns::type::mx,
                             dns::type::txt,   dns::type::srv,  dns::type::caa,   dns::type::tlsa,
                             dns::type::sshfp, dns::type::ds,   dns::type::naptr, dns::type::https,
                             dns::type::svcb,  dns::type::soa};
  if (first < 224) return types[first % types.size()];
  return dns::Type{static_cast<std::uint16_t>((first == 255 ? 256U : 0U) + second)};
}

}  // namespace

// ldns 1.8.3 forgets a few octets when an IPSECKEY or HIP record does not parse. Ours frees all
// that it gets in unique_ptr, so nothing of interest hides behind this.
extern "C" char const* __lsan_default_suppressions() { return "leak:libldns\n"; }

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size < 2) return 0;
  std::string_view const text(reinterpret_cast<char const*>(data) + 2, size - 2);
  auto const origin = *dns::Name::parse("example.org.");
  auto const type = chosen(data[0], data[1]);
  require(type.number() == 0 || *dns::Type::parse(type.text()) == type);
  if (auto const named = dns::Type::parse(text))
    require(*dns::Type::parse(named->text()) == *named);
  if (auto const value = dns::canonical_rdata(type, text, origin)) {
    auto const again = dns::canonical_rdata(type, *value, dns::Name{});
    require(again && *again == *value);
    require(value->find('\n') == std::string::npos);
  }
  if (auto const octets = dns::txt_octets(text))
    require(*dns::txt_octets(dns::txt_value(*octets)) == *octets);
  // Over the limit of one character string, and of one record.
  for (std::size_t const times : {300 / size + 1, size_t{65536} / size + 1}) {
    if (data[1] % 16 != 0) break;
    std::string long_text;
    for (std::size_t i = 0; i < times; ++i) long_text += text;
    auto const value = dns::txt_value(long_text);
    auto const octets = dns::txt_octets(value);
    require(!octets || *octets == long_text);
  }
  if (auto const reply = dns::parse_reply(text))
    for (auto const& answer : reply->answers) {
      auto const again = dns::canonical_rdata(answer.type, answer.value, dns::Name{});
      require(again && *again == answer.value);
    }
  return 0;
}
