/// \file
/// Master files: every record found has a place in the text, and reads back from its own parts.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/dns/master_file.hpp"

using namespace mailstack;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  dns::MasterOptions options;
  options.origin = *dns::Name::parse("example.org.");
  options.bare_txt = size % 2 == 1;
  auto const file = dns::parse_master(text, options);
  require(file.problems.size() <= 1001);
  for (auto const& problem : file.problems)
    require(problem.line > 0 && problem.column > 0 && !problem.message.empty());
  std::string again;
  std::size_t behind = 0;
  for (auto const& record : file.records) {
    require(record.entry.at >= behind && record.entry.at + record.entry.length <= size);
    behind = record.entry.at + record.entry.length;
    require(record.rdata.at >= record.entry.at && record.rdata.at + record.rdata.length <= behind);
    require(record.origin < file.origins.size());
    again += record.name.text() + " " + std::to_string(record.ttl) + " IN " + record.type.text() +
             " " + record.value + "\n";
  }
  auto const copy = dns::parse_master(again, {});
  require(copy.problems.empty() && copy.records.size() == file.records.size());
  for (std::size_t i = 0; i < copy.records.size(); ++i)
    require(copy.records[i].name == file.records[i].name &&
            copy.records[i].type == file.records[i].type &&
            copy.records[i].ttl == file.records[i].ttl &&
            copy.records[i].value == file.records[i].value);
  return 0;
}
