#pragma once
/// \file
/// Kinds whose resources are entries of a domain in one file of the daemon (users, aliases): the
/// file is read once a look and written once a batch, and entries of others stay in it.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/secret/secret.hpp"
#include "reconciler/kinds/entry_parts.hpp"
#include "reconciler/kinds/shared_file.hpp"
#include "reconciler/world/control_socket.hpp"

namespace mailstack::kinds {

/// The half of such a kind that does not depend on what an entry is. `Entries` is a file taken
/// apart: a value that can be copied, so that a step that fails halfway leaves none of it.
///
/// A batch of one file is staged entry by entry; each step succeeds or fails for itself, and the
/// file is then replaced as a whole where an entry, its mode or its group changes. A daemon whose
/// control socket stands in `tells` of the steps reads its tree again after that. One that does not
/// listen, or refuses, is no failure: it looks by itself, and its unit says what it has.
template <class Entries>
class EntryKind : public engine::Kind {
 public:
  EntryKind(files::Files& files, world::ControlSocket* control)
      : files_(files), control_(control) {}

  [[nodiscard]] std::size_t calls(engine::Scope const& scope) const final {
    std::set<std::string_view> paths;
    for (auto const& side : {scope.desired, scope.owned})
      for (auto const* resource : side) paths.insert(resource->spec.text("path"));
    return paths.size();
  }

  engine::Look observe(engine::Scope const& scope, engine::Progress& progress) final {
    Looks looks;
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

  std::vector<Result<>> put(std::string const& /*lane*/,
                            std::span<engine::Step const> steps) final {
    auto results =
        by_file(steps, [this](std::string const& path, std::vector<FileStep> const& changes) {
          return change_file(path, changes);
        });
    tell(steps);
    return results;
  }

  std::vector<Result<>> remove(std::string const& lane, std::span<engine::Step const> steps) final {
    return put(lane, steps);
  }

 private:
  struct File {
    Entries entries;
    std::optional<files::Stat> stat;  ///< absent where there is no file
  };
  using Looks = std::map<std::string, Result<File>>;

  /// The parts of an address of this kind.
  [[nodiscard]] virtual Result<EntryPlace> place(engine::Address const& address) const = 0;
  /// Takes a whole file apart. `path` is for the message.
  virtual Result<Entries> parse(std::string const& path, std::string const& content) = 0;
  /// What stands there for one resource; absent or blind where that is so. `desired` is false for
  /// what is owned only.
  virtual engine::Observation look_at(engine::Resource const& resource, EntryPlace const& where,
                                      Entries const& entries, bool desired) = 0;
  /// Name and state of every entry that has a name.
  virtual std::vector<std::pair<std::string, engine::Fields>> all(
      Entries const& entries, std::string const& domain, std::string const& path) const = 0;
  /// Makes one step so in `entries`. Fails with conflict, and changes nothing, where the entry is
  /// neither what the plan was made from nor what is wished.
  virtual Result<> stage(engine::Step const& step, EntryPlace const& where, std::string const& path,
                         Entries& entries) = 0;
  /// False where the file need not be written for `staged`.
  virtual bool changed(Entries const& old, Entries const& staged) const = 0;
  /// The whole file. Fails where the daemon would not read it as it is meant.
  virtual Result<Secret<std::string>> render(Entries const& staged) const = 0;

  Result<File> read(std::string const& path) {
    auto file = read_shared(files_, path);
    if (!file) return fail(file.error());
    auto entries = parse(path, file->content);
    if (!entries) return fail(entries.error());
    return File{std::move(*entries), std::move(file->stat)};
  }

  engine::Observation observe_one(engine::Resource const& resource, Looks const& looks,
                                  bool desired) {
    auto const& file = looks.at(resource.spec.text("path"));
    if (!file) return engine::Observation::unseen(file.error().what);
    auto const where = place(resource.address);
    if (!where) return engine::Observation::unseen(where.error().what);
    auto seen = look_at(resource, *where, file->entries, desired);
    if (seen.standing == engine::Observation::Standing::present && file->stat)
      note_readers(seen.state, file->stat->mode,
                   files_.sets_owners() ? file->stat->group : std::string());
    return seen;
  }

  /// Entries that stand in a file of ours and that nobody declares.
  void add_strangers(engine::Scope const& scope, Looks const& looks, engine::Look& look) const {
    std::map<std::string, engine::Resource const*> places;
    std::set<engine::Address> known;
    for (auto const& side : {scope.desired, scope.owned})
      for (auto const* resource : side) {
        places.emplace(resource->spec.text("path"), resource);
        known.insert(resource->address);
      }
    for (auto const& [path, resource] : places) {
      auto const& file = looks.at(path);
      auto const where = place(resource->address);
      if (!file || !where) continue;
      for (auto& [name, state] : all(file->entries, where->domain, path)) {
        engine::Address address{resource->address.kind,
                                where->host + "/" + where->domain + "/" + name};
        if (known.contains(address)) continue;
        look.strangers.push_back(
            {std::move(address), std::move(state), resource->group, scope.lane, false, true});
      }
    }
  }

  Result<> stage_one(engine::Step const& step, std::string const& path, Entries& entries) {
    auto const where = place(step.address);
    if (!where) return fail(where.error());
    return stage(step, *where, path, entries);
  }

  /// All parts, or none of them.
  Result<> stage_all(FileStep const& entry, std::string const& path, Entries& staged) {
    if (entry.parts.size() == 1) return stage_one(*entry.parts.front(), path, staged);
    auto attempt = staged;
    for (auto const* part : entry.parts)
      if (auto done = stage_one(*part, path, attempt); !done) return done;
    staged = std::move(attempt);
    return {};
  }

  std::vector<Result<>> change_file(std::string const& path, std::vector<FileStep> const& steps) {
    auto const file = read(path);
    if (!file) return std::vector<Result<>>(steps.size(), fail(file.error()));
    std::vector<Result<>> results;
    results.reserve(steps.size());
    auto staged = file->entries;
    for (auto const& entry : steps) results.push_back(stage_all(entry, path, staged));
    if (auto written = write(path, *file, staged, group_of(steps)); !written)
      for (auto& result : results)
        if (result) result = fail(within(written.error(), path));
    return results;
  }

  Result<> write(std::string const& path, File const& old, Entries const& staged,
                 std::string const& group) {
    auto const attributes = readable_by(old.stat, group);
    if (!changed(old.entries, staged) && !differs(files_, old.stat, attributes)) return {};
    auto const content = render(staged);
    if (!content) return fail(content.error());
    if (auto made = make_parent(files_, path, {0755, {}, {}}); !made) return made;
    return files_.write(path, content->reveal(), attributes);
  }

  void tell(std::span<engine::Step const> steps) {
    if (control_ == nullptr) return;
    std::set<std::string> sockets;
    for (auto const& step : steps) sockets.insert(step.spec.text("tells"));
    sockets.erase("");
    for (auto const& socket : sockets) (void)control_->ask(socket, R"({"do":"reload"})");
  }

  files::Files& files_;
  world::ControlSocket* control_;
};

/// For stage(): the entry is neither what the plan was made from nor what is wished.
inline tl::unexpected<Error> moved(EntryPlace const& where, std::string const& path) {
  return fail(ErrorCode::conflict, where.name + "@" + where.domain + " in " + path +
                                       " changed since the plan was made: plan again");
}

}  // namespace mailstack::kinds
