#include "daemon/conf/dead_ends.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/dns/idn.hpp"
#include "core/dns/name.hpp"
#include "core/mail/path/path.hpp"
#include "core/userdb/command.hpp"
#include "daemon/conf/odd_recipient.hpp"
#include "daemon/conf/program_path.hpp"

namespace mailstack::conf {

namespace {

using userdb::Recipient;

/// Of one file. More are counted: they have one cause, and nobody reads them.
constexpr std::size_t most_told = 50;

/// So many addresses are looked at to say why an alias loops.
constexpr std::size_t most_reached = 10'000;

constexpr char const* put_off = ", so that its mail is put off and comes back in the end";

/// The domain as its directory is called: a recipient may have it in A-labels.
std::string directory_form(std::string const& domain) {
  auto const name = dns::Name::parse(domain);
  return name ? dns::unicode_form(*name) : domain;
}

/// The aliases of one domain.
class AliasesFile {
 public:
  AliasesFile(Snapshot const& snapshot, userdb::NameIndex const& index, Resolve const& resolve,
              std::string const& domain, userdb::Aliases const& aliases, Problems& problems)
      : snapshot_(snapshot),
        index_(index),
        resolve_(resolve),
        domain_(domain),
        aliases_(aliases),
        all_(problems) {}

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
    auto const& resolved = way.resolved();
    if (resolved) return;
    // More are only counted, and the cause of each may be as long a way as the file. Where somebody
    // is not known that alone would tell whether it is a loop.
    bool const asks = ++loops_ <= most_told;
    if (!asks && !all_known()) return;
    auto const cause = asks ? cause_of_loop(entry) : LoopCause{};
    if (cause.unknown) return;
    if (cause.missing.empty())
      warn(entry, resolved.error().what + put_off, "take one of these out of the way");
    else
      warn(entry,
           "there is no " + cause.missing +
               ", and the catch-all, which its mail goes to, leads to "
               "itself" +
               put_off,
           remedy_for(cause.missing));
  }

  [[nodiscard]] bool all_known() const {
    return std::all_of(snapshot_.domains.begin(), snapshot_.domains.end(),
                       [](auto const& domain) { return domain.second.known(); });
  }

  struct LoopCause {
    bool unknown = false;  ///< the way passes a domain of which is not known who is there
    std::string missing;   ///< whom a catch-all that leads to itself stands in for
    /// Domains whose catch-all was followed: it leads nearly every name the same way.
    std::unordered_set<std::string> followed;
  };

  [[nodiscard]] LoopCause cause_of_loop(userdb::Aliases::Entry const& entry) const {
    LoopCause cause;
    std::vector<std::string> reached{entry.name + "@" + domain_};
    std::unordered_set<std::string> seen{reached.front()};
    for (std::size_t i = 0; i < reached.size() && i < most_reached && !cause.unknown; ++i)
      for (auto& next : next_of(reached[i], cause))
        if (seen.insert(next).second) reached.push_back(std::move(next));
    return cause;
  }

  /// The addresses that mail for this one goes on to; in `cause` what that says of a loop.
  std::vector<std::string> next_of(std::string const& address, LoopCause& cause) const {
    auto const [name, domain] = parts_of(address);
    auto const ours = snapshot_.domains.find(domain);
    if (ours == snapshot_.domains.end()) return {};
    cause.unknown = !ours->second.known();
    auto const* alias = alias_of(name, domain);
    if (alias == nullptr && index_.user(clean_of(name), domain) == nullptr) {
      alias = index_.alias("*", domain);
      if (alias == nullptr || !cause.followed.insert(domain).second) return {};
      if (cause.missing.empty() && !leads_somewhere(address)) cause.missing = address;
    }
    std::vector<std::string> next;
    if (alias == nullptr) return next;
    for (auto const& recipient : alias->recipients)
      if (recipient.form == Recipient::Form::mail)
        next.push_back(recipient.text.starts_with("*@") ? name + recipient.text.substr(1)
                                                        : recipient.text);
    return next;
  }

  [[nodiscard]] bool leads_somewhere(std::string const& address) const {
    return resolve_(address).has_value();
  }

  [[nodiscard]] userdb::NameIndex::Alias const* alias_of(std::string const& name,
                                                         std::string const& domain) const {
    auto const* alias = index_.alias(dropped(name), domain);
    return alias != nullptr ? alias : index_.alias(clean_of(name), domain);
  }

  void look_at(userdb::Aliases::Entry const& entry, Recipient const& recipient, Way& way) {
    if (recipient.form == Recipient::Form::pipe) {
      // Not its arguments: they may be a secret.
      auto const found = find_program(std::string(userdb::command_program(recipient.text)),
                                      snapshot_.settings.directory);
      if (!found)
        warn(entry, found.error().what + ", so that its mail waits",
             "install it, or correct the command");
    } else if (auto const why = recipient.form == Recipient::Form::mail
                                    ? why_nothing(entry, recipient.text)
                                    : why_no_address(recipient.text)) {
      warn(entry, why->what + consequence(why->share, way), why->remedy);
    }
  }

  /// What becomes of the share of a recipient.
  enum class Share { lost, to_catch_all, looped };

  struct Why {
    std::string what;
    std::string remedy;
    Share share = Share::lost;
  };

  static std::string consequence(Share share, Way& way) {
    if (share == Share::to_catch_all) return ", so that the catch-all gets this share of its mail";
    if (share == Share::looped)
      return ", so that the catch-all leads to itself, and what it takes is put off and comes back "
             "in the end";
    return way.reaches_somebody() ? ", so that this share of its mail is dropped"
                                  : ", so that its mail is refused";
  }

  /// Why nothing can be sent to `address`, which is of no domain of ours.
  static std::optional<Why> why_no_address(std::string const& address) {
    auto const path = mail::parse_path(address);
    if (path) return std::nullopt;
    if (is_program(address)) return Why{never_runs(address), remedy_for(address)};
    return Why{address + " is no address (" + path.error().what + ")", remedy_for(address)};
  }

  /// Why `address` gets nothing; nullopt where it may get something. What an alias there does is
  /// said at its own line.
  [[nodiscard]] std::optional<Why> why_nothing(userdb::Aliases::Entry const& entry,
                                               std::string const& address) const {
    auto const [name, domain] = parts_of(address);
    auto const ours = snapshot_.domains.find(domain);
    if (ours == snapshot_.domains.end()) return why_no_address(address);
    // `*@other` is as many addresses as are asked for.
    if (!ours->second.known() || !snapshot_.domains.at(domain_).known() || name == "*")
      return std::nullopt;
    // An alias that names itself keeps a copy for the user of its name.
    bool const itself = domain == domain_ && dropped(name) == dropped(entry.name);
    if (!itself && alias_of(name, domain) != nullptr) return std::nullopt;
    auto const* user = index_.user(clean_of(name), domain);
    if (user == nullptr && itself) return std::nullopt;
    if (user == nullptr) return why_nobody(entry, address);
    auto const policy = ours->second.policies.find(*user);
    if (policy == ours->second.policies.end()) return std::nullopt;
    if (policy->second.disabled)
      return Why{address + " is disabled", "let this user in again, or take the address out"};
    if (!policy->second.receive)
      return Why{address + " only sends", "let this user receive, or take the address out"};
    return std::nullopt;
  }

  /// The same for who is neither user nor alias: with a catch-all `bob` is a name like others, and
  /// `ann bob` a mistake.
  [[nodiscard]] std::optional<Why> why_nobody(userdb::Aliases::Entry const& entry,
                                              std::string const& address) const {
    auto const [name, domain] = parts_of(address);
    Why why{is_program(address) ? never_runs(address) : "there is no " + address,
            remedy_for(address)};
    if (index_.alias("*", domain) == nullptr) return why;
    why.share = entry.name == "*" && domain == domain_ ? Share::looped : Share::to_catch_all;
    if (why.share == Share::to_catch_all && may_be_name(name)) return std::nullopt;
    return why;
  }

  [[nodiscard]] Result<userdb::Resolution> resolved(userdb::Aliases::Entry const& entry) const {
    return resolve_(entry.name + "@" + domain_);
  }

  /// Whether anybody gets what is written to the alias. Of a loop that is not known.
  [[nodiscard]] bool reaches_somebody(Result<userdb::Resolution> const& way) const {
    return !way || std::any_of(way->recipients.begin(), way->recipients.end(),
                               [this](Recipient const& one) { return gets_mail(one); });
  }

  /// The same for what an alias has led to in the end.
  [[nodiscard]] bool gets_mail(Recipient const& end) const {
    if (end.form == Recipient::Form::pipe) return true;
    if (end.form == Recipient::Form::forward) return mail::parse_path(end.text).has_value();
    auto const [name, domain] = parts_of(end.text);
    auto const ours = snapshot_.domains.find(domain);
    if (ours == snapshot_.domains.end()) return mail::parse_path(end.text).has_value();
    if (ours->second.incomplete) return true;
    auto const* user = index_.user(clean_of(name), domain);
    if (user == nullptr) return false;
    auto const policy = ours->second.policies.find(*user);
    return policy == ours->second.policies.end() ||
           (!policy->second.disabled && policy->second.receive);
  }

  /// Name and domain as aliases are resolved: at the first @, and the domain, where it is one of
  /// ours, as its directory is called.
  static std::pair<std::string, std::string> parts_of(std::string const& address) {
    auto const at = address.find('@');
    auto const domain = address.substr(at + 1);
    auto const name = address.substr(0, at);
    // `example.org.` is no address, and so not ours.
    if (domain.ends_with('.')) return {name, domain};
    return {name, directory_form(domain)};
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
  Resolve const& resolve_;
  std::string const& domain_;
  userdb::Aliases const& aliases_;
  Problems& all_;
  Problems found_;
  std::size_t loops_ = 0;
};

}  // namespace

void note_dead_ends(Snapshot const& snapshot, userdb::NameIndex const& index, Problems& problems) {
  auto const resolve = [&](std::string const& address) {
    return userdb::resolve(snapshot.mail, index, address, userdb::Order::users_first);
  };
  note_dead_ends(snapshot, index, resolve, problems);
}

void note_dead_ends(Snapshot const& snapshot, userdb::NameIndex const& index,
                    Resolve const& resolve, Problems& problems) {
  for (auto const& [name, local] : snapshot.mail.domains)
    if (!snapshot.domains.at(name).kept_aliases)
      AliasesFile(snapshot, index, resolve, name, local.aliases, problems).look();
}

}  // namespace mailstack::conf
