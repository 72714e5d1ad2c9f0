#pragma once
/// \file
/// The way that plan, apply, drift, reconcile and their kin have in common: manifest → resources →
/// look → plan.

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "reconciler/cli/applier.hpp"
#include "reconciler/cli/checkout.hpp"
#include "reconciler/cli/doors.hpp"
#include "reconciler/cli/lock.hpp"
#include "reconciler/cli/options.hpp"
#include "reconciler/cli/render_plan.hpp"
#include "reconciler/cli/talk.hpp"
#include "reconciler/cli/wiring.hpp"
#include "reconciler/engine/execute.hpp"
#include "reconciler/engine/inventory.hpp"
#include "reconciler/engine/join.hpp"
#include "reconciler/engine/journal.hpp"
#include "reconciler/engine/plan.hpp"
#include "reconciler/features/feature.hpp"
#include "reconciler/manifest/load.hpp"

namespace mailstack::cli {

/// Where inventory, journal and lock stand. `--state`, else below `--root`, else as root
/// /var/lib/mailstack, else $XDG_STATE_HOME/mailstack (~/.local/state/mailstack).
std::string state_directory(Options const& options, Doors const& doors);

/// `path`, which the person may have written relative to where they stand.
std::string absolute(std::string const& path, Doors const& doors);

/// `options.manifest` as an absolute path, and the directory of it.
std::string manifest_path(Options const& options, Doors const& doors);
std::string directory_of(std::string const& path);

/// One run of one command. The stages are called in the order in which they stand here, each at
/// most once. One that returns false has told the person why and noted in `happened` what decides
/// the exit code; the command then ends.
class Session {
 public:
  Session(Options const& options, Doors& doors, Talk& talk);
  ~Session();
  Session(Session const&) = delete;
  Session& operator=(Session const&) = delete;

  Happenings happened;

  /// Takes STATE/lock. `required`: another holder ends the run. Else the run goes on without the
  /// right to write the state, as it does where the state directory cannot be written.
  bool take_lock(bool required);
  /// Manifest, key table, the features' rules; warnings are printed, errors end the run. The
  /// inventory is read meanwhile.
  /// `ahead`: a look at all of it follows, so the first listings are asked for meanwhile too. Not
  /// before an apply, which may find that this manifest must not be applied here.
  bool load(bool ahead = false);
  /// The inventory. A damaged one, or another manifest's, ends the run.
  bool open_state();
  /// Makes the directory of `--root`, before something is written below it.
  bool make_root();
  /// Refuses to record this manifest on the branch of another.
  bool check_branch();
  /// Refuses an apply from a checkout that does not descend from the applied revision, or of which
  /// git does not say whether it does.
  bool check_checkout();
  /// Says what check_checkout() will refuse, for commands that only look.
  void warn_of_checkout();
  /// Compiles, looks at the lanes that are ours (only at those in `lanes`, where given), notes in
  /// the inventory what the look showed, and plans.
  bool look(engine::Mode mode, std::optional<std::set<std::string>> const& lanes = std::nullopt);
  /// Compiles alone. False where `--only` names nothing.
  bool compile_selected();

  [[nodiscard]] Options const& options() const { return options_; }
  [[nodiscard]] manifest::Manifest const& manifest() const { return *manifest_; }
  [[nodiscard]] Applier const& applier() const { return applier_; }
  [[nodiscard]] features::Compiled const& compiled() const { return compiled_; }
  [[nodiscard]] engine::Inventory& inventory() { return inventory_; }
  [[nodiscard]] engine::Plan const& plan() const { return plan_; }
  /// Of the inventory, those that `--only` names.
  [[nodiscard]] std::vector<engine::Row const*> const& rows() const { return rows_; }
  [[nodiscard]] engine::World const& world() const { return world_; }
  [[nodiscard]] engine::PlanInput plan_input() const;
  [[nodiscard]] PlanView plan_view() const;
  [[nodiscard]] engine::Kinds const& kinds() const { return kinds_; }
  [[nodiscard]] std::string const& state() const { return state_; }
  [[nodiscard]] bool may_write_state() const { return lock_.has_value(); }
  [[nodiscard]] std::string state_path(std::string const& name) const {
    return state_ + "/" + name;
  }
  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] std::string const& run() const { return run_; }
  [[nodiscard]] files::Files& files() { return *files_; }
  [[nodiscard]] std::unique_ptr<engine::Progress> progress();

  /// When a run last looked at everything, as the state directory says; nothing where it does not.
  [[nodiscard]] std::optional<TimePoint> last_look() const;

  [[nodiscard]] features::Facts facts() const;
  [[nodiscard]] std::string root() const;  ///< `--root`, absolute; empty: the host itself

  [[nodiscard]] Checkout& checkout() { return checkout_; }

  Result<> store_inventory();
  Result<engine::Journal> open_journal();
  [[nodiscard]] engine::Record record(std::string event) const;

 private:
  /// Names of all DNS records that we ask for or own, also those that --only leaves out.
  [[nodiscard]] std::vector<std::string> claimed() const;
  /// Says why not, and notes the exit code; false where there is nothing to refuse.
  bool refuse(std::optional<Refusal> const& refusal);
  void compile();
  void ask_ahead(manifest::Manifest const& outline, std::set<std::string> const& lanes);
  [[nodiscard]] Identity identity();
  /// False, with the nearest names said, where `--only` names nothing.
  bool keep_only();
  [[nodiscard]] std::set<std::string> lanes_in_use() const;
  [[nodiscard]] LeftZones left_zones() const;
  void note(std::optional<TimePoint> previous);
  void journal_departures();
  [[nodiscard]] std::string describe_stranger(engine::Address const& address) const;

  Options const& options_;
  Doors& doors_;
  Talk& talk_;
  std::string state_;
  TimePoint now_;
  std::string run_;
  std::optional<Lock> lock_;

  std::unique_ptr<files::Files> files_;  ///< manifest and state
  Checkout checkout_;
  std::unique_ptr<files::Files> host_files_;
  std::unique_ptr<Http> http_;
  std::unique_ptr<world::DnsQuery> dns_;
  std::unique_ptr<world::Secrets> secrets_;
  std::unique_ptr<world::Systemd> systemd_;
  std::unique_ptr<world::TlsPeer> tls_;
  std::unique_ptr<world::Process> process_;
  std::unique_ptr<world::ControlSocket> control_;
  std::optional<manifest::Manifest> manifest_;
  OpenedProviders ahead_;
  Applier applier_;
  features::Facts::Here here_;
  features::Claims claims_;  ///< until they are compiled
  features::Compiled compiled_;
  std::future<Result<engine::Inventory>> inventory_ahead_;
  engine::Inventory inventory_;
  std::optional<TimePoint> looked_at_;  ///< of the look before this one
  std::optional<TimePoint> last_run_;
  Wiring wiring_;
  std::vector<std::unique_ptr<engine::Kind>> owned_kinds_;
  engine::Kinds kinds_;
  std::vector<engine::Row const*> rows_;
  std::optional<engine::Join> join_;  ///< of what is compiled and rows_
  std::set<std::string> domains_, departing_, places_, lanes_;
  engine::World world_;
  engine::Mode mode_ = engine::Mode::apply;
  engine::Plan plan_;
};

}  // namespace mailstack::cli
