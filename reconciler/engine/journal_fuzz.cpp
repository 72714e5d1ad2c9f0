/// \file
/// Journals: any text is read without a crash; a line whose sum fits is kept with its words; what
/// stood whole before a crash cut the file short is read again, and what is appended after it, too.
// parser: reconciler/engine/journal.cpp

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/files/memory_files.hpp"
#include "reconciler/engine/journal.hpp"

using namespace mailstack;
using namespace mailstack::engine;

namespace {

constexpr char const* path = "/state/journal.jsonl";

void require(bool condition) {
  if (!condition) std::abort();
}

/// CRC-32C a second time and bit by bit: the parser's own table is what is tried here.
std::string sum_of(std::string_view octets) {
  std::uint32_t sum = 0xFFFFFFFFU;
  for (char const c : octets) {
    sum ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ ((sum & 1U) != 0 ? 0x82F63B78U : 0U);
  }
  std::string text;
  for (int digit = 7; digit >= 0; --digit)
    text += "0123456789abcdef"[~sum >> (4 * static_cast<unsigned>(digit)) & 15U];
  return text;
}

/// The text with a sum that fits on each line that could be an object: no mutation finds one.
std::string sealed(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    auto const end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.size() > 1 && line.ends_with('}')) {
      line.pop_back();
      line += ",\"sum\":\"" + sum_of(line) + "\"}";
    }
    out += line + "\n";
  }
  return out;
}

/// What was read once is written so that it is read as the same from then on.
std::string rewritten(std::vector<Record> const& records) {
  std::string text;
  for (auto const& record : records) {
    auto const first = parse_record(format_record(record));
    require(first.has_value() && first->event == record.event && first->at == record.at &&
            first->address == record.address && first->error == record.error &&
            first->note == record.note);
    auto const second = parse_record(format_record(*first));
    require(second.has_value() && *second == *first);
    text += format_record(*second);
  }
  return text;
}

/// Writes `text` cut short after `cut` octets, as a crash leaves it, and goes on with the file.
void append_behind(std::string_view text, std::size_t cut) {
  files::MemoryFiles files;
  require(files.make_directory("/state", {}).has_value());
  auto const left = text.substr(0, cut);
  require(files.write(path, left, {}).has_value());
  auto journal = Journal::open(files, path);
  require(journal.has_value());
  Record last;
  last.event = "end";
  last.exit_code = 7;
  require(journal->append({last}).has_value());
  // What is whole is whatever ends in a newline, and a last line that lost nothing but its newline.
  auto const before = parse_journal(left);
  auto const after = parse_journal(*files.read(path));
  require(after.damage == before.damage && after.records.size() == before.records.size() + 1);
  require(std::equal(before.records.begin(), before.records.end(), after.records.begin()));
  require(after.records.back() == last);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  rewritten(parse_journal(text).records);
  auto const journal = rewritten(parse_journal(sealed(text)).records);
  append_behind(text, size);
  if (size > 0 && !journal.empty())
    append_behind(journal, (std::size_t{257} * data[0]) % journal.size());
  // A record of a run may hold anything; the sum fits whatever that is.
  Record any;
  any.event = "intent";
  any.before = any.note = text;
  rewritten({*parse_record(format_record(any))});
  return 0;
}
