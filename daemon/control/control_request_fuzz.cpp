/// \file
/// Whatever comes over the control socket: no crash, one line of JSON for each line, and what is
/// understood is written as it is read.
// parser: daemon/control/requests.cpp

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "daemon/control/operations_twin.hpp"
#include "daemon/control/requests.hpp"

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
  using namespace mailstack::control;
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  static OperationsTwin twin;
  twin.did.clear();
  std::string answers;
  RequestLines lines(twin, [&](std::string const& one) { answers += one; });
  lines.receive(text);
  auto const asked = std::count(text.begin(), text.end(), '\n');
  if (!lines.over() && std::count(answers.begin(), answers.end(), '\n') != asked) std::abort();
  if (auto const request = parse_request(text)) {
    auto const again = parse_request(format(*request));
    if (!again || format(*again) != format(*request)) std::abort();
  }
  return 0;
}
