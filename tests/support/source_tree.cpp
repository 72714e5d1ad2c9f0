#include "tests/support/source_tree.hpp"

namespace mailstack::support {

std::string in_source(std::string_view path) {
  std::string whole = MAILSTACK_SOURCE_DIR;
  if (!path.empty()) whole.append("/").append(path);
  return whole;
}

}  // namespace mailstack::support
