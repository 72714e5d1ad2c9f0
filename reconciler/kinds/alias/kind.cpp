/// \file
/// The kind `alias` at work: one aliases file a domain, read once a look, written once a batch.

#include <map>
#include <set>

#include "core/userdb/aliases.hpp"
#include "reconciler/kinds/alias/spec.hpp"
#include "reconciler/kinds/kinds.hpp"
#include "reconciler/kinds/shared_file.hpp"

namespace mailstack::kinds {

namespace {

using engine::Action;
using engine::Fields;
using engine::Observation;
using engine::Step;
using userdb::Aliases;

struct AliasesFile {
  Aliases aliases;
  std::optional<files::Stat> stat;
};

std::vector<std::string> recipients_of(std::string const& right, std::string const& domain) {
  std::vector<std::string> to;
  if (auto const recipients = userdb::parse_recipients(right, domain))
    for (auto const& recipient : *recipients) to.push_back(userdb::format(recipient));
  return to;
}

Fields state_of(std::string const& right, std::string const& domain, std::string const& path) {
  Fields state{{"path", path}};
  std::vector<engine::Item> items;
  for (auto& recipient : recipients_of(right, domain)) items.emplace_back(std::move(recipient));
  state.set("to", std::move(items));
  return state;
}

class AliasKind : public engine::Kind {
 public:
  explicit AliasKind(Doors const& doors) : files_(doors.files) {}

  [[nodiscard]] engine::KindLaws const& laws() const override { return alias::laws(); }

  [[nodiscard]] std::size_t calls(engine::Scope const& scope) const override {
    std::set<std::string_view> paths;
    for (auto const& side : {scope.desired, scope.owned})
      for (auto const* resource : side) paths.insert(resource->spec.text("path"));
    return paths.size();
  }

  engine::Look observe(engine::Scope const& scope, engine::Progress& progress) override {
    std::map<std::string, Result<AliasesFile>> looks;
    for (auto const& side : {scope.desired, scope.owned})
      for (auto const* resource : side) {
        auto const& path = resource->spec.text("path");
        if (looks.contains(path)) continue;
        looks.emplace(path, read(path));
        progress.advance(scope.lane, 1);
      }
    engine::Look look;
    for (auto const* resource : scope.desired)
      look.desired.push_back(observe_one(*resource, looks));
    for (auto const* resource : scope.owned) look.owned.push_back(observe_one(*resource, looks));
    add_strangers(scope, looks, look);
    return look;
  }

  std::vector<Result<>> put(std::string const& /*lane*/, std::span<Step const> steps) override {
    return by_file(steps, [this](std::string const& path, std::vector<FileStep> const& changes) {
      return change_file(path, changes);
    });
  }

  std::vector<Result<>> remove(std::string const& lane, std::span<Step const> steps) override {
    return put(lane, steps);
  }

 private:
  Result<AliasesFile> read(std::string const& path) {
    auto file = read_shared(files_, path);
    if (!file) return fail(file.error());
    return AliasesFile{Aliases::parse(file->content), file->stat};
  }

  Observation observe_one(engine::Resource const& resource,
                          std::map<std::string, Result<AliasesFile>> const& looks) {
    auto const& path = resource.spec.text("path");
    auto const& file = looks.at(path);
    if (!file) return Observation::unseen(file.error().what);
    auto const where = alias::parse(resource.address);
    if (!where) return Observation::unseen(where.error().what);
    auto const* right = file->aliases.find(where->name);
    if (right == nullptr) return Observation::missing();
    auto state = state_of(*right, where->domain, path);
    if (files_.sets_owners() && file->stat) state.set("group", readers_of(*file->stat));
    return Observation::of(std::move(state));
  }

  /// Aliases that stand in a file of ours and that nobody declares.
  static void add_strangers(engine::Scope const& scope,
                            std::map<std::string, Result<AliasesFile>> const& looks,
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
      auto const where = alias::parse(resource->address);
      if (!file || !where) continue;
      for (auto const& entry : file->aliases.entries()) {
        engine::Address address{alias::kind_name,
                                where->host + "/" + where->domain + "/" + entry.name};
        if (known.contains(address)) continue;
        look.strangers.push_back({std::move(address), state_of(entry.right, where->domain, path),
                                  resource->group, scope.lane, false, true});
      }
    }
  }

  static Result<> stage(Step const& step, std::string const& path, Aliases& aliases) {
    auto const where = alias::parse(step.address);
    if (!where) return fail(where.error());
    auto const* right = aliases.find(where->name);
    std::optional<std::vector<std::string>> found;
    if (right != nullptr) found = recipients_of(*right, where->domain);
    std::optional<std::vector<std::string>> wanted;
    if (step.action != Action::remove) wanted = step.spec.texts("to");
    if (found == wanted) return {};
    std::optional<std::vector<std::string>> before;
    if (step.before.standing == Observation::Standing::present)
      before = step.before.state.texts("to");
    if (found != before)
      return fail(ErrorCode::conflict, where->name + "@" + where->domain + " in " + path +
                                           " changed since the plan was made: plan again");
    if (wanted) return aliases.set(where->name, *wanted);
    aliases.erase(where->name);
    return {};
  }

  /// All parts, or none of them.
  static Result<> stage_all(FileStep const& entry, std::string const& path, Aliases& staged) {
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
    auto staged = file->aliases;
    for (auto const& entry : steps) {
      results.push_back(stage_all(entry, path, staged));
    }
    if (auto written = write(path, *file, staged.format(), group_of(steps)); !written)
      for (auto& result : results)
        if (result) result = fail(written.error());
    return results;
  }

  Result<> write(std::string const& path, AliasesFile const& old, std::string const& content,
                 std::string const& group) {
    auto const attributes = readable_by(old.stat, group);
    if (content == old.aliases.format() && !differs(files_, old.stat, attributes)) return {};
    if (auto made = make_parent(files_, path, {0755, {}, {}}); !made)
      return fail(within(made.error(), path));
    if (auto done = files_.write(path, content, attributes); !done)
      return fail(within(done.error(), path));
    return {};
  }

  files::Files& files_;
};

}  // namespace

std::unique_ptr<engine::Kind> make_alias(Inputs const& inputs, Doors const& doors);
std::unique_ptr<engine::Kind> make_alias(Inputs const& /*inputs*/, Doors const& doors) {
  return std::make_unique<AliasKind>(doors);
}

}  // namespace mailstack::kinds
