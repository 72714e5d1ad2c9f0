/// \file
/// Whatever a name server sends: no crash, and what is read has canonical values and repeats the
/// question that a query of ours would ask.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "core/dns/wire.hpp"

// ldns 1.8.3 loses the field of a CERT record whose algorithm is 0: ldns_str2rdf_cert_alg returns
// an error beside an allocated field, which its caller does not free.
extern "C" char const* __lsan_default_suppressions() { return "leak:libldns\n"; }

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
  using namespace mailstack;
  std::string_view const packet(reinterpret_cast<char const*>(data), size);
  auto const reply = dns::parse_reply(packet);
  if (!reply) {
    if (reply.error().code != ErrorCode::invalid || reply.error().what.empty()) std::abort();
    return 0;
  }
  for (auto const& answer : reply->answers) {
    auto const again = dns::canonical_rdata(answer.type, answer.value, dns::Name());
    if (!again || *again != answer.value) std::abort();
    auto const values = reply->values(answer.name, answer.type);
    if (std::find(values.begin(), values.end(), answer.value) == values.end()) std::abort();
  }
  // A query with the bit that makes it a reply (RFC 1035 4.1.1) is a reply without answers.
  auto query = dns::format_query(reply->id, reply->question, reply->question_type, true);
  query[2] = static_cast<char>(query[2] | static_cast<char>(0x80));
  auto const echo = dns::parse_reply(query);
  if (!echo || echo->id != reply->id || echo->question != reply->question ||
      echo->question_type != reply->question_type || !echo->answers.empty())
    std::abort();
  return 0;
}
