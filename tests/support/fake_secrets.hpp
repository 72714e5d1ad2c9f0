#pragma once
/// \file
/// The twin of Secrets: a table that says how often it was asked.

#include <map>
#include <string>

#include "reconciler/world/secrets.hpp"

namespace mailstack::support {

class FakeSecrets final : public world::Secrets {
 public:
  Result<Secret<std::string>> resolve(world::SecretReference const& reference) override {
    ++asked;
    auto const found = values.find(reference.name);
    if (found == values.end())
      return fail(ErrorCode::not_found, reference.name + " is not there: create it");
    return Secret<std::string>(found->second);
  }

  std::map<std::string, std::string> values;  ///< by the name in the reference, whatever its form
  unsigned asked = 0;
};

}  // namespace mailstack::support
