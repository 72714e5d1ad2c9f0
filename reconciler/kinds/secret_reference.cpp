#include "reconciler/kinds/secret_reference.hpp"

#include <string_view>
#include <utility>

namespace mailstack::kinds {

std::optional<world::SecretReference> parse_reference(std::string const& text) {
  using Form = world::SecretReference::Form;
  for (auto const& [word, form] : {std::pair{"credential:", Form::credential},
                                   std::pair{"file:", Form::file}, std::pair{"env:", Form::env}})
    if (text.starts_with(word))
      return world::SecretReference{form, text.substr(std::string_view(word).size())};
  return std::nullopt;
}

}  // namespace mailstack::kinds
