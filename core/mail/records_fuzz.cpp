/// \file
/// The parsers of what stands in TXT records and addresses: the first octet chooses one.
///
/// What parses must format, and parse again to the same; a mistake lies within the text.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/mail/address/address.hpp"
#include "core/mail/dkim/key_record.hpp"
#include "core/mail/dmarc/record.hpp"
#include "core/mail/spf/record.hpp"
#include "core/mail/tls_rpt/record.hpp"

namespace {

using namespace mailstack::mail;

void require(bool holds) {
  if (!holds) std::abort();
}

template <class Parsed>
void places(Parsed const& parsed, std::string_view text) {
  for (auto const& mistake : parsed.mistakes)
    require(mistake.offset + mistake.length <= text.size() && !mistake.what.empty());
}

void spf_record(std::string_view text) {
  auto const parsed = spf::parse(text);
  places(parsed, text);
  for (auto const& term : parsed.record.terms) require(term.offset + term.length <= text.size());
  auto const again = spf::parse(spf::format(parsed.record));
  require(again.record.terms.size() == parsed.record.terms.size());
}

void dmarc_record(std::string_view text) {
  auto const parsed = dmarc::parse(text);
  places(parsed, text);
  if (parsed.mistakes.empty())
    require(dmarc::parse(dmarc::format(parsed.record)).record == parsed.record);
}

void dkim_record(std::string_view text) {
  auto const parsed = dkim::parse(text);
  if (!parsed) return;
  (void)dkim::rsa_bits(*parsed);
  require(dkim::is_record(dkim::format(*parsed)));
}

void tls_rpt_record(std::string_view text) {
  auto const parsed = tls_rpt::parse(text);
  places(parsed, text);
  if (parsed.mistakes.empty())
    require(tls_rpt::parse(tls_rpt::format(parsed.record)).record == parsed.record);
}

void mail_address(std::string_view text) {
  auto const parsed = parse_address(text);
  if (parsed) require(parse_address(parsed->text()) == parsed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view const text(reinterpret_cast<char const*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0: spf_record(text); break;
    case 1: dmarc_record(text); break;
    case 2: dkim_record(text); break;
    case 3: tls_rpt_record(text); break;
    default: mail_address(text); break;
  }
  return 0;
}
