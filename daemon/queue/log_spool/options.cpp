#include "daemon/queue/log_spool/options.hpp"

#include <cstdio>
#include <cstdlib>

namespace mailstack::queue {

void die(SpoolOptions const& options, std::string const& what) {
  auto const line = "spool " + options.directory + ": " + what;
  if (options.fatal)
    options.fatal(line);
  else
    std::fprintf(stderr, "%s\n", line.c_str());
  std::abort();
}

}  // namespace mailstack::queue
