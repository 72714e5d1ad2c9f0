#include "daemon/conf/odd_recipient.hpp"

#include "core/mail/path/path.hpp"
#include "core/userdb/command.hpp"

namespace mailstack::conf {

namespace {

constexpr std::string_view white = " \t\r\n\v\f";

bool has_any(std::string_view text, std::string_view characters) {
  return text.find_first_of(characters) != text.npos;
}

std::string_view name_of(std::string_view address) { return address.substr(0, address.find('@')); }

}  // namespace

bool may_be_name(std::string const& local) {
  return !local.starts_with('/') && !has_any(local, "\"#:;<>|") && !has_any(local, white) &&
         mail::parse_path(local + "@example.org").has_value();
}

std::string remedy_for(std::string_view address) {
  auto const name = name_of(address);
  if (is_program(address))
    return has_any(name.substr(0, name.find('|')), "\"'")
               ? "write `| COMMAND` without quotes, as the only recipient"
               : "`|` counts only in front of everything: give the program an alias of its own, "
                 "and write the name of that one here";
  if (name.starts_with(':')) return "write the recipients themselves: no file of them is read";
  if (name.starts_with('/'))
    return "write an address, or `| COMMAND`: no mail is written to a file";
  if (has_any(address, "#")) return "give the comment a line of its own";
  if (has_any(address, "\"<>")) return "write the address alone, without quotes and brackets";
  if (has_any(address, ";") || has_any(address, white)) return "write commas between recipients";
  if (address.ends_with('.')) return "take away the dot at its end";
  if (!mail::parse_path(address)) return "correct the address";
  return "add this user, or correct the address";
}

bool is_program(std::string_view address) { return has_any(name_of(address), "|"); }

std::string never_runs(std::string_view address) {
  auto command = name_of(address);
  command.remove_prefix(command.find('|') + 1);
  return "`| " + std::string(userdb::command_program(command)) + "` never runs";
}

}  // namespace mailstack::conf
