/// \file
/// The kind `user` at work: one users file a domain, read once a look, written once a batch.

#include <map>
#include <mutex>
#include <set>

#include "core/userdb/users.hpp"
#include "reconciler/kinds/kinds.hpp"
#include "reconciler/kinds/shared_file.hpp"
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

/// `credential:app-password` back to the reference whose text() it is.
std::optional<world::SecretReference> parse_reference(std::string const& text) {
  using Form = world::SecretReference::Form;
  for (auto const& [word, form] : {std::pair{"credential:", Form::credential},
                                   std::pair{"file:", Form::file}, std::pair{"env:", Form::env}})
    if (text.starts_with(word))
      return world::SecretReference{form, text.substr(std::string_view(word).size())};
  return std::nullopt;
}

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

struct UsersFile {
  Users users;
  std::optional<files::Stat> stat;
};

class UserKind : public engine::Kind {
 public:
  UserKind(Inputs const& inputs, Doors const& doors)
      : passwords_(inputs.passwords),
        files_(doors.files),
        secrets_(doors.secrets),
        verified_(doors.files, inputs.runtime_directory) {}

  [[nodiscard]] engine::KindLaws const& laws() const override { return user::laws(); }

  [[nodiscard]] std::size_t calls(engine::Scope const& scope) const override {
    std::set<std::string_view> paths;
    for (auto const& side : {scope.desired, scope.owned})
      for (auto const* resource : side) paths.insert(resource->spec.text("path"));
    return paths.size();
  }

  engine::Look observe(engine::Scope const& scope, engine::Progress& progress) override {
    std::lock_guard const lock(mutex_);
    std::map<std::string, Result<UsersFile>> looks;
    for (auto const& side : {scope.desired, scope.owned})
      for (auto const* resource : side) {
        auto const& path = resource->spec.text("path");
        if (looks.contains(path)) continue;
        looks.emplace(path, read(path));
        progress.advance(scope.lane, 1);
      }
    engine::Look look;
    for (auto const* resource : scope.desired)
      look.desired.push_back(observe_one(*resource, looks, true));
    for (auto const* resource : scope.owned)
      look.owned.push_back(observe_one(*resource, looks, false));
    add_strangers(scope, looks, look);
    return look;
  }

  std::vector<Result<>> put(std::string const& /*lane*/, std::span<Step const> steps) override {
    std::lock_guard const lock(mutex_);
    return by_file(steps, [this](std::string const& path, std::vector<FileStep> const& changes) {
      return change_file(path, changes);
    });
  }

  std::vector<Result<>> remove(std::string const& lane, std::span<Step const> steps) override {
    return put(lane, steps);
  }

 private:
  Result<UsersFile> read(std::string const& path) {
    auto file = read_shared(files_, path);
    if (!file) return fail(file.error());
    auto users = userdb::parse_users(file->content);
    if (!users)
      return fail(ErrorCode::invalid,
                  path + ": " + users.error().what +
                      "; mend the file or move it away: it is not overwritten, and chasquid does "
                      "not read it either");
    return UsersFile{std::move(*users), file->stat};
  }

  Observation observe_one(engine::Resource const& resource,
                          std::map<std::string, Result<UsersFile>> const& looks, bool desired) {
    auto const& spec = resource.spec;
    auto const& path = spec.text("path");
    auto const& file = looks.at(path);
    if (!file) return Observation::unseen(file.error().what);
    auto const where = user::parse(resource.address);
    if (!where) return Observation::unseen(where.error().what);
    auto const found = file->users.find(where->name);
    auto const& secret = spec.text("secret");
    std::optional<Secret<std::string>> password;
    if (!secret.empty()) {
      auto resolved = resolve(secret);
      // What nobody wishes any more may have lost its secret; it must still be removable.
      if (!resolved && desired)
        return Observation::unseen("password of " + where->name + "@" + where->domain + ": " +
                                   resolved.error().what);
      if (resolved) password = std::move(*resolved);
    }
    if (found == file->users.end()) return Observation::missing();
    auto state = state_of(found->second, path);
    if (auto const* scrypt = std::get_if<Scrypt>(&found->second); scrypt && !secret.empty())
      if (password ? verified_.matches(*scrypt, *password) : true) state.set("secret", secret);
    if (files_.sets_owners() && file->stat) state.set("group", readers_of(*file->stat));
    return Observation::of(std::move(state));
  }

  /// Users that stand in a file of ours and that nobody declares.
  static void add_strangers(engine::Scope const& scope,
                            std::map<std::string, Result<UsersFile>> const& looks,
                            engine::Look& look) {
    std::map<std::string, engine::Resource const*> places;
    std::set<engine::Address> known;
    for (auto const& side : {scope.desired, scope.owned})
      for (auto const* resource : side) {
        places.emplace(resource->spec.text("path"), resource);
        known.insert(resource->address);
      }
    for (auto const& [path, resource] : places) {
      auto const& file = looks.at(path);
      auto const where = user::parse(resource->address);
      if (!file || !where) continue;
      for (auto const& [name, scheme] : file->users) {
        engine::Address address{user::kind_name, where->host + "/" + where->domain + "/" + name};
        // The seed's own file holds a user without a name: harmless, and no address.
        if (name.empty() || known.contains(address)) continue;
        look.strangers.push_back(
            {std::move(address), state_of(scheme, path), resource->group, scope.lane, false, true});
      }
    }
  }

  Result<Secret<std::string>> resolve(std::string const& secret) {
    auto const reference = parse_reference(secret);
    if (!reference) return fail(ErrorCode::internal, "not a reference to a secret: " + secret);
    auto value = secrets_.resolve(*reference);
    if (value && value->empty()) return fail(ErrorCode::invalid, secret + " is empty");
    return value;
  }

  /// The entry that `spec` asks for. `stored` is kept where it is right already.
  Result<Scheme> wished(Fields const& spec, user::Place const& where, Scheme const* stored) {
    if (spec.text("state") != "active") {
      bool const denied = stored != nullptr && std::holds_alternative<userdb::Denied>(*stored);
      return denied ? *stored : Scheme{};
    }
    if (auto const& secret = spec.text("secret"); !secret.empty()) {
      auto password = resolve(secret);
      if (!password) return fail(within(password.error(), "password"));
      auto const* scrypt = stored == nullptr ? nullptr : std::get_if<Scrypt>(stored);
      if (scrypt != nullptr && verified_.matches(*scrypt, *password)) return *stored;
      auto hashed = userdb::hash_password(*password);
      if (!hashed) return fail(hashed.error());
      verified_.note(*hashed, *password);
      return Scheme(std::move(*hashed));
    }
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

  Result<> stage(Step const& step, std::string const& path, Users& users) {
    auto const where = user::parse(step.address);
    if (!where) return fail(where.error());
    auto const found = users.find(where->name);
    auto const* stored = found == users.end() ? nullptr : &found->second;
    auto const moved =
        fail(ErrorCode::conflict, where->name + "@" + where->domain + " in " + path +
                                      " changed since the plan was made: plan again");
    if (step.action == Action::remove) {
      if (stored == nullptr) return {};
      if (!unmoved(stored, step.before, path)) return moved;
      users.erase(found);
      return {};
    }
    auto wish = wished(step.spec, *where, stored);
    if (!wish) return fail(wish.error());
    if (stored != nullptr && same(*stored, *wish)) return {};
    if (!unmoved(stored, step.before, path)) return moved;
    users.insert_or_assign(where->name, std::move(*wish));
    return {};
  }

  /// All parts, or none of them.
  Result<> stage_all(FileStep const& entry, std::string const& path, Users& staged) {
    if (entry.parts.size() == 1) return stage(*entry.parts.front(), path, staged);
    auto attempt = staged;
    for (auto const* part : entry.parts)
      if (auto done = stage(*part, path, attempt); !done) return done;
    staged = std::move(attempt);
    return {};
  }

  std::vector<Result<>> change_file(std::string const& path, std::vector<FileStep> const& steps) {
    auto const file = read(path);
    if (!file) return std::vector<Result<>>(steps.size(), fail(file.error()));
    std::vector<Result<>> results;
    auto staged = file->users;
    for (auto const& entry : steps) {
      results.push_back(stage_all(entry, path, staged));
    }
    if (auto written = write(path, *file, staged, group_of(steps)); !written)
      for (auto& result : results)
        if (result) result = fail(written.error());
    return results;
  }

  Result<> write(std::string const& path, UsersFile const& old, Users const& staged,
                 std::string const& group) {
    auto const attributes = readable_by(old.stat, group);
    if (same_users(staged, old.users) && !differs(files_, old.stat, attributes) &&
        (old.stat || staged.empty()))
      return {};
    auto const content = userdb::format_users(staged);
    // A file that the daemon cannot read locks every user of the domain out.
    auto const again = userdb::parse_users(content.reveal());
    if (!again || !same_users(*again, staged))
      return fail(ErrorCode::internal,
                  path + ": what would be written does not read back; left alone");
    if (auto made = make_parent(files_, path, {0755, {}, {}}); !made)
      return fail(within(made.error(), path));
    if (auto done = files_.write(path, content.reveal(), attributes); !done)
      return fail(within(done.error(), path));
    return {};
  }

  std::map<std::pair<std::string, std::string>, PasswordWish> passwords_;
  files::Files& files_;
  world::Secrets& secrets_;
  std::mutex mutex_;  ///< guards verified_, which lanes share
  Verified verified_;
};

}  // namespace

std::unique_ptr<engine::Kind> make_user(Inputs const& inputs, Doors const& doors);
std::unique_ptr<engine::Kind> make_user(Inputs const& inputs, Doors const& doors) {
  return std::make_unique<UserKind>(inputs, doors);
}

}  // namespace mailstack::kinds
