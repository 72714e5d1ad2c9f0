#include "reconciler/kinds/unit/reported.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/digest/digest.hpp"
#include "reconciler/kinds/version_parts.hpp"

namespace mailstack::kinds::unit {

namespace {

using engine::Item;
using nlohmann::json;

bool is_among(std::vector<std::string> const& all, std::string const& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

/// A text, or an object `{path, what, severity, restart}`.
Reported::Problem problem_of(json const& one) {
  if (one.is_string()) return {one.get<std::string>()};
  if (!one.is_object()) return {};
  auto const member = [&](char const* name) {
    auto const found = one.find(name);
    return found != one.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  auto const restart = one.find("restart");
  return {member("path") + ": " + member("what"), member("severity") != "warning",
          restart != one.end() && *restart == true, member("path")};
}

/// A folder is known by what was read in it; one in which nothing stands cannot be missed.
bool has_folder(Reported const& reported, files::Files& files, std::string const& key,
                std::string const& path) {
  auto const first = reported.digests.lower_bound(key + "/");
  if (first != reported.digests.end() && first->first.starts_with(key + "/")) return true;
  auto const names = files.list(path);
  return names && names->empty();
}

}  // namespace

Result<Reported> parse_reported(std::string const& answer) {
  auto const parsed = json::parse(answer, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("digests") || !parsed["digests"].is_object())
    return fail(ErrorCode::invalid, "no status of mailstackd");
  Reported reported;
  for (auto const& [path, digest] : parsed["digests"].items())
    if (digest.is_string()) reported.digests.emplace(path, digest.get<std::string>());
  if (auto const found = parsed.find("problems"); found != parsed.end() && found->is_array())
    for (auto const& one : *found) reported.problems.push_back(problem_of(one));
  return reported;
}

std::string reason_of(Reported const& reported, std::vector<std::string> const& due) {
  auto const& all = reported.problems;
  auto const is_due = [&](Reported::Problem const& one) {
    return std::any_of(due.begin(), due.end(), [&](std::string const& path) {
      return one.path == path || one.path.ends_with("/" + path);
    });
  };
  auto found = std::find_if(all.begin(), all.end(),
                            [&](auto const& one) { return one.error && is_due(one); });
  if (found == all.end())
    found = std::find_if(all.begin(), all.end(), [](auto const& one) { return one.error; });
  if (found == all.end())
    found = std::find_if(all.begin(), all.end(), [](auto const& one) { return one.restart; });
  return found == all.end() ? "" : ": " + found->text;
}

std::optional<Reported> ask_daemon(world::ControlSocket* control, engine::Fields const& spec) {
  auto const& socket = spec.text("asks");
  if (control == nullptr || socket.empty()) return std::nullopt;
  auto const answer = control->ask(socket, R"({"do":"status"})");
  if (!answer) return std::nullopt;
  auto reported = parse_reported(*answer);
  return reported ? std::optional(*std::move(reported)) : std::nullopt;
}

engine::Fields as_loaded(Reported const& reported, files::Files& files,
                         engine::Fields const& spec) {
  auto const tree = spec.text("tree") + "/";
  auto const paths = spec.texts("load_paths");
  auto const present = spec.texts("load_present");
  std::vector<Item> loads;
  std::vector<Item> stale;
  for (auto const& path : paths) {
    auto const key = path.starts_with(tree) ? path.substr(tree.size()) : path;
    auto const found = reported.digests.find(key);
    if (is_among(present, path)) {
      if (found != reported.digests.end() || has_folder(reported, files, key, path))
        loads.emplace_back(format_presence(path));
    } else if (found != reported.digests.end()) {
      loads.emplace_back(path + " " + found->second);
    }
  }
  for (auto const& [key, digest] : reported.digests) {
    auto const path = tree + key;
    if (is_among(paths, path) && !is_among(present, path)) continue;
    auto const content = files.read(path);
    if (!content && content.error().code == ErrorCode::not_found)
      loads.emplace_back(path + " " + digest);
    else if (content && digest::sha256(*content) != digest)
      stale.emplace_back(key);
  }
  engine::Fields fields{{"loads", std::move(loads)}};
  if (!stale.empty()) fields.set("stale", std::move(stale));
  return fields;
}

}  // namespace mailstack::kinds::unit
