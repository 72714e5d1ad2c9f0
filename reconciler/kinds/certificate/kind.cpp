/// \file
/// The kind `certificate` at work: reads the pair, has it issued, and swaps its directory.

#include <array>

#include "core/files/directory.hpp"
#include "core/x509/x509.hpp"
#include "reconciler/kinds/certificate/acme_issuer.hpp"
#include "reconciler/kinds/certificate/challenges.hpp"
#include "reconciler/kinds/certificate/local_ca.hpp"
#include "reconciler/kinds/certificate/spec.hpp"
#include "reconciler/kinds/kinds.hpp"
#include "reconciler/kinds/mode_parts.hpp"
#include "reconciler/kinds/one_by_one.hpp"
#include "reconciler/kinds/shared_file.hpp"
#include "reconciler/kinds/version_parts.hpp"

namespace mailstack::kinds {

namespace {

using certificate::Pair;
using engine::Action;
using engine::Fields;
using engine::Item;
using engine::Observation;
using engine::Step;

using certificate::chain_file;
constexpr char const* key_file = "privkey.pem";

std::string below(std::string const& directory, std::string_view name) {
  return directory + "/" + std::string(name);
}

/// `/etc/chasquid/certs/NAME` → `/etc/chasquid/.certs-NAME`: the daemon loads every directory that
/// stands in certs/, so what is not whole yet stands above it.
std::string staging_of(std::string const& path) {
  auto const leaf = path.rfind('/');
  auto const folder = path.rfind('/', leaf - 1);
  return path.substr(0, folder + 1) + "." + path.substr(folder + 1, leaf - folder - 1) + "-" +
         path.substr(leaf + 1);
}

class CertificateKind : public OneByOne {
 public:
  CertificateKind(Inputs const& inputs, Doors const& doors)
      : inputs_(inputs), doors_(doors), files_(doors.files), clock_(doors.clock) {}

  [[nodiscard]] engine::KindLaws const& laws() const override { return certificate::laws(); }

  std::vector<Result<>> put(std::string const& /*lane*/, std::span<Step const> steps) override {
    std::vector<Result<>> results;
    for (auto const& step : steps)
      results.push_back(step.action == Action::remove ? erase(step) : make(step));
    return results;
  }

  std::vector<Result<>> remove(std::string const& lane, std::span<Step const> steps) override {
    return put(lane, steps);
  }

 private:
  Observation look_at(engine::Resource const& resource) override {
    auto const& path = resource.spec.text("path");
    auto const chain = read_shared(files_, below(path, chain_file));
    if (!chain) return Observation::unseen(chain.error().what);
    auto const key = read_shared(files_, below(path, key_file));
    if (!key) return Observation::unseen(key.error().what);
    auto const left = challenges_left(resource);
    if (!chain->stat && !key->stat) return look_elsewhere(resource);
    auto state = state_of(*chain, *key);
    state.set("version", format_version(certificate::chain_of(path), chain->content));
    if (left != 0) state.set("left", left);
    if (state.find("broken") == nullptr) {
      if (auto by = recorded(resource, state.text("fingerprint")); !by.empty())
        state.set("by", std::move(by));
      if (certificate::is_unsettled(resource.spec, certificate::name_of(resource.address),
                                    key->content, files_))
        state.set("unsettled", true);
    }
    return Observation::of(std::move(state));
  }

  /// A host that changes its mail daemon has a pair already.
  Observation look_elsewhere(engine::Resource const& resource) {
    auto observation = Observation::missing();
    auto const& from = resource.spec.text("from");
    if (from.empty()) return observation;
    auto const chain = read_shared(files_, below(from, chain_file));
    auto const key = read_shared(files_, below(from, key_file));
    if (!chain || !key || !chain->stat || !key->stat) return observation;
    auto state = state_of(*chain, *key);
    if (auto by = recorded(resource, state.text("fingerprint")); !by.empty())
      state.set("by", std::move(by));
    if (!certificate::reason_to_issue(resource.spec, state, clock_.now()))
      observation.state.set("copy", from);
    return observation;
  }

  Fields state_of(SharedFile const& chain, SharedFile const& key) {
    auto const broken = [](std::string why) { return Fields{{"broken", std::move(why)}}; };
    if (!chain.stat) return broken(std::string(chain_file) + " is missing");
    if (!key.stat) return broken(std::string(key_file) + " is missing");
    auto const leaf = x509::read_chain(chain.content);
    if (!leaf) return broken(std::string(chain_file) + ": " + leaf.error().what);
    auto const public_key = x509::public_key_of(Secret<std::string>(key.content));
    if (!public_key) return broken(std::string(key_file) + ": " + public_key.error().what);
    if (*public_key != leaf->public_key) return broken("the key is not that of the certificate");
    Fields state{{"names", std::vector<Item>(leaf->names.begin(), leaf->names.end())},
                 {"issuer", leaf->issuer},
                 {"not_before", std::int64_t{leaf->not_before.time_since_epoch().count()}},
                 {"not_after", std::int64_t{leaf->not_after.time_since_epoch().count()}},
                 {"fingerprint", leaf->fingerprint},
                 {"public_key", leaf->public_key},
                 {"mode", format_mode(key.stat->mode)}};
    if (files_.sets_owners()) state.set("group", key.stat->group);
    return state;
  }

  /// Challenges that are noted: nobody is issuing while we look, so a run was cut off.
  std::int64_t challenges_left(engine::Resource const& resource) {
    auto const notes =
        certificate::notes_of(resource.spec.text("home"), certificate::name_of(resource.address));
    return static_cast<std::int64_t>(certificate::ZoneChallenges::noted(files_, notes).size());
  }

  static std::string record_of(Fields const& spec, engine::Address const& address) {
    return below(spec.text("home"), certificate::name_of(address) + ".issued");
  }

  /// Who issued the certificate of this fingerprint; empty where nobody noted it.
  std::string recorded(engine::Resource const& resource, std::string const& fingerprint) {
    auto const text =
        files_.read(record_of(resource.spec, resource.address)).value_or(std::string());
    auto const line = text.find(fingerprint + " ");
    if (line == std::string::npos) return {};
    auto const start = line + fingerprint.size() + 1;
    return text.substr(start, text.find('\n', start) - start);
  }

  /// Before the certificate is in place: without the note a later change of issuer would not be
  /// seen. What is noted of the one that still stands there stays.
  Result<> note_issuer(Step const& step, std::string const& fingerprint) {
    auto text = fingerprint + " " + step.spec.text("by") + "\n";
    auto const& state = step.before.state;
    if (auto const& by = state.text("by"); !by.empty())
      text += state.text("fingerprint") + " " + by + "\n";
    auto const record = record_of(step.spec, step.address);
    if (auto made = make_parent(files_, record, {0700, {}, {}}); !made) return made;
    return files_.write(record, text, {0600, {}, {}});
  }

  Result<> make(Step const& step) {
    auto const& state = step.before.state;
    bool const there = step.before.standing == Observation::Standing::present;
    bool const due =
        !there || certificate::reason_to_issue(step.spec, state, clock_.now()).has_value();
    auto const name = certificate::name_of(step.address);
    // The order of what stands there can bring nothing else: it is forgotten first.
    if (due && state.flag("unsettled"))
      if (auto settled = certificate::settle(step.spec, name, files_); !settled) return settled;
    auto const& copy = there ? std::string() : state.text("copy");
    auto const pair = !copy.empty() ? kept(copy) : due ? issue(step) : kept(step.spec.text("path"));
    // Afterwards: the CA may still be looking for what a run that was cut off had told it of, and
    // an order whose challenge it does not find is lost.
    auto swept = sweep(step);
    if (!pair) return fail(pair.error());
    if (auto stored = store(step, *pair); !stored) return stored;
    if (auto settled = certificate::settle(step.spec, name, files_); !settled) return settled;
    return swept;
  }

  Result<> sweep(Step const& step) {
    certificate::ZoneChallenges challenges(
        inputs_.zones, doors_,
        certificate::notes_of(step.spec.text("home"), certificate::name_of(step.address)),
        inputs_.wait);
    return challenges.sweep();
  }

  /// What stands there, for a step that changes who may read it, or where it stands.
  Result<Pair> kept(std::string const& path) {
    auto chain = files_.read(below(path, chain_file));
    if (!chain) return fail(chain.error());
    auto key = files_.read(below(path, key_file));
    if (!key) return fail(key.error());
    return Pair{*std::move(chain), Secret<std::string>(*std::move(key))};
  }

  Result<Pair> issue(Step const& step) {
    bool const acme = !step.spec.text("directory").empty();
    auto pair = acme ? certificate::issue_by_acme(step.spec, certificate::name_of(step.address),
                                                  inputs_, doors_)
                     : issue_here(step);
    if (!pair) return fail(within(pair.error(), "issuer " + step.spec.text("issuer")));
    auto const leaf = x509::read_chain(pair->chain);
    if (!leaf) return fail(within(leaf.error(), "issuer " + step.spec.text("issuer")));
    if (auto noted = note_issuer(step, leaf->fingerprint); !noted) return fail(noted.error());
    return pair;
  }

  Result<Pair> issue_here(Step const& step) {
    auto key = x509::make_key();
    if (!key) return fail(key.error());
    auto const request = x509::make_request(*key, step.spec.texts("names"));
    if (!request) return fail(request.error());
    auto chain = certificate::issue_locally(
        files_, below(step.spec.text("home"), "authorities/" + step.spec.text("issuer")), *request,
        clock_.now());
    if (!chain) return fail(chain.error());
    return Pair{*std::move(chain), *std::move(key)};
  }

  Result<> store(Step const& step, Pair const& pair) {
    auto const& path = step.spec.text("path");
    // An issuance takes a while: what was put here meanwhile is not ours to replace.
    if (auto same = unchanged(step); !same) return same;
    if (auto made = make_parent(files_, path, {0755, {}, {}}); !made) return made;
    files::Attributes private_part{0640, {}, {}};
    if (auto const& group = step.spec.text("group"); !group.empty()) private_part.group = group;
    std::array<files::NewFile, 2> const all{
        {{chain_file, pair.chain, {0644, {}, {}}}, {key_file, pair.key.reveal(), private_part}}};
    return files::replace_directory(files_, path, staging_of(path), all, {0755, {}, {}});
  }

  Result<> unchanged(Step const& step) {
    engine::Resource resource;
    resource.address = step.address;
    resource.spec = step.spec;
    auto const now = look_at(resource);
    if (now.standing == Observation::Standing::blind)
      return fail(ErrorCode::unavailable, now.blind_reason);
    auto const& before = step.before;
    // Removed meanwhile is no loss.
    if (now.standing == Observation::Standing::absent ||
        (now.standing == before.standing &&
         now.state.text("fingerprint") == before.state.text("fingerprint")))
      return {};
    return fail(ErrorCode::conflict,
                step.spec.text("path") +
                    " holds another certificate than the plan was made from: plan again");
  }

  /// Only the pair goes, and the directory where nothing else stands in it.
  Result<> erase(Step const& step) {
    auto const& path = step.spec.text("path");
    if (auto same = unchanged(step); !same) return same;
    for (auto const* name : {key_file, chain_file})
      if (auto gone = files_.remove(below(path, name)); !gone) return gone;
    if (auto gone = files_.remove(record_of(step.spec, step.address)); !gone) return gone;
    auto const rest = files_.list(path);
    return rest && rest->empty() ? files_.remove(path) : Result<>();
  }

  Inputs const& inputs_;
  Doors doors_;
  files::Files& files_;
  Clock& clock_;
};

}  // namespace

std::unique_ptr<engine::Kind> make_certificate(Inputs const& inputs, Doors const& doors);
std::unique_ptr<engine::Kind> make_certificate(Inputs const& inputs, Doors const& doors) {
  return std::make_unique<CertificateKind>(inputs, doors);
}

}  // namespace mailstack::kinds
