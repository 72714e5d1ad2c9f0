#include <array>
#include <random>

#include "core/dns/name.hpp"
#include "core/mail/username/username.hpp"
#include "core/userdb/scrypt.hpp"
#include "reconciler/cli/all_keys.hpp"
#include "reconciler/cli/commands/commands.hpp"
#include "reconciler/cli/conf_tree.hpp"
#include "reconciler/cli/json_forms.hpp"
#include "reconciler/cli/session.hpp"
#include "reconciler/cli/store_edit.hpp"
#include "reconciler/cli/user_check.hpp"
#include "reconciler/manifest/load.hpp"

namespace mailstack::cli {

namespace {

using manifest::FileEdit;

/// NIST SP 800-63B 5.1.1.2.
constexpr std::size_t shortest_password = 8;

/// 24 letters and digits without those that look alike: 137 bits.
Secret<std::string> generate_password() {
  constexpr std::string_view letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  std::random_device random;  // getrandom(2) in libstdc++ on Linux
  std::uniform_int_distribution<std::size_t> any(0, letters.size() - 1);
  std::string text;
  text.reserve(24);
  while (text.size() < 24) text += letters[any(random)];
  Secret<std::string> password(text);
  wipe(text.data(), text.size());
  return password;
}

/// Stands for the hash that is not made yet, where the edit is tried before anybody is asked.
constexpr char const* any_hash =
    "$scrypt$ln=14,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";

/// Whether two spellings are one address.
bool same_user(std::string const& a, std::string const& b) {
  auto const parts = [](std::string const& address) {
    auto const at = address.rfind('@');
    return std::pair(mail::normalize_username(address.substr(0, at)),
                     dns::Name::parse(at == address.npos ? "" : address.substr(at + 1)));
  };
  auto const x = parts(a), y = parts(b);
  return x.first && x.second && y.first && y.second && *x.first == *y.first &&
         *x.second == *y.second;
}

/// The edits of one user; each returns the code of its end.
class UserRun {
 public:
  UserRun(Options const& options, Doors& doors)
      : options_(options),
        doors_(doors),
        talk_(options, doors),
        files_(doors.files("")),
        editor_(*files_, options.manifest, all_keys()),
        address_(options.words.front()) {}

  ExitCode run() {
    auto const verb = options_.command.substr(options_.command.find(' ') + 1);
    if (verb == "check") return check();
    if (verb == "add") return add();
    if (verb == "passwd") return set_password();
    if (verb == "disable") return store(editor_.set_user_state(address_, "disabled"), "disabled");
    return remove();
  }

 private:
  /// Standard input need not be a terminal here: a test of a deployment feeds the password.
  ExitCode check() {
    auto const password = doors_.terminal.read_secret(
        doors_.terminal.answers ? "Password for " + address_ + ": " : std::string{});
    if (!password) return refuse("no password was given");
    auto const host = doors_.files(options_.root.empty() ? "" : absolute(options_.root, doors_));
    manifest::Diagnostics ignored;
    auto const manifest = manifest::load(*files_, options_.manifest, all_keys(), ignored);
    auto const checked =
        check_user(*host, find_tree(*host, manifest ? &*manifest : nullptr), address_, *password);
    if (!checked) return refuse(checked.error().what, code_of_answer(checked.error()));
    if (options_.json)
      talk_.document(user_check_json(address_, *checked));
    else
      talk_.result(checked->line + "\n");
    return checked->verdict == UserCheck::Verdict::accepted ? ExitCode::done : ExitCode::error;
  }

  ExitCode add() {
    if (options_.generate && (options_.no_password || !options_.credential.empty()))
      return refuse("--generate makes a password, and " +
                    std::string(options_.no_password ? "--no-password" : "--credential") +
                    " says that there is none to make: leave out one of them");
    if (!options_.generate && !options_.reveal_to.empty() &&
        (options_.no_password || !options_.credential.empty()))
      return refuse("--reveal-to is for a password of --generate: leave it out");
    if (options_.no_password) return store(editor_.add_user(address_, std::nullopt), "added");
    if (!options_.credential.empty())
      return store(
          editor_.add_user(address_, manifest::PasswordForm{"credential", options_.credential}),
          "added");
    // The edit is tried before anybody is asked for a password that would then be of no use.
    return store_with_hash(editor_.add_user(address_, hash_form()), "added");
  }

  /// A reference is somebody else's to change: a hash here would leave whoever logs in with the
  /// referenced secret outside.
  ExitCode set_password() {
    auto const now = password_now();
    if (now && now->first != "hash" && now->first != "hash_file")
      return refuse(
          "the password of " + address_ + " comes from {" + now->first + ": " + now->second +
          "}: change it there, and `mailstack apply` writes the new one. "
          "To have it in the manifest's repository instead, write `password: {hash_file: " +
          hash_file() + "}` and run this again");
    auto const code =
        store_with_hash(editor_.set_password(address_, hash_form()), "has a new password");
    if (code != ExitCode::done || !now || *now == hash_form()) return code;
    if (now->first == "hash")
      talk_.text("The hash that stood in the manifest is now in " + hash_file() + ".\n");
    else
      say_left(now->second);
    return code;
  }

  ExitCode remove() {
    auto const now = password_now();
    auto const code = store(editor_.remove_user(address_), "removed");
    if (code == ExitCode::done && now && now->first == "hash_file") say_left(now->second);
    return code;
  }

  /// The file of a hash that nobody refers to any more. It is not removed: whoever takes the edit
  /// back needs it, and so does `apply` until then.
  void say_left(std::string const& file) {
    auto const path = file.starts_with('/') ? file : directory() + "/" + file;
    if (!files_->stat(path) || refers_to(path)) return;
    talk_.text("The old hash stays in " + file + ", and nobody needs it any more: rm '" + path +
               "'.\n");
  }

  /// Every password of the manifest as it is written there, by address.
  std::vector<std::pair<std::string, manifest::PasswordForm>> passwords() {
    std::vector<std::pair<std::string, manifest::PasswordForm>> all;
    manifest::Diagnostics unused;
    auto const manifest = manifest::load(*files_, options_.manifest, all_keys(), unused);
    if (!manifest) return all;
    for (auto const& domain : manifest->domains)
      if (auto const* users = domain.section.node("users"))
        for (auto const& user : users->entries) {
          auto const* password = user.value.find("password");
          if (password == nullptr || password->entries.empty()) continue;
          auto const& form = password->entries.front();
          all.emplace_back(user.key + "@" + domain.unicode,
                           manifest::PasswordForm{form.key, form.value.scalar});
        }
    return all;
  }

  std::optional<manifest::PasswordForm> password_now() {
    for (auto& [address, form] : passwords())
      if (same_user(address, address_)) return std::move(form);
    return std::nullopt;
  }

  bool refers_to(std::string const& path) {
    for (auto const& [address, form] : passwords())
      if (form.first == "hash_file" &&
          (form.second.starts_with('/') ? form.second : directory() + "/" + form.second) == path)
        return true;
    return false;
  }

  [[nodiscard]] std::string directory() const {
    return directory_of(manifest_path(options_, doors_));
  }

  [[nodiscard]] std::string hash_file() const { return "secrets/" + address_; }
  [[nodiscard]] manifest::PasswordForm hash_form() const { return {"hash_file", hash_file()}; }

  ExitCode refuse(std::string const& why, ExitCode code = ExitCode::invalid) {
    talk_.error(why);
    return code;
  }

  ExitCode store(Result<FileEdit> const& edit, std::string const& what) {
    if (!edit) return refuse(edit.error().what);
    if (!takes_edit(*files_, options_.manifest, *edit, {}, doors_.clock.now(), talk_))
      return ExitCode::invalid;
    if (auto const stored = store_edit(*files_, *edit); !stored)
      return refuse(stored.error().what, ExitCode::error);
    note_edit(*files_, state_directory(options_, doors_), doors_.clock.now(),
              options_.command + " " + address_);
    talk_.text(address_ + " " + what + " in " + edit->file +
               ". `mailstack apply` makes it so on the host.\n");
    return ExitCode::done;
  }

  ExitCode store_with_hash(Result<FileEdit> const& edit, std::string const& what) {
    if (!edit) return refuse(edit.error().what);
    auto const path = directory() + "/" + hash_file();
    if (!takes_edit(*files_, options_.manifest, *edit, {{path, any_hash}}, doors_.clock.now(),
                    talk_))
      return ExitCode::invalid;
    auto const password = take_password();
    if (!password) return refuse(password.error().what);
    bool const revealed = options_.generate && !options_.reveal_to.empty();
    // Before anything is changed: a password that cannot be written down would lock its user out.
    if (revealed)
      if (auto const made = write_revealed(""); !made) {
        return refuse("--reveal-to: " + made.error().what + "; nothing was changed",
                      ExitCode::error);
      }
    auto const code = store_hash(edit, what, path, *password);
    if (code != ExitCode::done && revealed) (void)files_->remove(reveal_path());  // still empty
    if (code == ExitCode::done && options_.generate) return reveal(*password);
    return code;
  }

  ExitCode store_hash(Result<FileEdit> const& edit, std::string const& what,
                      std::string const& path, Secret<std::string> const& password) {
    auto const hash = userdb::hash_password(password);
    if (!hash) return refuse(hash.error().what, ExitCode::error);
    if (!files_->stat(directory() + "/secrets")) {
      auto const made = files_->make_directory(directory() + "/secrets",
                                               {.mode = 0700, .owner = {}, .group = {}});
      if (!made) return refuse(made.error().what, ExitCode::error);
    }
    auto const line = userdb::format_phc(*hash);
    if (auto const written =
            files_->write(path, line.reveal() + "\n", {.mode = 0600, .owner = {}, .group = {}});
        !written)
      return refuse(written.error().what, ExitCode::error);
    return store(edit, what);
  }

  Result<> write_revealed(std::string_view content) {
    return files_->write(reveal_path(), content, {.mode = 0600, .owner = {}, .group = {}});
  }

  Result<Secret<std::string>> take_password() {
    if (options_.generate) {
      if (options_.reveal_to.empty() && !doors_.terminal.shows_out)
        return fail(ErrorCode::invalid,
                    "a generated password is shown on a terminal only; --reveal-to FILE writes it "
                    "to a file");
      if (!options_.reveal_to.empty()) {
        // A link that leads nowhere would be found out when the password is made already.
        auto const there = files_->stat(reveal_path());
        if (there || there.error().code != ErrorCode::not_found)
          return fail(ErrorCode::invalid, options_.reveal_to +
                                              " exists and may hold another password; name a new "
                                              "file");
      }
      return generate_password();
    }
    if (!doors_.terminal.answers)
      return fail(
          ErrorCode::invalid,
          "there is no terminal to ask for the password on; --generate --reveal-to FILE "
          "makes one" +
              std::string(options_.command == "user add" ? ", --credential NAME refers to one"
                                                         : ""));
    auto first = doors_.terminal.read_secret("Password for " + address_ + ": ");
    if (!first || first->empty()) return fail(ErrorCode::invalid, "no password was given");
    if (first->reveal().size() < shortest_password)
      return fail(ErrorCode::invalid,
                  "a password of fewer than " + std::to_string(shortest_password) +
                      " characters is soon guessed, and was not taken; --generate makes one");
    auto const second = doors_.terminal.read_secret("Again: ");
    if (!second || second->reveal() != first->reveal())
      return fail(ErrorCode::invalid, "the two passwords differ; nothing was changed");
    return *std::move(first);
  }

  [[nodiscard]] std::string reveal_path() const { return absolute(options_.reveal_to, doors_); }

  /// Once: the password stands nowhere else.
  ExitCode reveal(Secret<std::string> const& password) {
    if (options_.reveal_to.empty()) {
      doors_.out << "Password (shown once): " << password.reveal() << std::endl;
      return ExitCode::done;
    }
    if (auto const written = write_revealed(password.reveal() + "\n"); !written)
      return refuse("the password could not be written and is lost; `mailstack user passwd " +
                        address_ + "` makes another: " + written.error().what,
                    ExitCode::error);
    talk_.text("The password stands in " + options_.reveal_to + ".\n");
    return ExitCode::done;
  }

  Options const& options_;
  Doors& doors_;
  Talk talk_;
  std::unique_ptr<files::Files> files_;
  manifest::Editor editor_;
  std::string address_;
};

}  // namespace

ExitCode commands_of::user(Options const& options, Doors& doors) {
  return UserRun(options, doors).run();
}

}  // namespace mailstack::cli
