#pragma once
/// \file
/// What `mailstack user` and `mailstack alias` write into the manifest: in place, in the file that
/// holds the domain, keeping comments, order and blank lines. Nothing is written here; the caller
/// stores the text.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/files/files.hpp"
#include "core/result/result.hpp"
#include "reconciler/manifest/key_table.hpp"

namespace mailstack::manifest {

/// A file whose text changes.
struct FileEdit {
  std::string file;  ///< as messages name it
  std::string path;  ///< absolute
  std::string before;
  std::string after;  ///< equal to `before` where nothing has to change

  bool operator==(FileEdit const&) const = default;
};

/// The one way to a password: `{hash_file, secrets/i@example.org}`.
using PasswordForm = std::pair<std::string, std::string>;

/// Edits of one manifest. Addresses are `local@domain`; the domain may be written with U-labels.
/// All fail with invalid (the manifest does not parse, the address is none, the place cannot be
/// edited safely), not_found (no such domain, user or alias) or conflict (it exists already), and
/// say what to do.
class Editor {
 public:
  Editor(files::Files& files, std::string manifest, KeyTable const& table)
      : files_(files), manifest_(std::move(manifest)), table_(table) {}

  /// Without a password the user receives and cannot log in.
  Result<FileEdit> add_user(std::string_view address, std::optional<PasswordForm> const& password);
  Result<FileEdit> set_password(std::string_view address, PasswordForm const& password);
  /// `active` or `disabled`.
  Result<FileEdit> set_user_state(std::string_view address, std::string_view state);
  Result<FileEdit> remove_user(std::string_view address);

  /// Adds recipients that are not there yet; makes the alias where there is none. `*@domain` is the
  /// catch-all.
  Result<FileEdit> add_alias(std::string_view address, std::vector<std::string> const& recipients);
  Result<FileEdit> remove_alias(std::string_view address);

 private:
  struct Place;
  Result<Place> find(std::string_view address, std::string_view collection) const;

  files::Files& files_;
  std::string manifest_;
  KeyTable const& table_;
};

}  // namespace mailstack::manifest
