#include "reconciler/cli/session.hpp"

#include <algorithm>
#include <mutex>
#include <unordered_set>
#include <utility>

#include "core/files/working_directory.hpp"
#include "core/glob/glob.hpp"
#include "core/text/listed.hpp"
#include "reconciler/cli/all_keys.hpp"
#include "reconciler/cli/host_facts.hpp"
#include "reconciler/cli/progress.hpp"
#include "reconciler/cli/render_diagnostics.hpp"
#include "reconciler/cli/selection.hpp"
#include "reconciler/engine/fields.hpp"
#include "reconciler/engine/hazards.hpp"
#include "reconciler/engine/observe.hpp"
#include "reconciler/kinds/dns_record/spec.hpp"
#include "reconciler/kinds/ptr/spec.hpp"

namespace mailstack::cli {

std::string state_directory(Options const& options, Doors const& doors) {
  constexpr auto const* of_root = "/var/lib/mailstack";
  if (!options.state.empty()) return absolute(options.state, doors);
  if (!options.root.empty()) return absolute(options.root, doors) + of_root;
  if (doors.privileged()) return of_root;
  auto const state = doors.environment("XDG_STATE_HOME");
  if (state.starts_with('/')) return state + "/mailstack";
  return doors.environment("HOME") + "/.local/state/mailstack";
}

namespace {

/// The time of the last look, in the state directory.
constexpr auto const* looked_at_file = "looked_at";

/// Where the memory of verified passwords may stand: nowhere that outlives the machine's run, so
/// not below `--root`.
std::string runtime_directory(Options const& options, Doors const& doors) {
  if (!options.root.empty()) return {};
  if (doors.privileged()) return "/run/mailstack";
  auto const runtime = doors.environment("XDG_RUNTIME_DIR");
  return runtime.starts_with('/') ? runtime + "/mailstack" : std::string{};
}

}  // namespace

std::string absolute(std::string const& path, Doors const& doors) {
  return files::from(doors.working_directory(), path);
}

std::string manifest_path(Options const& options, Doors const& doors) {
  return absolute(options.manifest, doors);
}

std::string directory_of(std::string const& path) {
  auto const slash = path.rfind('/');
  return slash == 0 || slash == path.npos ? "/" : path.substr(0, slash);
}

namespace {

/// Information is what `validate` is for; in front of every plan it would hide the warnings.
manifest::Diagnostics worth_saying(manifest::Diagnostics const& all, bool everything) {
  manifest::Diagnostics said;
  for (auto const& one : all.all()) {
    if (one.severity == manifest::Severity::information && !everything) continue;
    said.error(one.code, one.place, one.message) = one;
  }
  said.sort();
  return said;
}

}  // namespace

Session::Session(Options const& options, Doors& doors, Talk& talk)
    : options_(options),
      doors_(doors),
      talk_(talk),
      state_(state_directory(options, doors)),
      now_(doors.clock.now()),
      run_(format(now_) + "-" + doors.random_word()),
      files_(doors.files("")),
      checkout_(options, doors, *files_) {}

Session::~Session() = default;

bool Session::load(bool ahead) {
  inventory_ahead_ = std::async(std::launch::async, [this] {
    return engine::load_inventory(*files_, state_path("inventory.jsonl"));
  });
  manifest::Diagnostics diagnostics;
  Result<Applier> found = fail(ErrorCode::invalid, "the manifest is not valid");
  auto const outlined = [&](manifest::Manifest const& outline) {
    found = find_applier(outline, identity());
    // With --only, what is left over stands fast after compilation alone.
    if (ahead && found && options_.only.empty()) ask_ahead(outline, found->lanes);
  };
  manifest_ = manifest::load_sound(*files_, options_.manifest, all_keys(), diagnostics, outlined);
  if (manifest_) {
    if (found) here_ = look_at_host(*manifest_, *found, options_, doors_, state_);
    claims_ = features::claim(*manifest_, facts(), now_);
    features::check(*manifest_, claims_, diagnostics);
  }
  auto const said = worth_saying(diagnostics, options_.verbose);
  talk_.problems(render_diagnostics(said, source_reader(*files_), talk_.err_paper()));
  if (!manifest_ || diagnostics.failed()) {
    if (talk_.json()) talk_.document(diagnostics_json(said));
    happened.invalid = true;
    return false;
  }
  if (!found) {
    talk_.error(found.error().what);
    happened.invalid = true;
    return false;
  }
  applier_ = *std::move(found);
  return true;
}

Identity Session::identity() {
  Identity identity{
      options_.as, {}, doors_.host_name(), doors_.addresses(), !options_.root.empty()};
  if (auto named = files_->read("/etc/mailstack/host"); named && options_.root.empty())
    identity.host_file = named->substr(0, named->find_first_of(" \t\r\n"));
  return identity;
}

void Session::ask_ahead(manifest::Manifest const& outline, std::set<std::string> const& lanes) {
  http_ = doors_.http({});
  secrets_ = doors_.secrets(outline.directory);
  ahead_ = cli::ask_ahead(outline, lanes, options_.parallelism, {*http_, *files_, doors_.clock},
                          root(), *secrets_);
}

bool Session::take_lock(bool required) {
  auto lock = Lock::take(state_, options_.command + ", since " + format(now_));
  if (lock) {
    lock_.emplace(*std::move(lock));
    return true;
  }
  if (!required) return true;
  talk_.error(lock.error().what);
  (lock.error().code == ErrorCode::conflict ? happened.locked : happened.error) = true;
  return false;
}

bool Session::open_state() {
  auto loaded = inventory_ahead_.get();
  if (!loaded) {
    talk_.error(loaded.error().what);
    happened.error = true;
    return false;
  }
  inventory_ = *std::move(loaded);
  looked_at_ = inventory_.looked_at;
  looked_at_ = std::max(looked_at_, last_look());
  last_run_ = std::max(inventory_.applied_at, looked_at_);
  return !refuse(checkout_.foreign_state(inventory_, state_));
}

std::optional<TimePoint> Session::last_look() const {
  auto const text = files_->read(state_path(looked_at_file));
  auto const time = text ? parse_time(*text) : fail(text.error());
  return time ? std::optional(*time) : std::nullopt;
}

bool Session::make_root() {
  // One that is there is left as it is: it may be /tmp.
  if (options_.root.empty() || files_->stat(absolute(options_.root, doors_))) return true;
  auto const made = files_->make_directory(absolute(options_.root, doors_),
                                           {.mode = 0755, .owner = {}, .group = {}});
  if (made) return true;
  talk_.error("--root: " + made.error().what);
  happened.error = true;
  return false;
}

bool Session::refuse(std::optional<Refusal> const& refusal) {
  if (!refusal) return false;
  talk_.error(refusal->why);
  switch (refusal->cause) {
    case Refusal::Cause::another_manifest: happened.invalid = true; break;
    case Refusal::Cause::stale: happened.stale = true; break;
    case Refusal::Cause::unknown: happened.error = true; break;
  }
  return true;
}

bool Session::check_branch() { return !refuse(checkout_.foreign_branch(applier_.name)); }

bool Session::check_checkout() {
  if (refuse(checkout_.stale(inventory_))) return false;
  if (!inventory_.revision.empty() && checkout_.revision().empty())
    talk_.warning("what was applied last was commit " + inventory_.revision.substr(0, 12) +
                  ", and git knows no commit here: mailstack cannot see whether this manifest is "
                  "older than it");
  return true;
}

void Session::warn_of_checkout() {
  if (auto const refusal = checkout_.stale(inventory_))
    talk_.warning("`mailstack apply` will refuse this: " + refusal->why);
}

std::string Session::root() const {
  return options_.root.empty() ? std::string() : absolute(options_.root, doors_);
}

features::Facts Session::facts() const {
  auto facts = features::facts_for(manifest_->daemon);
  if (options_.root.empty() && !(doors_.privileged() && options_.state.empty())) {
    facts.key_directory = state_ + "/dkim";
    facts.certificate_directory = state_ + "/certificates";
  }
  facts.here = here_;
  return facts;
}

void Session::compile() {
  compiled_ = features::settle(std::move(claims_), facts());
  inventory_.share(compiled_.resources);
  for (auto const& zone : manifest_->zones) places_.insert(zone.name.display());
  for (auto const& host : manifest_->hosts) places_.insert(host.key);
  for (auto const& domain : manifest_->domains) {
    domains_.insert(domain.name.display());
    if (domain.absent) departing_.insert(domain.name.display());
  }
}

std::vector<std::string> Session::claimed() const {
  std::vector<std::string> names;
  names.reserve(compiled_.resources.size() + inventory_.size());
  for (auto const& resource : compiled_.resources)
    if (resource.address.kind == kinds::dns_record::kind_name)
      names.push_back(resource.address.name);
  for (auto const* row : inventory_.rows())
    if (row->address.kind == kinds::dns_record::kind_name) names.push_back(row->address.name);
  return names;
}

/// Takes away what `--only` does not name, and keeps what the rest refers to.
bool Session::keep_only() {
  rows_ = inventory_.rows();
  if (options_.only.empty()) return true;
  auto const only = only_glob(options_.only);
  auto const named = [&](engine::Address const& address, std::string const& group) {
    return glob::matches(only, address.text()) || glob::matches(only, group);
  };
  auto const text = [](engine::Address const& address) { return address.text(); };
  std::unordered_set<std::string> wanted;
  for (auto const& resource : compiled_.resources)
    if (named(resource.address, resource.group)) wanted.insert(text(resource.address));
  for (bool grew = true; grew;) {
    grew = false;
    for (auto const& resource : compiled_.resources)
      if (wanted.contains(text(resource.address)))
        for (auto const& reference : engine::references(resource.spec))
          grew |= wanted.insert(text(reference.of)).second;
  }
  std::unordered_set<std::string> desired;
  for (auto const& resource : compiled_.resources) desired.insert(text(resource.address));
  std::erase_if(compiled_.resources, [&](engine::Resource const& resource) {
    return !wanted.contains(text(resource.address));
  });
  std::erase_if(rows_, [&](engine::Row const* row) {
    auto const address = text(row->address);
    return !wanted.contains(address) &&
           (desired.contains(address) || !named(row->address, row->group));
  });
  if (!wanted.empty() || !rows_.empty()) return true;
  auto names = places_;
  names.insert(domains_.begin(), domains_.end());
  auto const matches = [&](std::string const& name) { return glob::matches(only, name); };
  if (std::any_of(names.begin(), names.end(), matches)) return true;  // nothing is asked of it
  talk_.error(names_nothing(options_.only, names));
  happened.invalid = true;
  return false;
}

bool Session::compile_selected() {
  compile();
  return keep_only();
}

LeftZones Session::left_zones() const {
  constexpr std::string_view at_provider = "provider/";
  std::set<std::string, std::less<>> named;
  for (auto const& zone : manifest_->zones) named.insert(zone.name.text());
  LeftZones left;
  for (auto const* row : rows_) {
    if (row->address.kind != kinds::dns_record::kind_name || !row->lane.starts_with(at_provider))
      continue;
    auto const zone = std::string_view(row->address.name).substr(0, row->address.name.find('/'));
    if (named.contains(zone)) continue;
    if (auto name = dns::Name::parse(zone))
      left.emplace(*std::move(name), row->lane.substr(at_provider.size()));
  }
  return left;
}

/// The lanes that something is asked of: no other provider is opened, nor its credential read.
std::set<std::string> Session::lanes_in_use() const {
  std::set<std::string> used;
  for (auto const& resource : compiled_.resources)
    if (lanes_.contains(resource.lane)) used.insert(resource.lane);
  for (auto const* row : rows_)
    if (lanes_.contains(row->lane)) used.insert(row->lane);
  return used;
}

bool Session::look(engine::Mode mode, std::optional<std::set<std::string>> const& lanes) {
  mode_ = mode;
  lanes_ = lanes ? *lanes : applier_.lanes;
  compile();
  auto claims = claimed();
  if (!keep_only()) return false;
  host_files_ = doors_.files(root());
  dns_ = doors_.dns(manifest_->resolvers);
  if (!http_) http_ = doors_.http({});
  if (!secrets_) secrets_ = doors_.secrets(manifest_->directory);
  wiring_ = wire(*manifest_, lanes_in_use(), {*http_, *files_, doors_.clock}, root(), *secrets_,
                 std::exchange(ahead_, {}), left_zones());
  wiring_.inputs.claims = std::move(claims);
  for (auto const* row : rows_)
    if (row->address.kind == kinds::dns_record::kind_name && row->same_since)
      wiring_.inputs.written_zones.insert(row->address.name.substr(0, row->address.name.find('/')));
  wiring_.inputs.parallelism = options_.parallelism;
  wiring_.inputs.wait = options_.wait;
  wiring_.inputs.runtime_directory = runtime_directory(options_, doors_);
  wiring_.inputs.units_left_alone = manifest_->root.section("systemd").text("manage") == "never";
  wiring_.inputs.left_tree = features::facts_for(features::other(manifest_->daemon)).conf_directory;
  systemd_ = doors_.systemd(options_.root);
  tls_ = doors_.tls();
  process_ = doors_.process();
  control_ = doors_.control();
  owned_kinds_ = kinds::make_kinds(
      wiring_.inputs, {*host_files_, doors_.clock, *dns_, *secrets_, *systemd_, doors_.http,
                       [this](std::string const& line) {
                         static std::mutex speaking;
                         std::scoped_lock const lock(speaking);
                         talk_.note(line);
                       },
                       tls_.get(), process_.get(), control_.get()});
  wiring_.inputs.claims = {};  // the kinds have them; of a large zone they are megabytes
  for (auto const& kind : owned_kinds_) kinds_.add(*kind, kind->laws().name());
  join_.emplace(compiled_.resources, rows_);
  engine::Questions const questions(compiled_.resources, rows_, *join_, lanes_);
  if (auto const words = announce_calls(questions.calls(kinds_)); !words.empty()) talk_.note(words);
  auto const previous = looked_at_;
  auto drafted = engine::draft(kinds::all_laws(), compiled_.resources);
  auto const watching = progress();
  world_ = questions.ask(kinds_, options_.parallelism, now_, *watching);
  note(previous);
  plan_ = engine::make_plan(plan_input(), std::move(drafted));
  for (auto const& item : plan_.items)
    // `ptr` only checks: that it cannot look is a warning of the plan, never an exit code.
    happened.blind |=
        item.standing == engine::Standing::blind && item.address.kind != kinds::ptr::kind_name;
  return true;
}

/// What the look showed goes into the inventory, where this run may write it. That there was a look
/// is kept beside it: the inventory of a large zone is not written anew for one date.
void Session::note(std::optional<TimePoint> previous) {
  // A clock that is not to be believed dates nothing that is kept: the next run must still see that
  // it jumped. What the look showed counts for this run all the same.
  bool const believed =
      !engine::clock_hazard(last_run_, now_) || options_.allow.contains(engine::Hazard::clock);
  bool const kept_for_later = may_write_state() && believed;
  // With --only most was not looked at.
  if (kept_for_later && options_.only.empty())
    if (auto const kept = files_->write(state_path(looked_at_file), format(now_),
                                        {.mode = 0600, .owner = {}, .group = {}});
        !kept)
      talk_.warning(kept.error().what);
  if (!engine::note_look(inventory_, plan_input(), previous)) return;
  // Rows were replaced; those that are looked at are the same ones, in the same order.
  std::unordered_set<std::string> kept;
  if (!options_.only.empty())
    for (auto const* row : rows_) kept.insert(row->address.text());
  rows_ = inventory_.rows();
  if (!options_.only.empty())
    std::erase_if(rows_,
                  [&](engine::Row const* row) { return !kept.contains(row->address.text()); });
  if (!kept_for_later) return;
  journal_departures();
  if (auto stored = store_inventory(); !stored) talk_.warning(stored.error().what);
}

std::string Session::describe_stranger(engine::Address const& address) const {
  auto const* laws = kinds::all_laws().find(address.kind);
  for (auto const& stranger : world_.strangers)
    if (laws && stranger.address == address) return laws->describe(address, stranger.state);
  return address.text();
}

void Session::journal_departures() {
  std::vector<engine::Record> records;
  // What went and what differs is for the kind to say, as `drift` does: a state holds more than was
  // applied.
  for (auto const& drift : engine::find_drift(plan_input())) {
    auto const& row = *drift.row;
    if (drift.missed != now_) continue;
    auto one = record("look");
    one.address = row.address.text();
    one.lane = row.lane;
    if (auto const* laws = kinds::all_laws().find(row.address.kind))
      one.description = laws->describe(row.address, row.applied);
    one.before = engine::format_json(row.applied);
    bool const gone = drift.after.empty();
    one.after = gone ? "" : engine::format_json(drift.after);
    one.note = gone ? "gone" : "changed";
    if (!gone && !drift.reasons.empty()) one.note += ": " + listed(drift.reasons, "; ");
    for (auto const& replacement : drift.replacements)
      one.note += "; in its place " + describe_stranger(replacement);
    records.push_back(std::move(one));
  }
  if (records.empty()) return;
  auto journal = open_journal();
  if (journal)
    if (auto const appended = journal->append(records); !appended)
      talk_.warning(appended.error().what);
}

engine::PlanInput Session::plan_input() const {
  engine::PlanInput input{kinds::all_laws(),
                          compiled_.resources,
                          rows_,
                          inventory_,
                          world_,
                          now_,
                          mode_,
                          options_.adopt,
                          lanes_,
                          domains_,
                          departing_,
                          places_,
                          manifest_->safety.max_deletes,
                          {manifest_->safety.protect.begin(), manifest_->safety.protect.end()},
                          last_run_,
                          join_ ? &*join_ : nullptr};
  return input;
}

PlanView Session::plan_view() const {
  PlanView view{.plan = plan_, .laws = kinds::all_laws()};
  view.compiled = &compiled_;
  view.origins = wiring_.origins;
  view.lane_remedies = applier_.elsewhere;
  view.allowed = options_.allow;
  return view;
}

std::unique_ptr<engine::Progress> Session::progress() {
  return std::make_unique<ProgressLine>(doors_.err, talk_.err_paper(), doors_.terminal.shows_err);
}

Result<> Session::store_inventory() {
  return engine::store_inventory(*files_, state_path("inventory.jsonl"), inventory_);
}

Result<engine::Journal> Session::open_journal() {
  return engine::Journal::open(*files_, state_path("journal.jsonl"));
}

engine::Record Session::record(std::string event) const {
  engine::Record one;
  one.event = std::move(event);
  one.run = run_;
  one.at = doors_.clock.now();
  return one;
}

}  // namespace mailstack::cli
