/// \file
/// What must hold between the users, aliases and domains of one manifest.

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "core/mail/username/username.hpp"
#include "reconciler/manifest/build.hpp"

namespace mailstack::manifest {

namespace {

/// chasquid gives up at DATA after so many steps (internal/aliases, recursionLimit).
constexpr unsigned longest_chain = 10;

std::string quoted(std::string_view text) { return "`" + std::string(text) + "`"; }

/// All local parts of one domain.
struct Names {
  Domain const* domain = nullptr;
  std::unordered_map<std::string_view, User const*> users;
  std::unordered_map<std::string_view, Alias const*> aliases;
};

class Rules {
 public:
  explicit Rules(Build& build) : build_(build) {
    for (Domain const& domain : build.out.domains) {
      Names& names = all_[domain.name.display()];
      names.domain = &domain;
      for (User const& user : domain.users) names.users.emplace(user.name, &user);
      for (Alias const& alias : domain.aliases) names.aliases.emplace(alias.name, &alias);
    }
  }

  void run() {
    for (Domain const& domain : build_.out.domains) {
      if (domain.absent) continue;
      Names const& names = all_.at(domain.name.display());
      for (Alias const& alias : domain.aliases) {
        if (alias.derived) continue;
        shadowed(names, alias);
        for (std::string const& to : alias.to) known(alias, to);
        walk(alias);
      }
      for (User const& user : domain.users) send_as(user);
    }
  }

 private:
  [[nodiscard]] Names const* names_of(std::string_view address) const {
    auto const found = all_.find(std::string(address.substr(address.rfind('@') + 1)));
    return found == all_.end() ? nullptr : &found->second;
  }

  /// As chasquid folds it; a local part that the profile forbids stays itself.
  static std::string local_of(std::string_view address) {
    std::string_view const local = address.substr(0, address.rfind('@'));
    auto normal = mail::normalize_username(local);
    return normal ? *normal : std::string(local);
  }

  /// The alias that takes mail for `address`, when it is one of ours: its own, else the catch-all
  /// where no user is called so.
  [[nodiscard]] Alias const* next(std::string_view address) const {
    Names const* names = names_of(address);
    if (!names) return nullptr;
    std::string const local = local_of(address);
    if (auto const own = names->aliases.find(local); own != names->aliases.end())
      return own->second;
    if (names->users.contains(local)) return nullptr;
    auto const all = names->aliases.find("*");
    return all == names->aliases.end() ? nullptr : all->second;
  }

  void shadowed(Names const& names, Alias const& alias) {
    auto const user = names.users.find(alias.name);
    if (user == names.users.end()) return;
    auto& said = build_.diagnostics.information("alias-hides-user", alias.place,
                                                "mail for the user " + quoted(alias.name) +
                                                    " goes on to " + alias.to.front() +
                                                    (alias.to.size() > 1 ? " and others" : ""));
    said.cause = "an alias comes before a mailbox; the user can still log in and send";
    said.related.emplace_back(user->second->place, "the user");
  }

  static bool stands(Names const& names, std::string const& local) {
    // Suffixes (`user+tag`) are cut off by the daemon before it looks.
    std::string const base = local.substr(0, local.find('+'));
    for (std::string const& name : {local, base})
      if (names.users.contains(name) || names.aliases.contains(name)) return true;
    return false;
  }

  /// Whether known() says of a catch-all that sends on to nobody what would else be called a loop.
  [[nodiscard]] bool to_nobody(Alias const& alias, std::string const& to) const {
    Names const* names = names_of(to);
    return alias.name == "*" && names && names->domain->receive != Domain::Receive::none &&
           !stands(*names, local_of(to));
  }

  /// Mail to a domain of ours must find somebody there.
  void known(Alias const& alias, std::string const& to) {
    Names const* names = names_of(to);
    if (!names || names->domain->receive == Domain::Receive::none || names->domain->incomplete)
      return;
    std::string const local = local_of(to);
    if (stands(*names, local)) return;
    std::vector<std::string_view> candidates;
    candidates.reserve(names->users.size() + names->aliases.size());
    for (auto const& [name, user] : names->users) candidates.push_back(name);
    for (auto const& [name, other] : names->aliases) candidates.push_back(name);
    std::sort(candidates.begin(), candidates.end());
    // The catch-all does not catch what it sends on itself: that would come back to it for ever.
    auto const all = names->aliases.find("*");
    bool const caught = all != names->aliases.end() && all->second != &alias;
    std::string const message =
        quoted(local) + " is neither a user nor an alias of " + names->domain->name.display();
    auto& said = caught ? build_.diagnostics.warning("unknown-recipient", alias.place, message)
                        : build_.diagnostics.error("unknown-recipient", alias.place, message);
    said.cause = caught ? "its mail goes to the catch-all" : "its mail would be refused";
    std::string_view const meant = nearest(local, candidates);
    said.remedy = !meant.empty() && meant != "*"
                      ? "did you mean " + quoted(meant) + "?"
                      : "add the user or the alias, or name another recipient";
  }

  /// Follows what chasquid would follow. Each loop is said once, at the alias that closes it.
  void walk(Alias const& start) {
    if (steps_.contains(&start)) return;
    std::vector<Step> way{{&start}};
    std::unordered_set<Alias const*> on_way{&start};
    while (!way.empty()) {
      Step& top = way.back();
      if (top.next >= top.alias->to.size()) {
        unsigned const steps = top.below + 1;
        if (steps == longest_chain + 1) too_long(*top.alias);
        steps_.emplace(top.alias, steps);
        on_way.erase(top.alias);
        way.pop_back();
        if (!way.empty()) way.back().below = std::max(way.back().below, steps);
        continue;
      }
      std::string const& to = top.alias->to[top.next++];
      Alias const* follows = next(to);
      if (!follows) continue;
      if (follows == top.alias && to_nobody(*follows, to)) continue;
      if (on_way.contains(follows)) {
        loop(*top.alias, *follows, to);
      } else if (auto const known = steps_.find(follows); known != steps_.end()) {
        top.below = std::max(top.below, known->second);
      } else {
        on_way.insert(follows);
        way.push_back({follows});
      }
    }
  }

  void loop(Alias const& last, Alias const& back, std::string const& to) {
    auto& error = build_.diagnostics.error(
        "alias-loop", last.place,
        last.name == "*" ? "the catch-all leads back to itself through " + quoted(to)
                         : quoted(last.name) + " leads back to itself through " + quoted(to));
    error.cause = "the daemon refuses such mail with 451";
    error.remedy =
        "an alias stands before the mailbox of the same name: send it on to an address "
        "elsewhere, or remove it";
    if (&last != &back) error.related.emplace_back(back.place, "the loop closes here");
  }

  void too_long(Alias const& start) {
    auto& error = build_.diagnostics.error(
        "alias-loop", start.place,
        quoted(start.name) + " needs more than " + std::to_string(longest_chain) + " steps");
    error.cause = "the daemon gives up and refuses the mail with 451";
    error.remedy = "point it at its last recipient";
  }

  void send_as(User const& user) {
    for (std::string const& address : user.send_as) {
      if (names_of(address) || build_.out.left_out.domains) continue;
      auto& error = build_.diagnostics.error(
          "send-as-foreign", user.place,
          quoted(user.name) + " may send as " + quoted(address) + ", whose domain is not ours");
      error.cause = "its SPF and DKIM are somebody else's: such mail would fail DMARC";
      error.remedy = "add the domain to `domains:`, or remove the address";
    }
  }

  struct Step {
    Alias const* alias;
    std::size_t next = 0;
    unsigned below = 0;  ///< the longest chain that hangs on it, as far as it was followed
  };

  Build& build_;
  std::unordered_map<std::string, Names> all_;
  std::unordered_map<Alias const*, unsigned> steps_;
};

}  // namespace

void check_mail_rules(Build& build) { Rules(build).run(); }

}  // namespace mailstack::manifest
