/// \file
/// The kind `domain_folder` at work.

#include <algorithm>
#include <map>
#include <mutex>

#include "reconciler/kinds/domain_folder/spec.hpp"
#include "reconciler/kinds/kinds.hpp"
#include "reconciler/kinds/one_by_one.hpp"

namespace mailstack::kinds {

namespace {

using engine::Action;
using engine::Observation;
using engine::Step;

bool holds_nothing(std::string const& content) {
  return content.find_first_not_of(" \t\r\n") == std::string::npos;
}

std::string listed(std::vector<std::string> const& names) {
  constexpr std::size_t shown = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), shown); ++i)
    text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > shown) text += " and " + std::to_string(names.size() - shown) + " more";
  return text;
}

class DomainFolderKind : public OneByOne {
 public:
  DomainFolderKind(Inputs const& inputs, Doors const& doors)
      : files_(doors.files), left_tree_(inputs.left_tree) {}

  [[nodiscard]] engine::KindLaws const& laws() const override { return domain_folder::laws(); }

  std::vector<Result<>> put(std::string const& /*lane*/, std::span<Step const> steps) override {
    std::vector<Result<>> results;
    for (auto const& step : steps) {
      auto const path = domain_folder::path_of(step.address);
      auto done = step.action == Action::remove
                      ? erase(path)
                      : files_.make_directory(path, {0755, std::nullopt, std::nullopt});
      results.push_back(done ? done : fail(within(done.error(), path)));
    }
    return results;
  }

  std::vector<Result<>> remove(std::string const& lane, std::span<Step const> steps) override {
    return put(lane, steps);
  }

  std::vector<engine::Confirmation> confirm(std::string const& /*lane*/,
                                            std::span<Step const> steps,
                                            Duration /*wait*/) override {
    std::vector<engine::Confirmation> all(steps.size());
    std::lock_guard const lock(mutex_);
    for (std::size_t i = 0; i < steps.size(); ++i) {
      auto const path = domain_folder::path_of(steps[i].address);
      auto const left = left_.find(path);
      if (steps[i].action != Action::remove || left == left_.end()) continue;
      all[i].standing = engine::Confirmation::Standing::kept;
      all[i].answers = {"it holds " + left->second + ", which is not ours",
                        "the daemon takes mail for " + path.substr(path.rfind('/') + 1) +
                            " while the folder stands: move away what it holds, and the folder"};
    }
    return all;
  }

 private:
  Observation look_at(engine::Resource const& resource) override {
    auto const path = domain_folder::path_of(resource.address);
    auto const stat = files_.stat(path);
    if (!stat && stat.error().code == ErrorCode::not_found) return Observation::missing();
    if (!stat) return Observation::unseen(path + ": " + stat.error().what);
    if (!stat->directory) return Observation::unseen(path + " is a file: move it away");
    engine::Fields state{{"path", path}};
    std::lock_guard const lock(mutex_);
    if (auto const left = left_.find(path); left != left_.end()) state.set("foreign", left->second);
    return Observation::of(std::move(state));
  }

  /// A daemon that is left keeps its tree.
  Observation left_of(engine::Resource const& resource) override {
    auto seen = look_at(resource);
    if (!left_tree_.empty() &&
        domain_folder::path_of(resource.address).starts_with(left_tree_ + "/"))
      seen.released = seen.standing == Observation::Standing::present;
    return seen;
  }

  Result<> erase(std::string const& path) {
    auto names = files_.list(path);
    if (!names && names.error().code == ErrorCode::not_found) return {};
    if (!names) return fail(names.error());
    // While the domain was served they had to stay: chasquid 1.11 keeps the users of a file that
    // vanishes.
    for (auto const* name : {"users", "aliases"}) {
      auto const found = std::find(names->begin(), names->end(), name);
      if (found == names->end()) continue;
      auto const content = files_.read(path + "/" + name);
      if (!content || !holds_nothing(*content)) continue;
      if (auto gone = files_.remove(path + "/" + name); !gone) return gone;
      names->erase(found);
    }
    if (names->empty()) return files_.remove(path);
    std::lock_guard const lock(mutex_);
    left_[path] = listed(*names);
    return {};
  }

  files::Files& files_;
  std::string left_tree_;
  std::mutex mutex_;                         ///< guards left_, which lanes share
  std::map<std::string, std::string> left_;  ///< what this run let stand, and what is in it
};

}  // namespace

std::unique_ptr<engine::Kind> make_domain_folder(Inputs const& inputs, Doors const& doors);
std::unique_ptr<engine::Kind> make_domain_folder(Inputs const& inputs, Doors const& doors) {
  return std::make_unique<DomainFolderKind>(inputs, doors);
}

}  // namespace mailstack::kinds
