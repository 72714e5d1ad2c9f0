#include "core/userdb/command.hpp"

#include <algorithm>

namespace mailstack::userdb {

namespace {

constexpr std::string_view white = " \t\r\n\v\f";

/// Takes the first word away from `text`; empty at the end.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(white), text.size()));
  auto const word = text.substr(0, text.find_first_of(white));
  text.remove_prefix(word.size());
  return word;
}

}  // namespace

std::vector<std::string> command_words(std::string_view command) {
  std::vector<std::string> words;
  for (auto word = take_word(command); !word.empty(); word = take_word(command))
    words.emplace_back(word);
  return words;
}

std::string_view command_program(std::string_view command) { return take_word(command); }

}  // namespace mailstack::userdb
