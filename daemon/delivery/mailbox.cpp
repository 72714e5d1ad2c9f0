#include "daemon/delivery/mailbox.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "daemon/conf/settings.hpp"

namespace mailstack::delivery {

namespace {

constexpr std::string_view shell_characters = "/;\"'\\|*&$%()[]{}`!";

bool control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string harmless(std::string text) {
  std::erase_if(text, [](char c) {
    return control(c) || c == ' ' || shell_characters.find(c) != std::string_view::npos;
  });
  return text;
}

std::string user_of(std::string const& address) { return address.substr(0, address.rfind('@')); }
std::string domain_of(std::string const& address) {
  auto const at = address.rfind('@');
  return at == std::string::npos ? std::string() : address.substr(at + 1);
}

using Replacements = std::vector<std::pair<std::string_view, std::string>>;

/// Every name of `replacements` in `text`, once: what was put in is not looked at again.
std::string replaced(std::string_view text, Replacements const& replacements) {
  std::string out;
  while (!text.empty()) {
    auto const found =
        std::find_if(replacements.begin(), replacements.end(),
                     [text](auto const& one) { return text.starts_with(one.first); });
    if (found == replacements.end()) {
      out += text.front();
      text.remove_prefix(1);
    } else {
      out += found->second;
      text.remove_prefix(found->first.size());
    }
  }
  return out;
}

Replacements replacements_of(Names const& names) {
  auto const& words = conf::Settings::Delivery::mda_words;
  return {
      {words[0], names.from}, {words[1], user_of(names.from)}, {words[2], domain_of(names.from)},
      {words[3], names.to},   {words[4], user_of(names.to)},   {words[5], domain_of(names.to)}};
}

}  // namespace

std::string mailbox_message(std::string_view sender, std::string_view recipient,
                            std::string_view content) {
  std::string out;
  out.reserve(content.size() + sender.size() + recipient.size() + 40);
  out.append("Return-Path: <").append(sender).append(">\nDelivered-To: ").append(recipient);
  out += '\n';
  for (auto at = content.find("\r\n"); at != content.npos; at = content.find("\r\n")) {
    out.append(content, 0, at).append(1, '\n');
    content.remove_prefix(at + 2);
  }
  return out.append(content);
}

std::vector<std::string> mda_arguments(std::vector<std::string> const& templates,
                                       Names const& names) {
  auto const replacements = replacements_of({harmless(names.from), harmless(names.to)});
  std::vector<std::string> arguments;
  arguments.reserve(templates.size());
  for (auto const& one : templates) arguments.push_back(replaced(one, replacements));
  return arguments;
}

Result<std::string> maildir_path(std::string const& path, std::string const& to) {
  auto const user = user_of(to);
  auto const domain = domain_of(to);
  for (auto const& part : {user, domain})
    if (part.empty() || part.front() == '.' || part.find('/') != std::string::npos ||
        std::any_of(part.begin(), part.end(), control))
      return fail(ErrorCode::invalid, "no maildir is called so: " + to);
  auto const& words = conf::Settings::Delivery::maildir_words;
  return replaced(path, {{words[0], to}, {words[1], user}, {words[2], domain}});
}

}  // namespace mailstack::delivery
