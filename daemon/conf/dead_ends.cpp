#include "daemon/conf/dead_ends.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

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
      Way way(*this, entry);
      look_for_loop(entry, way);
      for (auto const& recipient : alias->recipients) look_at(entry, recipient, way);
    }
    tell();
  }

 private:
  /// Where an entry leads, resolved once where it is asked for: an alias may have thousands of
  /// recipients, each of which asks.
  class Way {
   public:
    Way(AliasesFile const& file, userdb::Aliases::Entry const& entry)
        : file_(file), entry_(entry) {}
    Result<userdb::Resolution> const& resolved() {
      if (!resolved_) resolved_ = file_.resolved(entry_);
      return *resolved_;
    }
    bool reaches_somebody() {
      if (!reaches_) reaches_ = file_.reaches_somebody(resolved());
      return *reaches_;
    }

   private:
    AliasesFile const& file_;
    userdb::Aliases::Entry const& entry_;
    std::optional<Result<userdb::Resolution>> resolved_;
    std::optional<bool> reaches_;
  };

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

  void look_for_loop(userdb::Aliases::Entry const& entry, Way& way) {
    if (entry.name == "*") return;  // of a catch-all each name goes another way
    if (auto const& resolved = way.resolved(); !resolved)
      warn(entry, resolved.error().what + ", so that its mail is put off and comes back in the end",
           "take one of these out of the way");
  }

  void look_at(userdb::Aliases::Entry const& entry, Recipient const& recipient, Way& way) {
    if (recipient.form == Recipient::Form::pipe) {
      // Not its arguments: they may be a secret.
      auto const found = find_program(std::string(userdb::command_program(recipient.text)),
                                      snapshot_.settings.directory);
      if (!found)
        warn(entry, found.error().what + ", so that its mail waits",
             "install it, or correct the command");
    } else if (recipient.form == Recipient::Form::mail) {
      auto const why = why_nothing(entry, recipient.text);
      if (!why) return;
      warn(entry,
           why->what + (way.reaches_somebody() ? ", so that this share of its mail is dropped"
                                               : ", so that its mail is refused"),
           why->remedy);
    }
  }

  struct Why {
    std::string what;
    std::string remedy;
  };

  /// Why `address` gets nothing; nullopt where it may get something. What an alias there does is
  /// said at its own line.
  [[nodiscard]] std::optional<Why> why_nothing(userdb::Aliases::Entry const& entry,
                                               std::string const& address) const {
    auto const [name, domain] = parts_of(address);
    auto const ours = snapshot_.domains.find(domain);
    // `*@other` is as many addresses as are asked for.
    if (ours == snapshot_.domains.end() || ours->second.incomplete || name == "*")
      return std::nullopt;
    auto const clean = clean_of(name);
    // An alias that names itself keeps a copy for the user of its name.
    bool const itself = domain == domain_ && dropped(name) == dropped(entry.name);
    if (!itself &&
        (index_.alias(dropped(name), domain) != nullptr || index_.alias(clean, domain) != nullptr))
      return std::nullopt;
    auto const* user = index_.user(clean, domain);
    if (user == nullptr && (itself || index_.alias("*", domain) != nullptr)) return std::nullopt;
    if (user == nullptr)
      return Why{"there is no " + address, "add this user, or correct the address"};
    auto const policy = ours->second.policies.find(*user);
    if (policy == ours->second.policies.end()) return std::nullopt;
    if (policy->second.disabled)
      return Why{address + " is disabled", "let this user in again, or take the address out"};
    if (!policy->second.receive)
      return Why{address + " only sends", "let this user receive, or take the address out"};
    return std::nullopt;
  }

  [[nodiscard]] Result<userdb::Resolution> resolved(userdb::Aliases::Entry const& entry) const {
    return userdb::resolve(snapshot_.mail, index_, entry.name + "@" + domain_,
                           userdb::Order::users_first);
  }

  /// Whether anybody gets what is written to the alias. Of a loop that is not known.
  [[nodiscard]] bool reaches_somebody(Result<userdb::Resolution> const& way) const {
    return !way || std::any_of(way->recipients.begin(), way->recipients.end(),
                               [this](Recipient const& one) { return gets_mail(one); });
  }

  /// The same for what an alias has led to in the end.
  [[nodiscard]] bool gets_mail(Recipient const& end) const {
    if (end.form != Recipient::Form::mail) return true;
    auto const [name, domain] = parts_of(end.text);
    auto const ours = snapshot_.domains.find(domain);
    if (ours == snapshot_.domains.end() || ours->second.incomplete) return true;
    auto const* user = index_.user(clean_of(name), domain);
    if (user == nullptr) return false;
    auto const policy = ours->second.policies.find(*user);
    return policy == ours->second.policies.end() ||
           (!policy->second.disabled && policy->second.receive);
  }

  /// Name and domain, this as its directory is called.
  static std::pair<std::string, std::string> parts_of(std::string const& address) {
    auto const at = address.rfind('@');
    return {address.substr(0, at), directory_form(address.substr(at + 1))};
  }

  [[nodiscard]] std::string clean_of(std::string const& name) const {
    return userdb::clean_name(name, snapshot_.mail.suffix_separators,
                              snapshot_.mail.drop_characters);
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
