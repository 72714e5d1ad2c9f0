#include "reconciler/git/guard.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace mailstack::git {

namespace {

/// Hashes by the word between their dollars; `$scrypt$` is ours, `$7$` is scrypt of crypt(3).
constexpr std::array<std::string_view, 14> hash_words{
    "$scrypt$", "$argon2", "$pbkdf2", "$bcrypt", "$1$", "$2a$", "$2b$",
    "$2x$",     "$2y$",    "$5$",     "$6$",     "$7$", "$y$",  "$gy$"};

bool hash_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("./+=,$-").find(c) != std::string_view::npos;
}

/// `$6$` can stand in a text by chance; a hash goes on without a space for a while.
bool holds_hash(std::string_view content, std::string_view word) {
  constexpr std::size_t shortest = 20;
  for (auto at = content.find(word); at != content.npos; at = content.find(word, at + 1)) {
    auto const rest = content.substr(at + word.size());
    auto const end = std::find_if_not(rest.begin(), rest.end(), hash_character);
    if (static_cast<std::size_t>(end - rest.begin()) >= shortest) return true;
  }
  return false;
}

/// `scrypt: {` of chasquid's users file, whatever space stands between.
bool holds_message(std::string_view content, std::string_view field) {
  for (auto at = content.find(field); at != content.npos; at = content.find(field, at + 1)) {
    if (at > 0 && hash_character(content[at - 1])) continue;
    auto rest = content.substr(at + field.size());
    if (!rest.starts_with(':') && !rest.starts_with(' ') && !rest.starts_with('{')) continue;
    auto const brace = rest.find_first_not_of(" \t\r\n:");
    if (brace != rest.npos && rest[brace] == '{') return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> secret_in(std::string_view content) {
  constexpr std::string_view begin = "-----BEGIN ";
  for (auto at = content.find(begin); at != content.npos; at = content.find(begin, at + 1)) {
    auto const line = content.substr(at, content.substr(at).find_first_of("\n\\"));
    if (line.find("PRIVATE KEY") != line.npos) return "a private key";
  }
  for (auto word : hash_words)
    if (holds_hash(content, word)) return "a password hash (" + std::string(word) + ")";
  for (std::string_view field : {"scrypt", "bcrypt", "plain"})
    if (holds_message(content, field)) return "a stored password (" + std::string(field) + ")";
  return std::nullopt;
}

}  // namespace mailstack::git
