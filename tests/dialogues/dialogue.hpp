#pragma once
/// \file
/// A dialogue as a file: what client and server say, and what policy answers (README.md beside it).

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/smtp/server_session.hpp"

namespace mailstack::dialogues {

/// One line: its first word (`C:`, `S:`, `auth` …) and what follows, escapes resolved.
struct Step {
  std::string what;
  std::string text;
  unsigned line = 0;
};

struct Dialogue {
  std::string name;   ///< of the file, without `.txt`
  std::string title;  ///< the clause or the attack
  smtp::SessionSetup setup;
  bool early = false;  ///< the client speaks before the connection was opened
  std::vector<Step> steps;
};

/// `\r \n \t \0 \\ \xHH`, and `\*N{text}` for N times the text, which has no `}`.
inline std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    char const c = text.at(++i);
    if (c == 'x') {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else if (c == '*') {
      auto const open = text.find('{', i);
      auto const close = text.find('}', open);
      auto const times = std::stoul(std::string(text.substr(i + 1, open - i - 1)));
      auto const piece = unescape(text.substr(open + 1, close - open - 1));
      for (unsigned long n = 0; n < times; ++n) out += piece;
      i = close;
    } else {
      static std::map<char, char> const letters{
          {'r', '\r'}, {'n', '\n'}, {'t', '\t'}, {'0', '\0'}, {'\\', '\\'}};
      out += letters.at(c);
    }
  }
  return out;
}

inline std::size_t& limit_called(smtp::Limits& limits, std::string const& name) {
  static std::map<std::string, std::size_t smtp::Limits::*> const all{
      {"message", &smtp::Limits::message},     {"header", &smtp::Limits::header},
      {"command", &smtp::Limits::command},     {"auth_line", &smtp::Limits::auth_line},
      {"text_line", &smtp::Limits::text_line}, {"recipients", &smtp::Limits::recipients},
      {"errors", &smtp::Limits::errors},       {"unknown", &smtp::Limits::unknown},
      {"commands", &smtp::Limits::commands},   {"messages", &smtp::Limits::messages},
      {"received", &smtp::Limits::received}};
  return limits.*all.at(name);
}

/// `service submission`, `limit recipients 2`, `tls no` …
inline void take_setup(Dialogue& dialogue, std::string const& text) {
  std::istringstream words(text);
  std::string key, value;
  words >> key >> value;
  auto& setup = dialogue.setup;
  bool const yes = value == "yes";
  if (key == "service") {
    setup.service = value == "smtp"         ? smtp::Service::smtp
                    : value == "submission" ? smtp::Service::submission
                                            : smtp::Service::submissions;
  } else if (key == "limit") {
    words >> limit_called(setup.limits, value);
  } else if (key == "tls") {
    setup.tls_possible = yes;
  } else if (key == "auth-on-smtp") {
    setup.auth_on_smtp = yes;
  } else if (key == "normalise") {
    setup.bare_line_ends_normalised = yes;
  } else if (key == "proxy") {
    setup.proxy_header = yes;
  } else if (key == "early") {
    dialogue.early = yes;
  } else if (key != "tcp") {
    throw std::invalid_argument("setup `" + key + "`");
  }
}

/// Throws with file and line where the text is no dialogue.
inline Dialogue parse(std::string const& name, std::istream& text) {
  Dialogue dialogue;
  dialogue.name = name;
  dialogue.setup.host = "mx.example";
  std::string line;
  for (unsigned number = 1; std::getline(text, line); ++number) try {
      if (number == 1 && line.starts_with("# ")) dialogue.title = line.substr(2);
      if (line.empty() || line.starts_with('#')) continue;
      auto const space = std::min(line.find(' '), line.size());
      auto const what = line.substr(0, space);
      auto const rest = space == line.size() ? std::string() : unescape(line.substr(space + 1));
      if (what == "setup") {
        take_setup(dialogue, rest);
      } else {
        dialogue.steps.push_back({what, rest, number});
      }
    } catch (std::exception const& error) {
      throw std::invalid_argument(name + ":" + std::to_string(number) + ": " + error.what());
    }
  return dialogue;
}

/// Every dialogue of the folder, by name.
inline std::vector<Dialogue> load(std::filesystem::path const& folder) {
  std::vector<Dialogue> all;
  for (auto const& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".txt") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    all.push_back(parse(entry.path().stem().string(), file));
  }
  std::sort(all.begin(), all.end(), [](auto const& a, auto const& b) { return a.name < b.name; });
  return all;
}

}  // namespace mailstack::dialogues
