#include "reconciler/cli/conf_tree.hpp"

#include "core/dns/name.hpp"
#include "core/userdb/text_proto.hpp"
#include "reconciler/features/feature.hpp"

namespace mailstack::cli {

namespace {

std::string domains_of(std::string const& conf) { return conf + "/domains"; }

/// `field` of chasquid.conf, where it stands there: absent and "" differ.
void read_setting(userdb::TextMessage const& config, std::string_view field, std::string& value) {
  for (auto const& entry : config.fields)
    if (entry.name == field)
      if (auto const* text = std::get_if<std::string>(&entry.value)) value = *text;
}

void unseen(std::string problem, ConfTree& tree) {
  tree.problems.push_back(std::move(problem));
  tree.unseen = true;
}

void read_settings(files::Files& files, std::string const& conf, ConfTree& tree) {
  auto const path = conf + "/chasquid.conf";
  auto const text = files.read(path);
  if (!text) {
    if (text.error().code != ErrorCode::not_found) unseen(path + ": " + text.error().what, tree);
    return;
  }
  auto const config = userdb::parse_text_proto(*text);
  if (!config) {
    unseen(path + ": " + config.error().what, tree);
    return;
  }
  read_setting(*config, "suffix_separators", tree.mail.suffix_separators);
  read_setting(*config, "drop_characters", tree.mail.drop_characters);
}

void read_aliases(files::Files& files, std::string const& path, userdb::Aliases& aliases,
                  ConfTree& tree) {
  auto const text = files.read(path);
  if (!text) {
    if (text.error().code != ErrorCode::not_found) unseen(path + ": " + text.error().what, tree);
    return;
  }
  aliases = userdb::Aliases::parse(*text);
  for (auto const& problem : aliases.problems())
    tree.problems.push_back(path + ":" + std::to_string(problem.line) + ": " + problem.what +
                            " (chasquid ignores the line before 1.16 and refuses the file since)");
}

}  // namespace

std::string find_tree(files::Files& files, manifest::Manifest const* manifest) {
  using manifest::Daemon;
  auto const tree = [](Daemon daemon) { return features::facts_for(daemon).conf_directory; };
  if (manifest != nullptr) return tree(manifest->daemon);
  auto const usual = tree(Daemon::mailstackd);
  auto const other = tree(Daemon::chasquid);
  return !files.stat(usual) && files.stat(other) ? other : usual;
}

Result<std::string> find_domain(files::Files& files, std::string const& conf,
                                std::string_view domain) {
  auto const name = dns::Name::parse(domain);
  if (!name || *name == dns::Name())
    return fail(ErrorCode::invalid, "not a domain: " + std::string(domain));
  auto const directories = files.list(domains_of(conf));
  if (!directories) return fail(within(directories.error(), domains_of(conf)));
  std::string others;
  for (auto const& directory : *directories) {
    if (auto const there = dns::Name::parse(directory); there && *there == *name) return directory;
    others += (others.empty() ? "" : ", ") + directory;
  }
  return fail(ErrorCode::not_found, name->display() + " is no domain of " + domains_of(conf) +
                                        (others.empty() ? ", which is empty" : ": " + others));
}

Result<userdb::Users> load_users(files::Files& files, std::string const& conf,
                                 std::string const& directory) {
  auto const path = domains_of(conf) + "/" + directory + "/users";
  auto const text = files.read(path);
  if (!text && text.error().code == ErrorCode::not_found) return userdb::Users{};
  if (!text) return fail(within(text.error(), path));
  auto users = userdb::parse_users(*text);
  if (!users) return fail(ErrorCode::unavailable, path + ": " + users.error().what);
  return users;
}

Result<ConfTree> load_conf_tree(files::Files& files, std::string const& conf) {
  auto const directories = files.list(domains_of(conf));
  if (!directories) return fail(within(directories.error(), domains_of(conf)));
  ConfTree tree;
  read_settings(files, conf, tree);
  for (auto const& directory : *directories) {
    auto& domain = tree.mail.domains[directory];
    if (auto users = load_users(files, conf, directory))
      domain.users = std::move(*users);
    else
      unseen(users.error().what, tree);
    read_aliases(files, domains_of(conf) + "/" + directory + "/aliases", domain.aliases, tree);
  }
  return tree;
}

ExitCode code_of_answer(Error const& error) {
  switch (error.code) {
    case ErrorCode::invalid: return ExitCode::invalid;
    case ErrorCode::denied:
    case ErrorCode::unavailable: return ExitCode::unreachable;
    default: return ExitCode::error;
  }
}

}  // namespace mailstack::cli
