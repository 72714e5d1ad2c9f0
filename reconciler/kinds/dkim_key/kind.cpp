/// \file
/// The kind `dkim_key` at work. A private key is the one thing here that cannot be made again, so
/// no branch writes over one.

#include <algorithm>

#include "reconciler/kinds/dkim_key/keys.hpp"
#include "reconciler/kinds/dkim_key/known.hpp"
#include "reconciler/kinds/dkim_key/spec.hpp"
#include "reconciler/kinds/kinds.hpp"
#include "reconciler/kinds/mode_parts.hpp"
#include "reconciler/kinds/shared_file.hpp"

namespace mailstack::kinds {

namespace {

using dkim_key::Place;
using dkim_key::PublicPart;
using engine::Action;
using engine::Fields;
using engine::Observation;
using engine::Step;
using Standing = engine::Observation::Standing;

constexpr unsigned waiting_mode = 0600;
constexpr unsigned signing_mode = 0640;

/// A key file that is there.
struct KeyFile {
  Secret<std::string> pem;
  PublicPart part;
  files::Stat stat;
};

bool is_signing(Fields const& spec) { return spec.find("from") != nullptr; }

class DkimKeyKind : public engine::Kind {
 public:
  DkimKeyKind(Inputs const& inputs, Doors const& doors)
      : files_(doors.files),
        known_(doors.files, inputs.runtime_directory),
        maker_(inputs.key_maker) {
    if (!maker_) maker_ = std::make_shared<dkim_key::OpenSslKeyMaker>();
  }

  [[nodiscard]] engine::KindLaws const& laws() const override { return dkim_key::laws(); }

  [[nodiscard]] std::size_t calls(engine::Scope const& scope) const override {
    return scope.desired.size() + scope.owned.size();
  }

  engine::Look observe(engine::Scope const& scope, engine::Progress& progress) override {
    // Where the copies stand, so that a waiting key that vanished is found again.
    std::map<engine::Address, std::string> copies;
    for (auto const& side : {scope.desired, scope.owned})
      for (auto const* resource : side)
        if (auto place = dkim_key::parse(resource->address); place && place->signing) {
          place->signing = false;
          copies.emplace(dkim_key::address(*place), resource->spec.text("path"));
        }
    engine::Look look;
    for (auto const* resource : scope.desired) look.desired.push_back(look_at(*resource, copies));
    for (auto const* resource : scope.owned) look.owned.push_back(look_at(*resource, copies));
    known_.store();
    progress.advance(scope.lane, calls(scope));
    return look;
  }

  std::vector<Result<>> put(std::string const& /*lane*/, std::span<Step const> steps) override {
    std::vector<Result<>> results;
    for (auto const& step : steps) {
      auto const path = path_of(step);
      auto done = step.action == Action::remove ? erase(step, path)
                  : is_signing(step.spec)       ? put_signing(step, path)
                                                : put_waiting(step, path);
      results.push_back(done ? done : fail(within(done.error(), path)));
    }
    return results;
  }

  std::vector<Result<>> remove(std::string const& lane, std::span<Step const> steps) override {
    return put(lane, steps);
  }

 private:
  /// Nothing there is no error.
  Result<std::optional<KeyFile>> read(std::string const& path) {
    auto file = read_shared(files_, path);
    if (!file) return fail(file.error());
    if (!file->stat) return std::optional<KeyFile>();
    Secret<std::string> pem(std::move(file->content));
    auto part = known_.part(pem);
    if (!part) return fail(within(part.error(), path));
    return std::optional(KeyFile{std::move(pem), std::move(*part), std::move(*file->stat)});
  }

  Observation look_at(engine::Resource const& resource,
                      std::map<engine::Address, std::string> const& copies) {
    auto const& spec = resource.spec;
    auto const& path = spec.text("path");
    auto const file = read(path);
    if (!file)
      return Observation::unseen(file.error().what +
                                 (file.error().code == ErrorCode::invalid
                                      ? "; restore the key from a backup or move the file away: it "
                                        "is never overwritten"
                                      : ""));
    if (!*file) return look_at_absent(resource, copies);
    auto const& key = **file;
    if (auto const reason = disagreement(resource, key, copies); !reason.empty())
      return Observation::unseen(reason);
    Fields state{{"path", path},
                 {"public_key", key.part.key},
                 {"algorithm", key.part.algorithm},
                 {"mode", format_mode(key.stat.mode)}};
    if (files_.sets_owners()) state.set("group", key.stat.group);
    return Observation::of(std::move(state));
  }

  /// Why neither the waiting nor the signing file of a key can be trusted; empty where they agree.
  /// It is said of both: were the waiting one alone seen, the TXT would follow it, away from the
  /// key that the daemon signs with.
  std::string disagreement(engine::Resource const& resource, KeyFile const& key,
                           std::map<engine::Address, std::string> const& copies) {
    auto const& path = resource.spec.text("path");
    bool const signs = is_signing(resource.spec);
    auto const copy = copies.find(resource.address);
    if (!signs && copy == copies.end()) return {};
    auto const& other = signs ? resource.spec.text("from") : copy->second;
    auto const file = read(other);
    if (!file || !*file || (*file)->part == key.part) return {};
    auto const& daemons = signs ? path : other;
    auto const& waits = signs ? other : path;
    return "the two files hold different keys: keep " + daemons +
           ", which the daemon signs with, and move " + waits +
           " away (it is then taken back from the copy); neither is overwritten, and the TXT stays "
           "as it is";
  }

  Observation look_at_absent(engine::Resource const& resource,
                             std::map<engine::Address, std::string> const& copies) {
    auto observation = Observation::missing();
    if (!is_signing(resource.spec)) {
      auto const copy = copies.find(resource.address);
      if (copy == copies.end()) return observation;
      auto const file = read(copy->second);
      // A new key would be made in the place of one that can still be saved.
      if (!file) return Observation::unseen(file.error().what);
      if (*file) observation.state.set("copy", copy->second);
      return observation;
    }
    auto const& path = resource.spec.text("path");
    auto const directory = path.substr(0, path.rfind('/'));
    auto const names = files_.list(directory);
    if (!names && names.error().code != ErrorCode::not_found)
      return Observation::unseen(directory + ": " + names.error().what);
    if (names && std::any_of(names->begin(), names->end(), [](std::string const& name) {
          return name.starts_with("dkim:") && name.ends_with(".pem");
        }))
      observation.state.set("others", true);
    return observation;
  }

  Result<> put_waiting(Step const& step, std::string const& path) {
    auto const file = read(path);
    if (!file) return fail(file.error());
    if (*file) {
      // Made by a run that was stopped before it could note it, or by hand since the plan: it is
      // the key from now on.
      if ((*file)->stat.mode == waiting_mode) return {};
      return files_.write(path, (*file)->pem.reveal(),
                          {waiting_mode, (*file)->stat.owner, (*file)->stat.group});
    }
    auto pem = recover(step.before.state.text("copy"));
    if (!pem) return fail(pem.error());
    if (!*pem) {
      auto made = maker_->generate(step.spec.text("algorithm"));
      if (!made) return fail(made.error());
      *pem = std::move(*made);
    }
    if (auto made = make_parent(files_, path, {0700, {}, {}}); !made) return made;
    return files_.write(path, (*pem)->reveal(), {waiting_mode, {}, {}});
  }

  /// The signing copy at `path`; absent where there is none.
  Result<std::optional<Secret<std::string>>> recover(std::string const& path) {
    if (path.empty()) return std::optional<Secret<std::string>>();
    auto const copy = read(path);
    if (!copy) return fail(copy.error());
    if (!*copy)
      return fail(ErrorCode::conflict, path + " is gone since the plan was made: plan again");
    return std::optional((*copy)->pem);
  }

  Result<> put_signing(Step const& step, std::string const& path) {
    auto const& from = step.spec.text("from");
    auto const original = read(from);
    if (!original) return fail(original.error());
    if (!*original) return fail(ErrorCode::not_found, from + " does not exist: plan again");
    auto const& key = step.spec.text("key");
    if (!key.empty() && (*original)->part.key != key)
      return fail(ErrorCode::conflict, from + " is another key than was published: plan again");
    auto const there = read(path);
    if (!there) return fail(there.error());
    if (*there && (*there)->part != (*original)->part)
      return fail(ErrorCode::conflict,
                  "holds another key than " + from + ": move one of them away");
    files::Attributes attributes{signing_mode, std::nullopt, std::nullopt};
    if (*there) {
      attributes.owner = (*there)->stat.owner;
      attributes.group = (*there)->stat.group;
    }
    if (auto const& group = step.spec.text("group"); !group.empty()) attributes.group = group;
    if (auto made = make_parent(files_, path, {0755, {}, {}}); !made) return made;
    return files_.write(path, (*original)->pem.reveal(), attributes);
  }

  Result<> erase(Step const& step, std::string const& path) {
    auto const file = read(path);
    if (!file) return fail(file.error());
    if (!*file) return {};
    if (step.before.standing == Standing::present &&
        (*file)->part.key != step.before.state.text("public_key"))
      return fail(ErrorCode::conflict, "holds another key than the plan was made from: plan again");
    return files_.remove(path);
  }

  files::Files& files_;
  dkim_key::KnownKeys known_;
  std::shared_ptr<dkim_key::KeyMaker> maker_;
};

}  // namespace

std::unique_ptr<engine::Kind> make_dkim_key(Inputs const& inputs, Doors const& doors);
std::unique_ptr<engine::Kind> make_dkim_key(Inputs const& inputs, Doors const& doors) {
  return std::make_unique<DkimKeyKind>(inputs, doors);
}

}  // namespace mailstack::kinds
