#include "reconciler/cli/selection.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "core/dns/name.hpp"
#include "reconciler/manifest/diagnostic.hpp"

namespace mailstack::cli {

std::string only_glob(std::string const& typed) {
  bool const ascii = std::all_of(typed.begin(), typed.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  auto const name = dns::Name::parse(typed);
  return ascii || !name ? typed : name->display();
}

std::string names_nothing(std::string const& typed, std::set<std::string> const& names) {
  std::string plain;
  for (char const c : typed)
    if (c != '*' && c != '?') plain += c;
  std::vector<std::string_view> const all(names.begin(), names.end());
  std::string text = "--only " + typed + " names nothing";
  if (auto const near = manifest::nearest(plain, all); !near.empty())
    return text + ". Did you mean " + std::string(near) + "?";
  text += ": no domain, zone, host or address. There are";
  constexpr std::size_t shown = 5;
  for (std::size_t i = 0; i < std::min(shown, all.size()); ++i)
    text += (i ? ", " : " ") + std::string(all[i]);
  return text + (all.size() > shown ? " and more" : all.empty() ? " none" : "");
}

}  // namespace mailstack::cli
