#include "reconciler/kinds/conf_file/packages.hpp"

#include "core/digest/digest.hpp"

namespace mailstack::kinds::conf_file {

bool Packages::shipped(std::string const& path, std::string const& content) {
  if (!status_) status_ = files_.read("/var/lib/dpkg/status").value_or(std::string());
  // The field Conffiles of a package (dpkg-query(1)): lines ` PATH MD5`, and the word
  // `obsolete` behind those that it brings no more.
  return status_->find("\n " + path + " " + digest::md5(content) + "\n") != std::string::npos;
}

}  // namespace mailstack::kinds::conf_file
