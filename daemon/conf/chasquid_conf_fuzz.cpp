/// \file
/// Whatever a chasquid.conf holds: no crash, places that lie in the text, the same answer twice,
/// and settings in their bounds where it is taken.

#include "daemon/conf/chasquid_conf.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace mailstack::conf;

void hold(bool law) {
  if (!law) std::abort();
}

void hold_bounds(Settings const& settings) {
  auto const message = settings.limits.session.message;
  hold(message >= std::size_t{1} << 20U && message <= std::size_t{4096} << 20U);
  hold(settings.queue.lifetime > seconds(0) && settings.queue.lifetime <= seconds(366 * 86'400));
  hold(!settings.hostname.empty() || settings.hostname == Settings{}.hostname);
  hold(!settings.delivery.mda_arguments.empty());
  for (auto const& listen : settings.listen) {
    bool const path = listen.address.find('/') != std::string::npos;
    hold(listen.systemd || path || listen.port != 0);
    hold(!listen.systemd || listen.address.empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(uint8_t const* data, size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  Settings settings;
  auto const problems = read_chasquid_conf("c", text, settings);
  Settings again;
  hold(read_chasquid_conf("c", text, again) == problems);
  auto const lines = static_cast<unsigned>(std::count(text.begin(), text.end(), '\n')) + 1;
  for (auto const& problem : problems) {
    hold(!problem.what.empty() && problem.line <= lines && problem.column <= size + 1);
    hold(format(problem).find('\n') == std::string::npos);
  }
  if (!failed(problems)) hold_bounds(settings);
  return 0;
}
