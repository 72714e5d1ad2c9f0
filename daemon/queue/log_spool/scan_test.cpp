#include "daemon/queue/log_spool/scan.hpp"

#include <catch2/catch.hpp>
#include <random>

#include "daemon/queue/log_spool/crc32c.hpp"

using namespace mailstack::queue;

namespace {

SegmentName const name{7, 0x0123456789abcdef};

/// A segment of batches, written as Log writes it.
struct Writer {
  std::string octets = format_segment_header(name, 1);

  void batch(std::vector<FoundRecord> const& records) {
    auto const start = static_cast<std::uint32_t>(octets.size());
    for (auto record : records) {
      record.head.at = static_cast<std::uint32_t>(octets.size());
      record.head.batch = start;
      record.head.state_octets = static_cast<std::uint32_t>(record.state.size());
      record.head.state_crc = crc32c(record.state);
      record.head.content_octets = static_cast<std::uint32_t>(record.content.size());
      record.head.content_crc = crc32c(record.content);
      auto const head = format_head(record.head, name);
      octets.append(head.data(), head.size()).append(record.state).append(record.content);
      octets.resize((octets.size() + 7) / 8 * 8);
    }
  }
};

FoundRecord put(ItemId id, std::string_view state, std::string_view content) {
  return {Head{.kind = Kind::put, .id = id}, state, content, true};
}
FoundRecord seal() { return {Head{.kind = Kind::seal}, {}, {}, true}; }

std::vector<ItemId> ids(Scan const& found) {
  std::vector<ItemId> all;
  for (auto const& record : found.records) all.push_back(record.head.id);
  return all;
}

using Ids = std::vector<ItemId>;

/// Three batches: items 1 and 2, item 3, item 4.
Writer three_batches() {
  Writer writer;
  writer.batch({put(1, "s1", "content one"), put(2, "s2", "content two")});
  writer.batch({put(3, "s3", "content three")});
  writer.batch({put(4, "s4", "content four")});
  return writer;
}

}  // namespace

TEST_CASE("crc32c: the published values", "[spool]") {
  // RFC 3720 B.4, and the check value of the Castagnoli polynomial.
  CHECK(crc32c("123456789") == 0xe3069283);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aa);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43);
  CHECK(crc32c("56789", crc32c("1234")) == 0xe3069283);
}

TEST_CASE("crc32c: instruction and table agree at any length and place", "[spool]") {
  std::mt19937 random(1);
  std::string text(300, '\0');
  for (auto& octet : text) octet = static_cast<char>(random());
  for (std::size_t from = 0; from < 9; ++from)
    for (std::size_t size = 0; size + from <= text.size(); size += 7) {
      auto const part = std::string_view(text).substr(from, size);
      REQUIRE(crc32c(part, 42) == crc32c_by_table(part, 42));
    }
}

TEST_CASE("segment: a name is read back, and nothing else", "[spool]") {
  CHECK(format(name) == "0000000000000007-0123456789abcdef.log");
  CHECK(parse_segment_name(format(name)) == name);
  for (auto const* text :
       {"", "lock", "0000000000000007-0123456789abcdef.log.repair",
        "000000000000000g-0123456789abcdef.log", "f000000000000007-0123456789abcdef.log"})
    CHECK_FALSE(parse_segment_name(text));
}

TEST_CASE("segment: what was written is found", "[spool]") {
  auto writer = three_batches();
  writer.batch({seal()});
  auto const found = scan(writer.octets, name);
  CHECK(found.ids_from == 1);
  CHECK(ids(found) == Ids{1, 2, 3, 4});
  CHECK(found.records[2].state == "s3");
  CHECK(found.records[2].content == "content three");
  CHECK(found.sealed);
  CHECK(found.gaps.empty());
  CHECK_FALSE(found.damaged);
  CHECK(found.end == writer.octets.size());
}

TEST_CASE("segment: allocated zeros are the end, as is the end of the file", "[spool]") {
  auto writer = three_batches();
  auto const end = writer.octets.size();
  writer.octets.resize(end + 100'000);
  auto const found = scan(writer.octets, name);
  CHECK(found.records.size() == 4);
  CHECK(found.end == end);
  CHECK(found.gaps.empty());
  CHECK_FALSE(found.sealed);
}

TEST_CASE("segment: cut anywhere, all that stood before is found and nothing is damage",
          "[spool]") {
  auto const writer = three_batches();
  for (std::size_t size = 0; size < writer.octets.size(); ++size) {
    auto const found = scan(writer.octets.substr(0, size), name);
    REQUIRE(found.gaps.empty());
    REQUIRE_FALSE(found.damaged);
    REQUIRE(ids(found) == Ids([&] {
              Ids all;
              for (auto const& record : scan(writer.octets, name).records)
                if (record.head.at + record_octets(record.head) <= size)
                  all.push_back(record.head.id);
              return all;
            }()));
  }
}

TEST_CASE(
    "segment: any octet changed loses one record at most, and is damage where a later batch "
    "follows",
    "[spool]") {
  auto const writer = three_batches();
  auto const whole = scan(writer.octets, name);
  for (std::size_t at = head_octets; at < writer.octets.size(); ++at) {
    auto octets = writer.octets;
    octets[at] = static_cast<char>(octets[at] ^ 0x40);
    auto const found = scan(octets, name);
    std::size_t sound = 0;
    for (auto const& record : found.records) {
      if (!record.content_sound) continue;
      ++sound;
      REQUIRE(record.content == whole.records[record.head.id - 1].content);
      REQUIRE(record.state == whole.records[record.head.id - 1].state);
    }
    bool filling = true;  // between records: nobody reads it
    for (auto const& record : whole.records) {
      auto const& head = record.head;
      auto const end = content_at(head) + head.content_octets;
      filling = filling && (at < head.at || at >= end);
    }
    REQUIRE(sound == (filling ? 4 : 3));
    auto const last_batch = whole.records[3].head.at;
    REQUIRE(found.damaged == (!filling && at < last_batch));
  }
}

TEST_CASE("segment: a hole in the last batch is what a power loss leaves", "[spool]") {
  Writer writer;
  writer.batch({put(1, "", "one")});
  auto const start = writer.octets.size();
  writer.batch({put(2, "", std::string(600, 'a')), put(3, "", std::string(600, 'b')),
                put(4, "", std::string(600, 'c'))});
  writer.octets.replace(start, 512, std::string(512, '\0'));
  auto const found = scan(writer.octets, name);
  CHECK(ids(found) == Ids{1, 3, 4});
  CHECK(found.gaps.size() == 1);
  CHECK_FALSE(found.damaged);
}

TEST_CASE("segment: records of another segment are none, wherever they stand", "[spool]") {
  Writer other;
  other.batch({put(9, "forged", "")});
  // At the very place, but without the salt.
  auto const head =
      format_head(Head{.kind = Kind::remove, .id = 1, .at = head_octets, .batch = head_octets},
                  SegmentName{7, 1});
  auto octets = format_segment_header(name, 1);
  octets.append(head.data(), head.size());
  CHECK(scan(octets, name).records.empty());
  CHECK(scan(other.octets, SegmentName{8, name.salt}).records.empty());
  CHECK_FALSE(scan(other.octets, SegmentName{8, name.salt}).ids_from);
}

TEST_CASE("segment: a damaged header hides no record", "[spool]") {
  auto writer = three_batches();
  writer.octets[9] = 'x';
  auto const found = scan(writer.octets, name);
  CHECK_FALSE(found.ids_from);
  CHECK(found.records.size() == 4);
}

TEST_CASE("segment: rewritten, it holds what was read and nothing is damage", "[spool]") {
  auto writer = three_batches();
  auto const second = scan(writer.octets, name).records[1].head;
  writer.octets[second.at + 1] ^= 1;             // the head of item 2
  writer.octets[writer.octets.size() - 9] ^= 1;  // the content of item 4
  auto const text = rewrite(scan(writer.octets, name), name, 5);
  auto const found = scan(text, name);
  CHECK(ids(found) == Ids{1, 3, 4});
  CHECK(found.records[1].content == "content three");
  CHECK_FALSE(found.records[2].content_sound);
  CHECK(found.ids_from == 5);
  CHECK(found.sealed);
}
