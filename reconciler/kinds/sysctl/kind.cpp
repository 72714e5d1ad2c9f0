/// \file
/// The kind `sysctl` at work: reads below /proc/sys, and writes there.

#include <map>

#include "reconciler/kinds/kinds.hpp"
#include "reconciler/kinds/one_by_one.hpp"
#include "reconciler/kinds/sysctl/settings.hpp"
#include "reconciler/kinds/sysctl/spec.hpp"

namespace mailstack::kinds {

namespace {

using engine::Observation;
using engine::Step;

constexpr char const* ours = "99-mailstack.conf";

class SysctlKind : public OneByOne {
 public:
  explicit SysctlKind(Doors const& doors) : files_(doors.files), process_(doors.process) {}

  [[nodiscard]] engine::KindLaws const& laws() const override { return sysctl::laws(); }

  std::vector<Result<>> put(std::string const& /*lane*/, std::span<Step const> steps) override {
    std::vector<Result<>> results;
    for (auto const& step : steps) results.push_back(write(step));
    return results;
  }

  /// The file that set it at the next start goes by itself.
  std::vector<Result<>> remove(std::string const& /*lane*/, std::span<Step const> steps) override {
    return std::vector<Result<>>(steps.size());
  }

 private:
  Observation look_at(engine::Resource const& resource) override {
    auto const key = sysctl::key_of(resource.address);
    auto const path = sysctl::file_of(key);
    auto const text = files_.read(path);
    if (!text && text.error().code == ErrorCode::not_found)
      return Observation::unseen("the kernel has no " + key +
                                 (key.starts_with("net.ipv6.")
                                      ? ": was it started with ipv6.disable=1?"
                                      : ": is it spelled right, is its module loaded?"));
    if (!text) return Observation::unseen(path + ": " + text.error().what);
    engine::Fields state{{"value", sysctl::plain(*text)}};
    std::vector<engine::Item> later;
    for (auto const& [file, settings] : later_files()) {
      auto const found = settings.find(key);
      if (found != settings.end() && found->second != resource.spec.text("value"))
        later.emplace_back(file + " " + found->second);
    }
    if (!later.empty()) state.set("later", std::move(later));
    return Observation::of(std::move(state));
  }

  /// What it was before is not known, so it stays, and is nobody's.
  Observation left_of(engine::Resource const& resource) override {
    auto released = Observation::of({{"value", resource.spec.text("value")}});
    released.released = true;
    return released;
  }

  /// Files that a start of the machine reads after ours: by their names, wherever they stand
  /// (sysctl.d(5)). Read once a run.
  std::vector<std::pair<std::string, std::map<std::string, std::string>>> const& later_files() {
    if (read_) return later_;
    read_ = true;
    std::map<std::string, std::string> by_name;
    for (auto const* folder : {"/usr/lib/sysctl.d", "/run/sysctl.d", "/etc/sysctl.d"})
      for (auto const& name : files_.list(folder).value_or(std::vector<std::string>()))
        if (name.ends_with(".conf") && name > ours) by_name[name] = folder + ("/" + name);
    for (auto const& [name, path] : by_name)
      if (auto const text = files_.read(path))
        later_.emplace_back(path, sysctl::settings_in(*text));
    return later_;
  }

  /// Not through the door of files, which replaces a file and cannot write into one.
  Result<> write(Step const& step) {
    auto const key = sysctl::key_of(step.address);
    if (process_ == nullptr) return fail(ErrorCode::internal, key + ": nobody to write it");
    world::Command command;
    command.argv = {"tee", sysctl::file_of(key)};
    command.input = step.spec.text("value") + "\n";
    auto const done = process_->run(command);
    if (!done) return fail(within(done.error(), key));
    if (done->status == 0) return {};
    auto const& why = done->errors;
    return fail(why.find("ermission denied") != std::string::npos ||
                        why.find("Read-only") != std::string::npos
                    ? ErrorCode::denied
                    : ErrorCode::invalid,
                key + ": the kernel does not take " + step.spec.text("value") + " (" +
                    why.substr(0, why.find('\n')) + ")");
  }

  files::Files& files_;
  world::Process* process_;
  bool read_ = false;
  std::vector<std::pair<std::string, std::map<std::string, std::string>>> later_;
};

}  // namespace

std::unique_ptr<engine::Kind> make_sysctl(Inputs const& inputs, Doors const& doors);
std::unique_ptr<engine::Kind> make_sysctl(Inputs const& /*inputs*/, Doors const& doors) {
  return std::make_unique<SysctlKind>(doors);
}

}  // namespace mailstack::kinds
