#include "daemon/conf/domain_directories.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <vector>

#include "core/dns/idn.hpp"
#include "core/dns/name.hpp"
#include "daemon/conf/tree_file.hpp"

namespace mailstack::conf {

namespace {

/// The domain that a directory is for, in the form of MailDomains.
Result<std::string> domain_of(std::string const& entry) {
  auto const name = dns::Name::parse(entry);
  if (!name) return fail(name.error());
  // No more is asked: chasquid takes `localhost` and `my_domain`, too.
  if (name->label_count() == 0) return fail(ErrorCode::invalid, "it is the root");
  return dns::unicode_form(*name);
}

/// Whether the directory holds users, be they readable or not.
bool has_users(std::string const& directory) {
  struct stat found {};
  return ::stat((directory + "/users").c_str(), &found) == 0 && found.st_size > 0;
}

bool has_files(std::string const& directory) {
  auto const names = list_directory(directory);
  return !names || !names->empty();
}

bool is_canonical(std::string const& entry, std::string const& domain) {
  auto const name = dns::Name::parse(entry);
  return entry == domain || (name && entry == name->text());
}

/// The one of `entries` that is the domain's.
std::string const& chosen(Reading reading, std::string const& domain,
                          std::vector<std::string> const& entries) {
  if (reading.before != nullptr)
    if (auto const served = reading.before->domains.find(domain);
        served != reading.before->domains.end())
      for (auto const& entry : entries)
        if ("domains/" + entry == served->second.directory) return entry;
  auto const rank = [&](std::string const& entry) {
    return std::pair(has_users(reading.directory + "/domains/" + entry),
                     is_canonical(entry, domain));
  };
  return *std::max_element(entries.begin(), entries.end(),
                           [&](auto const& a, auto const& b) { return rank(a) < rank(b); });
}

}  // namespace

Result<std::map<std::string, std::string>> domain_directories(Reading reading) {
  auto const path = reading.directory + "/domains";
  auto const entries = list_directory(path);
  if (!entries) return fail(entries.error());
  std::map<std::string, std::vector<std::string>> of_domain;
  for (auto const& entry : *entries) {
    if (!is_directory(path + "/" + entry)) continue;
    if (auto const domain = domain_of(entry))
      of_domain[*domain].push_back(entry);
    else
      reading.problems.push_back(
          {path + "/" + entry, "the name of the directory is no domain: " + domain.error().what});
  }
  std::map<std::string, std::string> directories;
  for (auto const& [domain, all] : of_domain) {
    auto const& taken = chosen(reading, domain, all);
    directories.emplace(domain, taken);
    for (auto const& other : all) {
      if (other == taken) continue;
      auto const at = path + "/" + other;
      reading.problems.push_back(
          {at,
           "a second directory for " + domain + ", and not the one in use, " + path + "/" + taken,
           0, 0,
           has_files(at) ? "move what is missing there into that one, and "
                           "remove this one"
                         : "remove it: it is empty"});
    }
  }
  return directories;
}

}  // namespace mailstack::conf
