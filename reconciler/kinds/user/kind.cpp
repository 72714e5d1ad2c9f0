/// \file
/// The kind `user` at work.

#include <map>

#include "core/userdb/users.hpp"
#include "reconciler/kinds/entry_kind.hpp"
#include "reconciler/kinds/kinds.hpp"
#include "reconciler/kinds/secret_reference.hpp"
#include "reconciler/kinds/user/spec.hpp"
#include "reconciler/kinds/user/verified.hpp"

namespace mailstack::kinds {

namespace {

using engine::Action;
using engine::Fields;
using engine::Observation;
using engine::Step;
using user::Verified;
using userdb::Scheme;
using userdb::Scrypt;
using userdb::Users;

/// What may be told of an entry: nothing of the password.
Fields state_of(Scheme const& scheme, std::string const& path) {
  Fields state{{"path", path}};
  auto const* scrypt = std::get_if<Scrypt>(&scheme);
  bool const plain = std::holds_alternative<userdb::Plain>(scheme);
  state.set("state", std::string(scrypt != nullptr || plain ? "active" : "receive_only"));
  if (plain) state.set("plain", true);
  if (scrypt != nullptr)
    if (auto digest = userdb::hash_digest(*scrypt); !digest.empty())
      state.set("hash_digest", std::move(digest));
  return state;
}

/// Whether the entry is the one that the plan was made from.
bool unmoved(Scheme const* scheme, Observation const& before, std::string const& path) {
  if (before.standing == Observation::Standing::absent) return scheme == nullptr;
  if (scheme == nullptr) return false;
  auto const now = state_of(*scheme, path);
  return now.text("state") == before.state.text("state") &&
         now.flag("plain") == before.state.flag("plain") &&
         now.text("hash_digest") == before.state.text("hash_digest");
}

class UserKind final : public EntryKind<Users> {
 public:
  UserKind(Inputs const& inputs, Doors const& doors)
      : EntryKind(doors.files, doors.control),
        passwords_(inputs.passwords),
        secrets_(doors.secrets),
        verified_(doors.files, inputs.runtime_directory) {}

  [[nodiscard]] engine::KindLaws const& laws() const override { return user::laws(); }

 private:
  [[nodiscard]] Result<EntryPlace> place(engine::Address const& address) const override {
    return user::parse(address);
  }

  Result<Users> parse(std::string const& path, std::string const& content) override {
    auto users = userdb::parse_users(content);
    if (users) return users;
    return fail(ErrorCode::invalid,
                path + ": " + users.error().what +
                    "; mend the file or move it away: it is not overwritten, and chasquid does "
                    "not read it either");
  }

  Observation look_at(engine::Resource const& resource, EntryPlace const& where, Users const& users,
                      bool desired) override {
    auto const found = users.find(where.name);
    auto const& secret = resource.spec.text("secret");
    std::optional<Secret<std::string>> password;
    if (!secret.empty()) {
      auto resolved = resolve(secret);
      // What nobody wishes any more may have lost its secret; it must still be removable.
      if (!resolved && desired)
        return Observation::unseen("password of " + where.name + "@" + where.domain + ": " +
                                   resolved.error().what);
      if (resolved) password = std::move(*resolved);
    }
    if (found == users.end()) return Observation::missing();
    auto state = state_of(found->second, resource.spec.text("path"));
    if (auto const* scrypt = std::get_if<Scrypt>(&found->second); scrypt && !secret.empty())
      if (password ? verified_.matches(*scrypt, *password) : true) state.set("secret", secret);
    return Observation::of(std::move(state));
  }

  [[nodiscard]] std::vector<std::pair<std::string, Fields>> all(
      Users const& users, std::string const& /*domain*/, std::string const& path) const override {
    std::vector<std::pair<std::string, Fields>> entries;
    for (auto const& [name, scheme] : users)
      // The seed's own file holds a user without a name: harmless, and no address.
      if (!name.empty()) entries.emplace_back(name, state_of(scheme, path));
    return entries;
  }

  Result<Secret<std::string>> resolve(std::string const& secret) {
    auto const reference = parse_reference(secret);
    if (!reference) return fail(ErrorCode::internal, "not a reference to a secret: " + secret);
    auto value = secrets_.resolve(*reference);
    if (value && value->empty()) return fail(ErrorCode::invalid, secret + " is empty");
    return value;
  }

  Result<Scheme> wished_by_secret(std::string const& secret, Scheme const* stored) {
    auto password = resolve(secret);
    if (!password) return fail(within(password.error(), "password"));
    auto const* scrypt = stored == nullptr ? nullptr : std::get_if<Scrypt>(stored);
    if (scrypt != nullptr && verified_.matches(*scrypt, *password)) return *stored;
    auto hashed = userdb::hash_password(*password);
    if (!hashed) return fail(hashed.error());
    verified_.note(*hashed, *password);
    return Scheme(std::move(*hashed));
  }

  /// The entry that `spec` asks for. `stored` is kept where it is right already.
  Result<Scheme> wished(Fields const& spec, EntryPlace const& where, Scheme const* stored) {
    if (spec.text("state") != "active") {
      bool const denied = stored != nullptr && std::holds_alternative<userdb::Denied>(*stored);
      return denied ? *stored : Scheme{};
    }
    if (auto const& secret = spec.text("secret"); !secret.empty())
      return wished_by_secret(secret, stored);
    auto const& digest = spec.text("hash_digest");
    auto const* scrypt = stored == nullptr ? nullptr : std::get_if<Scrypt>(stored);
    if (scrypt != nullptr && !digest.empty() && userdb::hash_digest(*scrypt) == digest)
      return *stored;
    auto const wish = passwords_.find({where.domain, where.name});
    if (wish == passwords_.end() || wish->second.hash.empty())
      return fail(ErrorCode::conflict,
                  "the manifest holds no hash of this user any more: apply it");
    auto hash = userdb::parse_phc(wish->second.hash);
    if (!hash) return fail(hash.error());
    // reconcile restores what was applied; a hash that the manifest got since then waits for apply.
    if (userdb::hash_digest(*hash) != digest)
      return fail(ErrorCode::conflict,
                  "the manifest holds another hash than was applied: apply it");
    return Scheme(std::move(*hash));
  }

  Result<> stage(Step const& step, EntryPlace const& where, std::string const& path,
                 Users& users) override {
    auto const found = users.find(where.name);
    auto const* stored = found == users.end() ? nullptr : &found->second;
    if (step.action == Action::remove) {
      if (stored == nullptr) return {};
      if (!unmoved(stored, step.before, path)) return moved(where, path);
      users.erase(found);
      return {};
    }
    auto wish = wished(step.spec, where, stored);
    if (!wish) return fail(wish.error());
    if (stored != nullptr && same(*stored, *wish)) return {};
    if (!unmoved(stored, step.before, path)) return moved(where, path);
    users.insert_or_assign(where.name, std::move(*wish));
    return {};
  }

  [[nodiscard]] bool changed(Users const& old, Users const& staged) const override {
    return !same_users(staged, old);
  }

  [[nodiscard]] Result<Secret<std::string>> render(Users const& staged) const override {
    auto content = userdb::format_users(staged);
    // A file that the daemon cannot read locks every user of the domain out.
    auto const again = userdb::parse_users(content.reveal());
    if (!again || !same_users(*again, staged))
      return fail(ErrorCode::internal, "what would be written does not read back; left alone");
    return content;
  }

  std::map<std::pair<std::string, std::string>, PasswordWish> passwords_;
  world::Secrets& secrets_;
  Verified verified_;
};

}  // namespace

std::unique_ptr<engine::Kind> make_user(Inputs const& inputs, Doors const& doors);
std::unique_ptr<engine::Kind> make_user(Inputs const& inputs, Doors const& doors) {
  return std::make_unique<UserKind>(inputs, doors);
}

}  // namespace mailstack::kinds
