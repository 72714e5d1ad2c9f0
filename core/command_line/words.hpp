#pragma once
/// \file
/// What is wrong with a command line and CLI11 does not say well: an option that lacks its value, a
/// word that is no command.

#include <optional>
#include <string>
#include <string_view>
#include <utility>

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

/// The first word that should have been a command and is none, with the command of which it is no
/// part. Nothing where an unknown option comes first: that is what is wrong then.
template <class App>
std::optional<std::pair<App const*, std::string>> unknown_command(App const& root, int argc,
                                                                  char const* const* argv) {
  auto const* at = &root;
  for (int i = 1; i < argc; ++i) {
    std::string const word = argv[i];
    if (word.size() > 1 && word.front() == '-') {
      auto const equals = word.find('=');
      auto const* option = at->get_option_no_throw(word.substr(0, equals));
      if (option == nullptr) return std::nullopt;
      if (equals == word.npos && option->get_items_expected_min() > 0) ++i;
      continue;
    }
    if (at->get_subcommands([](App const*) { return true; }).empty()) return std::nullopt;
    auto const named = at->get_subcommands([&](App const* one) { return one->get_name() == word; });
    if (named.empty()) return std::pair(at, word);
    at = named.front();
  }
  return std::nullopt;
}

}  // namespace mailstack::command_line
