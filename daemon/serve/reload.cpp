#include "daemon/serve/reload.hpp"

#include <random>
#include <utility>

#include "core/files/disk_files.hpp"
#include "daemon/conf/hook_file.hpp"
#include "daemon/conf/outlook.hpp"
#include "daemon/conf/restart.hpp"
#include "daemon/conf/signature.hpp"

namespace mailstack::serve {

namespace {

constexpr std::size_t key_octets = 32;

Secret<std::string> random_hex() {
  std::random_device random;
  std::string text;
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t i = 0; i < 2 * key_octets; ++i) text += digits[random() % digits.size()];
  return Secret<std::string>(std::move(text));
}

/// The keys of SRS, one a line, the first signs. Without a file one is made: bounces of forwards
/// must find back over restarts. Those of before stay where it cannot be read: addresses that they
/// signed are out there.
mail::srs::Secrets srs_secrets(std::string const& path, Live const* before, bool& made_key,
                               conf::Problems& problems) {
  files::DiskFiles files;
  auto text = files.read(path);
  if (!text && text.error().code == ErrorCode::not_found) {
    auto const made = random_hex();
    auto const kept = files.write(path, made.reveal() + "\n", {0600, {}, {}});
    made_key = kept.has_value();
    if (!kept) {
      problems.push_back({path, "the SRS key cannot be kept: " + kept.error().what, 0, 0,
                          "until then bounces of forwards are lost at a restart", true});
    }
    return {made};
  }
  if (!text) {
    problems.push_back(
        {path, "the SRS key cannot be read: " + text.error().what, 0, 0,
         before ? "the keys of before are used" : "forwards keep their sender until then", true});
    return before ? before->rules->srs() : mail::srs::Secrets{};
  }
  mail::srs::Secrets secrets;
  std::string_view rest = *text;
  while (!rest.empty()) {
    auto const end = std::min(rest.find('\n'), rest.size());
    if (end > 0) secrets.emplace_back(std::string(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  wipe(text->data(), text->size());
  return secrets;
}

std::shared_ptr<net::TlsContext> tls_of(conf::Snapshot const& snapshot, Live const* before,
                                        std::string const& directory, conf::Problems& problems) {
  if (snapshot.certificates.empty()) return nullptr;
  std::vector<net::ServerCertificate> all;
  for (auto const& pair : snapshot.certificates) all.push_back({pair.name, pair.chain, pair.key});
  auto made = net::TlsContext::server(all, snapshot.settings.hostname);
  if (made) return *made;
  problems.push_back({directory + "/certs", made.error().what, 0, 0,
                      before && before->tls ? "the certificates of before are served" : ""});
  return before ? before->tls : nullptr;
}

/// What the running daemon does not take of the new settings.
void note_restart(Live const& live, conf::Problems& problems) {
  auto const& started = *live.started;
  auto const& settings = live.snapshot->settings;
  for (auto const& key : conf::needs_restart(started, settings)) {
    auto const now = conf::place_of(settings, key);
    if (now.line != 0) {
      problems.push_back(
          conf::problem_at(now, "`" + key + "` is not what the running daemon started with",
                           "restart mailstackd for it", true));
      problems.back().restart = true;
      continue;
    }
    // Gone from the file that had it: there is no line to name.
    auto const before = conf::place_of(started, key);
    problems.push_back({before.path,
                        "`" + key + "` is no longer given, as it was when the daemon started", 0, 0,
                        "restart mailstackd for it", true, true});
  }
}

}  // namespace

Reloaded reload(std::string const& directory, std::shared_ptr<Live const> const& before) {
  auto loaded = conf::load(directory, before ? before->snapshot : nullptr);
  if (!loaded.snapshot) return {nullptr, std::move(loaded.problems), false};
  auto live = std::make_shared<Live>();
  auto& problems = loaded.problems;
  live->snapshot = loaded.snapshot;
  live->started =
      before ? before->started : std::make_shared<conf::Settings const>(live->snapshot->settings);
  note_restart(*live, problems);
  auto const& settings = live->snapshot->settings;
  files::DiskFiles files;
  if (auto made = files.make_directory(settings.state, {0700, {}, {}}); !made) {
    problems.push_back(conf::problem_at(conf::place_of(settings, "state"),
                                        conf::unusable(settings.state, made.error()).what, {},
                                        false));
    return {nullptr, std::move(problems), false};
  }
  bool made_key = false;
  live->rules = std::make_shared<policy::Rules>(
      live->snapshot, srs_secrets(settings.srs_secret_file, before.get(), made_key, problems));
  live->tls = tls_of(*live->snapshot, before.get(), directory, problems);
  live->hook = conf::find_hook(directory, problems);
  conf::look_ahead(*live->snapshot, {}, problems);
  return {std::move(live), std::move(problems), made_key};
}

Loaded load(std::string const& directory, std::shared_ptr<Live const> const& before) {
  auto const files_of = [](std::shared_ptr<Live const> const& live) {
    return live ? live->snapshot->settings.secret_files : std::vector<std::string>();
  };
  auto files = conf::secret_files(directory, before ? before->snapshot.get() : nullptr);
  for (int reads = 1;; ++reads) {
    auto signature = conf::tree_signature(directory) + conf::files_signature(files);
    auto tree = reload(directory, before);
    auto named = files_of(tree.live ? tree.live : before);
    // It changed meanwhile, by us or others, or nothing came of it. Of one that changes all the
    // time a later look sees the change.
    if ((named == files && !tree.made_key) || reads == 3)
      return {std::move(signature), std::move(tree)};
    files = std::move(named);
  }
}

Reloads::Reloads(net::Loop& loop, net::Pool& pool, std::function<TimePoint()> now,
                 std::function<Loaded()> load, std::function<conf::Problems(Loaded)> take)
    : loop_(loop),
      pool_(pool),
      now_(std::move(now)),
      load_(std::move(load)),
      take_(std::move(take)) {}

void Reloads::ask(Done done) {
  next_.push_back(std::move(done));
  if (!since_) begin();
}

void Reloads::begin() {
  since_ = now_();
  answered_ = std::exchange(next_, {});
  auto const bring = [this, alive = std::weak_ptr(alive_), &loop = loop_](Loaded loaded) {
    loop.post([this, alive, loaded = std::move(loaded)]() mutable {
      if (!alive.expired()) finish(std::move(loaded));
    });
  };
  if (!pool_.run([bring, load = load_] { bring(load()); }))
    bring({{}, {nullptr, {{"the conf tree", "too much waits to be read", 0, 0, "ask again"}}}});
}

void Reloads::finish(Loaded loaded) {
  auto const problems = take_(std::move(loaded));
  since_.reset();
  auto answered = std::exchange(answered_, {});
  if (last_) {
    for (auto& done : std::exchange(next_, {})) answered.push_back(std::move(done));
  } else if (!next_.empty()) {
    begin();
  }
  for (auto const& done : answered)
    if (done) done(problems);
}

}  // namespace mailstack::serve
