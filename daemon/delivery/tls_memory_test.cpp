#include "daemon/delivery/tls_memory.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/support/temporary_directory.hpp"

namespace mailstack::delivery {
namespace {

using std::chrono::hours;

TimePoint const start{std::chrono::seconds(1'800'000'000)};

TEST_CASE("tls_memory: insists as long as it is told, from the last time on", "[delivery]") {
  TlsMemory memory;
  CHECK_FALSE(memory.insists("d.example", start, hours(72)));
  CHECK(memory.saw("d.example", start));
  CHECK(memory.insists("d.example", start + hours(71), hours(72)));
  CHECK_FALSE(memory.insists("d.example", start + hours(72), hours(72)));
  CHECK_FALSE(memory.insists("e.example", start, hours(72)));
  CHECK_FALSE(memory.saw("d.example", start + std::chrono::minutes(59)));
  CHECK(memory.saw("d.example", start + hours(1)));
  CHECK(memory.insists("d.example", start + hours(72), hours(72)));
  memory.forget_before(start + hours(2));
  CHECK(memory.size() == 0);
}

TEST_CASE("tls_memory: what is written is read back; what is no line is passed over",
          "[delivery]") {
  TlsMemory memory;
  memory.saw("d.example", start);
  memory.saw("[192.0.2.1]", start + hours(1));
  auto const again = TlsMemory::parse(memory.format() + "d.example 2020-01-01T00:00:00Z\n" +
                                      "\n \nx\nx yesterday\n 2020-01-01T00:00:00Z\nhalf 20");
  CHECK(again.size() == 2);
  CHECK(again.insists("d.example", start + hours(71), hours(72)));
  CHECK(again.insists("[192.0.2.1]", start + hours(72), hours(72)));
}

TEST_CASE("tls_memory: the file outlives the process and loses what is old", "[delivery]") {
  support::TemporaryDirectory directory;
  {
    TlsMemoryFile file;
    file.saw(directory.path(), "old.example", start, hours(72));
    file.saw(directory.path(), "d.example", start + hours(50), hours(72));
  }
  TlsMemoryFile file;
  CHECK(file.insists(directory.path(), "d.example", start + hours(100), hours(72)));
  CHECK_FALSE(file.insists(directory.path(), "old.example", start + hours(100), hours(72)));
  std::ifstream written(directory.path() + "/tls-seen");
  std::string const text(std::istreambuf_iterator<char>(written), {});
  CHECK(text == TlsMemory::format_line("d.example", start + hours(50)));
}

TEST_CASE("tls_memory: without a directory it lasts as long as the process", "[delivery]") {
  TlsMemoryFile file;
  file.saw("/nowhere/at/all", "d.example", start, hours(72));
  CHECK(file.insists("/nowhere/at/all", "d.example", start, hours(72)));
}

}  // namespace
}  // namespace mailstack::delivery
