/// \file
/// mailstack(1) from what `--help` knows.

#include "reconciler/cli/manual.hpp"

#include <array>

#include "core/text/listed.hpp"
#include "reconciler/cli/roff.hpp"

namespace mailstack::cli {

namespace {

struct Entry {
  std::string_view tag;
  std::string_view what;
};

constexpr std::string_view description =
    "`mailstack` reads a manifest, `mailstack.yaml`(5): the domains, users, aliases, DNS records, "
    "DKIM keys and certificates of a mail stack, and the daemon that serves it. It compares that "
    "with the world, says what it would change and why, makes the world agree, and looks whether "
    "it is so. What it has made it remembers, and removes nothing else.\n\n"
    "A run that would lose something that mail needs stops, and names what must be allowed.";

constexpr std::array<Entry, 11> files{{
    {"`./mailstack.yaml`", "The manifest, where `--manifest` names no other."},
    {"`/var/lib/mailstack`",
     "State, where `--state` names no other directory: `inventory.jsonl` is what this applier "
     "owns, `journal.jsonl` what was seen and done; `dkim` below it holds keys that do not sign "
     "yet."},
    {"`$XDG_STATE_HOME/mailstack`, else `~/.local/state/mailstack`",
     "The same for a user without privileges."},
    {"`/run/mailstack`, `$XDG_RUNTIME_DIR/mailstack`",
     "What is remembered until the next start of the machine."},
    {"`/etc/mailstack/host`",
     "Which host of the manifest this machine is, where `--as` is absent."},
    {"`/etc/mailstack/credentials/NAME`",
     "A secret that the manifest writes `{credential: NAME}`; mode 0600."},
    {"`/etc/mailstack/environment`",
     "Lines `NAME=VALUE` for the timer's service: secrets that the manifest writes `{env: NAME}`."},
    {"`/etc/chasquid`",
     "The daemon's configuration, certificates, users, aliases, DKIM keys and hook."},
    {"`/etc/systemd/system/mailstack-reconcile.timer`, `mailstack-reconcile.service`",
     "They run `mailstack reconcile --yes`; made by `apply` on a host with systemd."},
    {"`/etc/systemd/system/chasquid-*.socket.d/`", "Where the daemon listens."},
    {"`/etc/sysctl.d/99-mailstack.conf`", "Values of the kernel that the manifest sets."},
}};

/// Every variable that the program reads; manual_test.cpp compares.
constexpr std::array<Entry, 8> environment{{
    {"`CREDENTIALS_DIRECTORY`",
     "Where credentials are looked for first: set by systemd, see `systemd.exec`(5)."},
    {"`HOME`", "Where state is kept, without privileges and `XDG_STATE_HOME`."},
    {"`NO_COLOR`", "Not empty: no colours, as `--color never`."},
    {"`PATH`", "Where programs are found. Its relative entries are not used."},
    {"`TERM`", "`dumb`: no colours."},
    {"`XDG_RUNTIME_DIR`", "Without privileges: where verified passwords are remembered."},
    {"`XDG_STATE_HOME`", "Without privileges: where state is kept."},
    {"any other", "A secret that the manifest writes `{env: NAME}`."},
}};

/// `check it` → `Check it.`
std::string sentence(std::string text) {
  if (text.empty()) return text;
  if (text.front() >= 'a' && text.front() <= 'z') text.front() += 'A' - 'a';
  if (std::string_view(".?!").find(text.back()) == std::string_view::npos) text += '.';
  return text;
}

/// What apropos(1) shows is no sentence.
std::string name_line(std::string text) {
  if (text.ends_with('.')) text.pop_back();
  if (!text.empty() && text.front() >= 'A' && text.front() <= 'Z') text.front() += 'a' - 'A';
  return text;
}

std::string option_tag(OptionHelp const& option) {
  std::string tag;
  for (auto const& name : option.names) tag += (tag.empty() ? "`" : ", `") + name + "`";
  if (option.value.empty()) return tag;
  return tag + (option.optional ? "[`=`" + option.value + "]" : " " + option.value);
}

std::string argument_word(OptionHelp const& argument) {
  auto word = listed(argument.names) + (argument.many ? " ..." : "");
  return argument.optional ? "[" + word + "]" : word;
}

std::string synopsis(CommandHelp const& command) {
  std::string line = "`mailstack " + command.name + "`";
  if (!command.options.empty()) line += " [OPTION ...]";
  for (auto const& argument : command.arguments) line += " " + argument_word(argument);
  return line;
}

void options(Page& page, std::vector<OptionHelp> const& all) {
  for (auto const& option : all) {
    page.entry(option_tag(option));
    page.below(option.what);
  }
}

void command(Page& page, CommandHelp const& one) {
  page.subsection(synopsis(one));
  page.paragraphs(sentence(one.what));
  for (auto const& argument : one.arguments) {
    page.entry(listed(argument.names));
    page.below(argument.what);
  }
  options(page, one.options);
  page.paragraphs(one.notes);
  if (one.examples.empty()) return;
  page.paragraphs("Examples:");
  page.lines(one.examples);
}

template <class Entries>
void entries(Page& page, Entries const& all) {
  for (auto const& [tag, what] : all) {
    page.entry(tag);
    page.below(what);
  }
}

}  // namespace

std::string program_manual(ProgramHelp const& help, std::string_view version) {
  Page page("MAILSTACK", 1, "mailstack " + std::string(version), "Mail server administration");
  page.section("NAME");
  page.paragraphs(help.name + " - " + name_line(help.what));
  page.section("SYNOPSIS");
  page.paragraphs("`" + help.name + "` COMMAND [OPTION ...] [ARGUMENT ...]");
  page.section("DESCRIPTION");
  page.paragraphs(description);
  page.paragraphs("First steps:");
  page.lines(help.first_steps);
  page.section("COMMANDS");
  for (auto const& one : help.commands) command(page, one);
  page.section("OPTIONS OF EVERY COMMAND");
  page.paragraphs("They may stand before the command, too.");
  options(page, help.options);
  page.section("EXIT STATUS");
  for (auto const& [code, what] : help.exit_codes) {
    page.entry("`" + std::to_string(code) + "`");
    page.below(what);
  }
  page.section("FILES");
  entries(page, files);
  page.section("ENVIRONMENT");
  entries(page, environment);
  page.section("SEE ALSO");
  page.paragraphs("`mailstack.yaml`(5), `chasquid`(1), `systemd.timer`(5)");
  return page.text();
}

}  // namespace mailstack::cli
