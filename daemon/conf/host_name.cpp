#include "daemon/conf/host_name.hpp"

#include <string>

#include "core/dns/name.hpp"

namespace mailstack::conf {

Result<> check_host_name(std::string_view name) {
  auto const parsed = dns::Name::parse(name);
  if (!parsed) return fail(parsed.error());
  return parsed->check_host_name();
}

void note_host_name(Settings const& settings, Problems& problems) {
  auto const& name = settings.hostname;
  auto const form = check_host_name(name);
  if (form && name.find('.') != std::string::npos) return;
  bool const given = settings.places.contains("hostname");
  problems.push_back(problem_at(
      place_of(settings, "hostname"),
      (given ? "`hostname` " : "without `hostname` the daemon goes by the machine's name ") + name +
          (form ? ", which has no dot" : ", which is none: " + form.error().what) +
          ": other servers refuse mail from it",
      "give the whole name, such as `hostname: mx.example.org`", true));
}

}  // namespace mailstack::conf
