#include "daemon/conf/dead_ends.hpp"

#include <algorithm>
#include <unordered_map>

#include "core/dns/idn.hpp"
#include "core/dns/name.hpp"
#include "core/userdb/command.hpp"
#include "daemon/conf/program_path.hpp"

namespace mailstack::conf {

namespace {

using userdb::Recipient;

/// Of one file. More are counted: they have one cause, and nobody reads them.
constexpr std::size_t most_told = 50;

/// The domain as its directory is called: a recipient may have it in A-labels.
std::string directory_form(std::string const& domain) {
  auto const name = dns::Name::parse(domain);
  return name ? dns::unicode_form(*name) : domain;
}

/// The aliases of one domain.
class AliasesFile {
 public:
  AliasesFile(Snapshot const& snapshot, userdb::NameIndex const& index, std::string const& domain,
              userdb::Aliases const& aliases, Problems& problems)
      : snapshot_(snapshot), index_(index), domain_(domain), aliases_(aliases), all_(problems) {}

  void look() {
    look_for_twice();
    for (auto const& entry : aliases_.entries()) {
      auto const* alias = index_.alias(dropped(entry.name), domain_);
      if (alias == nullptr || alias->line != entry.line) continue;
      for (auto const& recipient : alias->recipients) look_at(entry, recipient);
    }
    tell();
  }

 private:
  [[nodiscard]] std::string dropped(std::string_view name) const {
    return userdb::dropped_name(name, snapshot_.mail.suffix_separators,
                                snapshot_.mail.drop_characters);
  }

  void warn(userdb::Aliases::Entry const& entry, std::string const& what, std::string remedy) {
    found_.push_back(
        {path(), "alias `" + entry.name + "`: " + what, entry.line, 0, std::move(remedy), true});
  }

  [[nodiscard]] std::string path() const {
    return snapshot_.settings.directory + "/" + snapshot_.domains.at(domain_).directory +
           "/aliases";
  }

  void look_for_twice() {
    auto lines = aliases_.overruled();
    auto const counting = aliases_.entries();
    lines.insert(lines.end(), counting.begin(), counting.end());
    std::unordered_map<std::string, unsigned> last;
    for (auto const& entry : lines) {
      auto& line = last[dropped(entry.name)];
      line = std::max(line, entry.line);
    }
    for (auto const& entry : lines)
      if (auto const line = last.at(dropped(entry.name)); line != entry.line)
        warn(entry, "it stands again in line " + std::to_string(line) + ", which alone counts",
             "put all its recipients into one line, between commas");
  }

  void look_at(userdb::Aliases::Entry const& entry, Recipient const& recipient) {
    if (recipient.form == Recipient::Form::pipe) {
      // Not its arguments: they may be a secret.
      auto const found = find_program(std::string(userdb::command_program(recipient.text)),
                                      snapshot_.settings.directory);
      if (!found)
        warn(entry, found.error().what + ", so that its mail waits",
             "install it, or correct the command");
    } else if (recipient.form == Recipient::Form::mail && is_nobody(recipient.text)) {
      warn(entry, "there is no " + recipient.text + ", so that its mail bounces",
           "add this user, or correct the address");
    }
  }

  [[nodiscard]] bool is_nobody(std::string const& address) const {
    auto const at = address.rfind('@');
    auto const name = address.substr(0, at);
    auto const domain = directory_form(address.substr(at + 1));
    auto const ours = snapshot_.domains.find(domain);
    // `*@other` is as many addresses as are asked for.
    if (ours == snapshot_.domains.end() || ours->second.incomplete || name == "*") return false;
    auto const clean =
        userdb::clean_name(name, snapshot_.mail.suffix_separators, snapshot_.mail.drop_characters);
    return index_.alias(dropped(name), domain) == nullptr &&
           index_.alias(clean, domain) == nullptr && index_.alias("*", domain) == nullptr &&
           index_.user(clean, domain) == nullptr;
  }

  void tell() {
    std::stable_sort(found_.begin(), found_.end(),
                     [](Problem const& a, Problem const& b) { return a.line < b.line; });
    auto const more = found_.size() - std::min(found_.size(), most_told);
    found_.resize(found_.size() - more);
    std::move(found_.begin(), found_.end(), std::back_inserter(all_));
    if (more > 0)
      all_.push_back({path(), "and " + std::to_string(more) + " more of the kind", 0, 0, {}, true});
  }

  Snapshot const& snapshot_;
  userdb::NameIndex const& index_;
  std::string const& domain_;
  userdb::Aliases const& aliases_;
  Problems& all_;
  Problems found_;
};

}  // namespace

void note_dead_ends(Snapshot const& snapshot, userdb::NameIndex const& index, Problems& problems) {
  for (auto const& [name, local] : snapshot.mail.domains)
    AliasesFile(snapshot, index, name, local.aliases, problems).look();
}

}  // namespace mailstack::conf
