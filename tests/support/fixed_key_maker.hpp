#pragma once
/// \file
/// The twin of KeyMaker: always the same key of an algorithm, so that plans can be compared to the
/// octet.

#include <fstream>
#include <iterator>
#include <string>

#include "reconciler/kinds/dkim_key/keys.hpp"
#include "tests/support/source_tree.hpp"

namespace mailstack::support {

/// The keys are those of tests/support/keys/.
class FixedKeyMaker final : public kinds::dkim_key::KeyMaker {
 public:
  Result<Secret<std::string>> generate(std::string_view algorithm) override {
    ++made;
    std::ifstream file(in_source("tests/support/keys/") + std::string(algorithm) + ".pem");
    std::string pem{std::istreambuf_iterator<char>(file), {}};
    if (pem.empty()) return fail(ErrorCode::invalid, "no fixed key of " + std::string(algorithm));
    return Secret<std::string>(std::move(pem));
  }

  unsigned made = 0;
};

}  // namespace mailstack::support
