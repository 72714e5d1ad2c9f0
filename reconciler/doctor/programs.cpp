/// \file
/// The name of the machine, and the programs that mailstack counts on.

#include <array>
#include <charconv>

#include "reconciler/doctor/checks.hpp"

namespace mailstack::doctor {

namespace {

/// `1.11` of `chasquid 1.11-2+b2 (source date: …)`: what upstream counts. Missing parts are 0.
struct Version {
  std::string text;  ///< with the distribution's part: `1.11-2+b2`
  std::array<unsigned, 3> parts{};
};

std::optional<Version> parse_version(std::string_view output) {
  constexpr std::string_view head = "chasquid ";
  if (!output.starts_with(head)) return std::nullopt;
  output.remove_prefix(head.size());
  Version version;
  version.text = output.substr(0, output.find_first_of(" \r\n"));
  std::string_view rest = version.text;
  if (rest.starts_with('v')) rest.remove_prefix(1);
  for (auto& part : version.parts) {
    auto const [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), part);
    if (error != std::errc()) return std::nullopt;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (!rest.starts_with('.')) break;
    rest.remove_prefix(1);
  }
  return version;
}

/// 1.13, and 1.11.1, which has that fix alone.
bool refuses_bare_newlines(Version const& version) {
  using Parts = std::array<unsigned, 3>;
  auto const& parts = version.parts;
  return parts >= Parts{1, 13, 0} || (parts >= Parts{1, 11, 1} && parts < Parts{1, 12, 0});
}

constexpr char const* newer =
    "install a newer one: bookworm-backports where it has one (`apt-cache policy chasquid`), or "
    "Debian 13";

Finding judge_smuggling(Version const& version) {
  Finding finding{"programs", Verdict::ok, "chasquid -version", version.text, {}, {}};
  if (refuses_bare_newlines(version)) return finding;
  // A stable update keeps the upstream version and names itself so.
  if (version.text.find("+deb") != std::string::npos) {
    finding.verdict = Verdict::unknown;
    finding.cause =
        "before 1.13 it takes bare newlines for the end of a mail (SMTP smuggling, "
        "CVE-2023-52354), unless this update of Debian mends that";
    finding.remedy = "`zgrep CVE-2023-52354 /usr/share/doc/chasquid/changelog.Debian.gz`";
    return finding;
  }
  finding.verdict = Verdict::warning;
  finding.cause =
      "before 1.13 it takes bare newlines for the end of a mail, so that strangers can "
      "smuggle a second one behind it (SMTP smuggling, CVE-2023-52354)";
  finding.remedy = newer;
  return finding;
}

Finding judge_signing(Version const& version) {
  Finding finding{"programs", Verdict::ok, "does chasquid sign (DKIM)", "yes", {}, {}};
  if (version.parts >= std::array<unsigned, 3>{1, 14, 0}) return finding;
  finding.answered =
      version.text + " does not: `mailstack apply` writes hooks/post-data, which does";
  return finding;
}

}  // namespace

Finding judge_name(Subject const& subject) {
  Finding finding{"name", Verdict::ok, "what is this machine called", subject.machine_name, {}, {}};
  auto const name = dns::Name::parse(subject.machine_name);
  if (name && *name == subject.fqdn) return finding;
  auto const wanted = subject.fqdn.display();
  if (subject.machine_name.empty()) finding.answered = "it has no name";
  if (subject.daemon_named) {
    finding.cause = "not " + wanted + ", which matters to nobody: chasquid.conf names it in HELO";
    return finding;
  }
  finding.verdict = Verdict::warning;
  finding.cause =
      "chasquid says it in HELO, since nothing here makes mailstack write its "
      "configuration, and it is not " +
      wanted;
  finding.remedy = "`hostnamectl set-hostname " + wanted + "`";
  return finding;
}

Findings judge_daemon(Subject const& subject, std::optional<std::string> const& path,
                      std::optional<Result<world::Finished>> const& version) {
  if (!path)
    return {{"programs", Verdict::problem, "where is chasquid", "nowhere in PATH",
             "it is the mail daemon that the manifest's files are for",
             "`apt-get install chasquid`"}};
  Findings all{{"programs", Verdict::ok, "where is chasquid", *path, {}, {}}};
  if (!version) return all;
  auto const known =
      *version && (*version)->status == 0 ? parse_version((*version)->output) : std::nullopt;
  if (!known) {
    auto said = *version ? (*version)->output + (*version)->errors : version->error().what;
    said = said.substr(0, said.find_first_of("\r\n"));
    all.push_back({"programs",
                   Verdict::unknown,
                   "chasquid -version",
                   said.empty() ? "nothing" : said,
                   "that names no version",
                   {}});
    return all;
  }
  all.push_back(judge_smuggling(*known));
  if (subject.signs) all.push_back(judge_signing(*known));
  return all;
}

Finding judge_mailstackd(std::optional<std::string> const& path) {
  if (path) return {"programs", Verdict::ok, "where is mailstackd", *path, {}, {}};
  return {"programs",
          Verdict::problem,
          "where is mailstackd",
          "nowhere in PATH",
          "it is the mail daemon that the manifest's files are for",
          "put it beside mailstack, into /usr/local/sbin or /usr/local/bin"};
}

Finding judge_systemd(bool runs) {
  Finding finding{"programs", Verdict::ok, "does systemd run", runs ? "yes" : "no", {}, {}};
  if (runs) return finding;
  finding.verdict = Verdict::warning;
  finding.cause = "Debian's chasquid gets its ports from systemd's sockets, and is started by it";
  finding.remedy =
      "use a machine that systemd manages, or hand chasquid its sockets in the same "
      "way (sd_listen_fds(3))";
  return finding;
}

}  // namespace mailstack::doctor
