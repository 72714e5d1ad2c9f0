/// \file
/// The kind `secret_file` at work.

#include "reconciler/kinds/kinds.hpp"
#include "reconciler/kinds/mode_parts.hpp"
#include "reconciler/kinds/one_by_one.hpp"
#include "reconciler/kinds/secret_file/spec.hpp"
#include "reconciler/kinds/secret_reference.hpp"
#include "reconciler/kinds/shared_file.hpp"

namespace mailstack::kinds {

namespace {

using engine::Action;
using engine::Observation;
using engine::Step;

class SecretFileKind : public OneByOne {
 public:
  explicit SecretFileKind(Doors const& doors) : files_(doors.files), secrets_(doors.secrets) {}

  [[nodiscard]] engine::KindLaws const& laws() const override { return secret_file::laws(); }

  std::vector<Result<>> put(std::string const& /*lane*/, std::span<Step const> steps) override {
    std::vector<Result<>> results;
    for (auto const& step : steps) {
      auto const path = secret_file::path_of(step.address);
      auto const done = step.action == Action::remove ? files_.remove(path) : write(step, path);
      results.push_back(done ? done : fail(within(done.error(), path)));
    }
    return results;
  }

  std::vector<Result<>> remove(std::string const& lane, std::span<Step const> steps) override {
    return put(lane, steps);
  }

 private:
  Observation look_at(engine::Resource const& resource) override {
    auto const path = secret_file::path_of(resource.address);
    auto const& name = resource.spec.text("secret");
    auto const file = read_shared(files_, path);
    if (!file) return Observation::unseen(file.error().what);
    auto const value = resolve(name);
    if (!value) return Observation::unseen(path + ": " + value.error().what);
    if (!file->stat) return Observation::missing();
    engine::Fields state{{"path", path}, {"mode", format_mode(file->stat->mode)}};
    if (file->content == value->reveal() + "\n") state.set("secret", name);
    if (files_.sets_owners()) state.set("group", file->stat->group);
    return Observation::of(std::move(state));
  }

  /// Its secret may be gone together with the wish.
  Observation left_of(engine::Resource const& resource) override {
    auto const path = secret_file::path_of(resource.address);
    auto const stat = files_.stat(path);
    if (!stat && stat.error().code == ErrorCode::not_found) return Observation::missing();
    if (!stat) return Observation::unseen(path + ": " + stat.error().what);
    return Observation::of({{"path", path}});
  }

  Result<Secret<std::string>> resolve(std::string const& name) {
    auto const reference = parse_reference(name);
    if (!reference) return fail(ErrorCode::internal, "not a reference to a secret: " + name);
    auto value = secrets_.resolve(*reference);
    if (value && value->empty()) return fail(ErrorCode::invalid, name + " is empty");
    return value;
  }

  Result<> write(Step const& step, std::string const& path) {
    auto const value = resolve(step.spec.text("secret"));
    if (!value) return fail(value.error());
    auto const& group = step.spec.text("group");
    if (auto made = make_parent(files_, path, {0750, {}, group}); !made) return made;
    return files_.write(path, value->reveal() + "\n", {0640, {}, group});
  }

  files::Files& files_;
  world::Secrets& secrets_;
};

}  // namespace

std::unique_ptr<engine::Kind> make_secret_file(Inputs const& inputs, Doors const& doors);
std::unique_ptr<engine::Kind> make_secret_file(Inputs const& /*inputs*/, Doors const& doors) {
  return std::make_unique<SecretFileKind>(doors);
}

}  // namespace mailstack::kinds
