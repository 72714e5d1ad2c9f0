/// \file
/// The kind `account` at work. getent looks, since accounts may come from elsewhere than
/// /etc/passwd; useradd makes, since it is there with systemd and without.

#include "reconciler/kinds/account/spec.hpp"
#include "reconciler/kinds/kinds.hpp"
#include "reconciler/kinds/one_by_one.hpp"

namespace mailstack::kinds {

namespace {

using engine::Action;
using engine::Observation;
using engine::Step;

constexpr int no_such_entry = 2;  // getent(1)

class AccountKind : public OneByOne {
 public:
  explicit AccountKind(Doors const& doors) : files_(doors.files), process_(doors.process) {}

  [[nodiscard]] engine::KindLaws const& laws() const override { return account::laws(); }

  std::vector<Result<>> put(std::string const& /*lane*/, std::span<Step const> steps) override {
    std::vector<Result<>> results;
    for (auto const& step : steps) {
      auto const name = account::name_of(step.address);
      auto const done = make(step, name, step.spec.text("home"));
      results.push_back(done ? done : fail(within(done.error(), "account " + name)));
    }
    return results;
  }

  /// Never planned: left_of() releases it.
  std::vector<Result<>> remove(std::string const& /*lane*/, std::span<Step const> steps) override {
    return std::vector<Result<>>(steps.size());
  }

 private:
  Observation look_at(engine::Resource const& resource) override {
    auto const name = account::name_of(resource.address);
    if (process_ == nullptr) return Observation::missing();
    auto const found = process_->run({{"getent", "passwd", name}, {}, {}, {}, {}});
    if (!found) return Observation::unseen("account " + name + ": " + found.error().what);
    if (found->status == no_such_entry) return Observation::missing();
    if (found->status != 0)
      return Observation::unseen("account " + name + ": getent ended with status " +
                                 std::to_string(found->status));
    engine::Fields state{{"name", name}};
    auto const& home = resource.spec.text("home");
    auto const stat = files_.stat(home);
    if (stat && stat->directory && (!files_.sets_owners() || stat->owner == name))
      state.set("home", home);
    return Observation::of(std::move(state));
  }

  Observation left_of(engine::Resource const& resource) override {
    auto seen = look_at(resource);
    seen.released = seen.standing == Observation::Standing::present;
    return seen;
  }

  Result<> make(Step const& step, std::string const& name, std::string const& home) {
    if (step.action == Action::create) {
      auto const done = process_->run({{"useradd", "--system", "--user-group", "--no-create-home",
                                        "--home-dir", home, "--shell", "/usr/sbin/nologin", name},
                                       {},
                                       {},
                                       {},
                                       {}});
      if (!done) return fail(done.error());
      if (done->status != 0)
        return fail(ErrorCode::denied,
                    "useradd: " + done->errors.substr(0, done->errors.find('\n')));
    }
    return files_.make_directory(home, {0700, name, name});
  }

  files::Files& files_;
  world::Process* process_;
};

}  // namespace

std::unique_ptr<engine::Kind> make_account(Inputs const& inputs, Doors const& doors);
std::unique_ptr<engine::Kind> make_account(Inputs const& /*inputs*/, Doors const& doors) {
  return std::make_unique<AccountKind>(doors);
}

}  // namespace mailstack::kinds
