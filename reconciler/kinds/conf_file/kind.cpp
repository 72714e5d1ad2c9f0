/// \file
/// The kind `conf_file` at work.

#include "core/userdb/utf8.hpp"
#include "reconciler/kinds/conf_file/packages.hpp"
#include "reconciler/kinds/conf_file/spec.hpp"
#include "reconciler/kinds/kinds.hpp"
#include "reconciler/kinds/mode_parts.hpp"
#include "reconciler/kinds/one_by_one.hpp"
#include "reconciler/kinds/shared_file.hpp"

namespace mailstack::kinds {

namespace {

using engine::Action;
using engine::Observation;
using engine::Step;

// No configuration that we render comes near; what does is something else at our path.
constexpr std::uint64_t most_octets = std::uint64_t{1024} * 1024;

class ConfFileKind : public OneByOne {
 public:
  ConfFileKind(Inputs const& inputs, Doors const& doors)
      : files_(doors.files),
        packages_(doors.files),
        units_left_alone_(inputs.units_left_alone),
        left_tree_(inputs.left_tree) {}

  [[nodiscard]] engine::KindLaws const& laws() const override { return conf_file::laws(); }

  std::vector<Result<>> put(std::string const& /*lane*/, std::span<Step const> steps) override {
    std::vector<Result<>> results;
    for (auto const& step : steps) {
      auto const path = conf_file::path_of(step.address);
      auto done = step.action == Action::remove ? erase(step, path) : write(step, path);
      results.push_back(done ? done : fail(within(done.error(), path)));
    }
    return results;
  }

  std::vector<Result<>> remove(std::string const& lane, std::span<Step const> steps) override {
    return put(lane, steps);
  }

 private:
  Observation look_at(engine::Resource const& resource) override {
    auto const path = conf_file::path_of(resource.address);
    auto const stat = files_.stat(path);
    if (!stat && stat.error().code == ErrorCode::not_found) return Observation::missing();
    if (!stat) return Observation::unseen(path + ": " + stat.error().what);
    if (stat->directory || stat->size > most_octets)
      return Observation::unseen(path + (stat->directory ? " is a directory" : " is over 1 MiB") +
                                 ": move it away");
    auto content = files_.read(path);
    if (!content) return Observation::unseen(path + ": " + content.error().what);
    if (!userdb::is_utf8(*content))
      return Observation::unseen(path + " is not UTF-8 text: move it away");
    engine::Fields state{
        {"path", path}, {"content", std::move(*content)}, {"mode", format_mode(stat->mode)}};
    if (files_.sets_owners()) {
      state.set("owner", stat->owner);
      state.set("group", stat->group);
    }
    if (state.text("content") != resource.spec.text("content") &&
        packages_.shipped(path, state.text("content")))
      state.set("shipped", true);
    return Observation::of(std::move(state));
  }

  /// Units that are released keep their files, and a daemon that is left its tree.
  Observation left_of(engine::Resource const& resource) override {
    auto seen = look_at(resource);
    auto const path = conf_file::path_of(resource.address);
    if ((units_left_alone_ && path.starts_with("/etc/systemd/system/")) ||
        (!left_tree_.empty() && path.starts_with(left_tree_ + "/")))
      seen.released = seen.standing == Observation::Standing::present;
    return seen;
  }

  /// Absent, or the content that the plan was made from or that is wished.
  Result<> check_unmoved(Step const& step, SharedFile const& file) {
    bool const planned = step.before.standing == Observation::Standing::present;
    if (!file.stat && !planned) return {};
    if (file.stat && planned && file.content == step.before.state.text("content")) return {};
    if (file.stat && step.action != Action::remove && file.content == step.spec.text("content"))
      return {};
    if (!file.stat && step.action == Action::remove) return {};
    return fail(ErrorCode::conflict, "changed since the plan was made: plan again");
  }

  Result<> write(Step const& step, std::string const& path) {
    auto const file = read_shared(files_, path);
    if (!file) return fail(file.error());
    if (auto same = check_unmoved(step, *file); !same) return same;
    auto const mode = parse_mode(step.spec.text("mode"));
    if (!mode) return fail(ErrorCode::internal, "not a file mode: " + step.spec.text("mode"));
    files::Attributes attributes{*mode, std::nullopt, std::nullopt};
    if (file->stat) {
      attributes.owner = file->stat->owner;
      attributes.group = file->stat->group;
    }
    if (auto const& owner = step.spec.text("owner"); !owner.empty()) attributes.owner = owner;
    if (auto const& group = step.spec.text("group"); !group.empty()) attributes.group = group;
    if (auto made = make_parent(files_, path, {0755, {}, {}}); !made) return made;
    return files_.write(path, step.spec.text("content"), attributes);
  }

  Result<> erase(Step const& step, std::string const& path) {
    auto const file = read_shared(files_, path);
    if (!file) return fail(file.error());
    if (auto same = check_unmoved(step, *file); !same) return same;
    return files_.remove(path);
  }

  files::Files& files_;
  conf_file::Packages packages_;
  bool units_left_alone_;
  std::string left_tree_;
};

}  // namespace

std::unique_ptr<engine::Kind> make_conf_file(Inputs const& inputs, Doors const& doors);
std::unique_ptr<engine::Kind> make_conf_file(Inputs const& inputs, Doors const& doors) {
  return std::make_unique<ConfFileKind>(inputs, doors);
}

}  // namespace mailstack::kinds
