/// \file
/// Whatever a local part holds: reversing it does not crash, and what was rewritten comes back. Any
/// line of questions has an answer that is one line.
// parser: core/mail/srs/srs.cpp core/mail/srs/answer_line.cpp

#include <cstdint>
#include <cstdlib>

#include "core/mail/srs/srs.hpp"

namespace {

using namespace mailstack;
using namespace mailstack::mail;

void require(bool holds) {
  if (!holds) std::abort();
}

srs::Secrets const secrets{Secret<std::string>("tops3cr3t")};
TimePoint const now = TimePoint(std::chrono::seconds(1577836860));

/// Forward and back again; twice forward too, as a second host of ours would.
void check_round(Path const& path) {
  auto const there = srs::forward(path, "ours.example", secrets, now);
  if (!there) return;
  require(there->local.size() <= Path::most_local);
  if (path.null() || path.domain == "ours.example") {
    require(*there == path);
    return;
  }
  require(there->domain == "ours.example" && srs::is_rewritten(there->local));
  require(parse_path(there->text()) == *there);
  auto const back = srs::reverse(there->local, secrets, now);
  require(back.has_value());
  if (!srs::is_rewritten(path.local)) require(*back == path || path.literal());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  (void)srs::reverse(text, secrets, now);
  if (auto const path = parse_path(text)) check_round(*path);
  auto const answer = srs::answer_srs_line(text, "tops3cr3t", "example.com");
  require(answer.starts_with("{\"id\":") && answer.ends_with('}') &&
          answer.find('\n') == answer.npos);
  return 0;
}
