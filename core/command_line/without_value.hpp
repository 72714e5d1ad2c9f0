#pragma once
/// \file
/// The option of a command line that lacks its value.

#include <optional>
#include <string>
#include <string_view>

namespace mailstack::command_line {

/// The first option that needs a value and is followed by none, or by what looks like the next
/// option: CLI11 takes `--all` in `--domain --all` for a domain, and an unset variable of a script
/// then changes what a command does. A value that begins with `-` is written `--domain=-x`; `-`
/// alone is a value. What is no option of `root` or of its commands is left for CLI11 to refuse.
///
/// `App` is CLI::App: a template, so that this header does not cost its readers CLI11.
template <class App>
std::optional<std::string> without_value(App const& root, int argc, char const* const* argv) {
  auto const* at = &root;
  for (int i = 1; i < argc; ++i) {
    std::string const word = argv[i];
    if (word == "--") return std::nullopt;  // arguments from here on
    if (word.size() < 2 || word.front() != '-') {
      auto const named =
          at->get_subcommands([&](App const* one) { return one->get_name() == word; });
      if (!named.empty()) at = named.front();
      continue;
    }
    auto const* option = word.find('=') == word.npos ? at->get_option_no_throw(word) : nullptr;
    if (option == nullptr || option->get_items_expected_min() == 0) continue;
    if (++i == argc) return word;
    std::string_view const value = argv[i];
    if (value.size() > 1 && value.front() == '-') return word;
  }
  return std::nullopt;
}

/// What to tell its writer.
inline std::string needs_value(std::string const& option) {
  return option + " needs a value; one that begins with - is written " + option + "=-…";
}

}  // namespace mailstack::command_line
