#include "core/files/memory_files.hpp"

#include <algorithm>
#include <vector>

#include "core/files/place.hpp"

namespace mailstack::files {
namespace {

using Lock = std::lock_guard<std::mutex>;

tl::unexpected<Error> failure(ErrorCode code, std::string_view verb, std::string const& path,
                              std::string_view why) {
  return fail(code, std::string(verb).append(" ").append(path).append(": ").append(why));
}

std::string clean(std::string const& path) {
  auto const end = path.find_last_not_of('/');
  return end == std::string::npos ? "/" : path.substr(0, end + 1);
}

std::string parent_of(std::string const& path) {
  auto const slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string as_prefix(std::string const& directory) {
  return directory == "/" ? directory : directory + "/";
}

bool below(std::string const& path, std::string const& prefix) {
  if (prefix.empty()) return false;
  if (prefix == "/" || path == prefix) return true;
  return path.starts_with(prefix) && path[prefix.size()] == '/';
}

}  // namespace

MemoryFiles::MemoryFiles() {
  nodes_["/"].directory = true;
  nodes_["/"].mode = 0755;
}

Result<> MemoryFiles::begin_read(std::string_view verb, std::string const& path) {
  ++calls_;
  if (auto ok = check_path(path); !ok) return ok;
  if (calls_ == failing_call_) return failure(failing_code_, verb, path, "injected fault");
  if (below(clean(path), unreadable_))
    return failure(ErrorCode::denied, verb, path, "Permission denied");
  return {};
}

Result<> MemoryFiles::begin_change(std::string_view verb, std::string const& path) {
  ++calls_;
  ++changes_;
  if (dead_) throw Crash{};
  if (auto ok = check_path(path); !ok) return ok;
  if (calls_ == failing_call_) return failure(failing_code_, verb, path, "injected fault");
  if (below(clean(path), read_only_))
    return failure(ErrorCode::denied, verb, path,
                   "Read-only file system; mount the file system writable and run again");
  return {};
}

void MemoryFiles::crash_before() {
  if (changes_ != fatal_change_ || torn_ == Torn::all) return;
  dead_ = true;
  throw Crash{};
}

void MemoryFiles::crash_after() {
  if (changes_ != fatal_change_) return;
  dead_ = true;
  throw Crash{};
}

Result<> MemoryFiles::take_space(std::string_view verb, std::string const& path,
                                 std::uint64_t before, std::uint64_t after) {
  if (!free_space_) return {};
  // As on a disk, a replacement needs room for the new content before the old one goes.
  if (after > *free_space_)
    return failure(ErrorCode::unavailable, verb, path,
                   "No space left on device; free space on this file system and run again");
  *free_space_ = *free_space_ - after + before;
  return {};
}

Result<> MemoryFiles::require_parent(std::string_view verb, std::string const& path) const {
  auto const parent = nodes_.find(parent_of(path));
  if (parent == nodes_.end() || !parent->second.directory)
    return failure(ErrorCode::not_found, verb, path, "No such file or directory");
  return {};
}

/// A directory changes with its entries, as on a disk.
void MemoryFiles::note_entry(std::string const& path) {
  if (auto const parent = nodes_.find(parent_of(path)); parent != nodes_.end())
    parent->second.changed = time_;
}

bool MemoryFiles::has_children(std::string const& directory) const {
  auto const prefix = as_prefix(directory);
  auto const first = nodes_.upper_bound(prefix);
  return first != nodes_.end() && first->first.starts_with(prefix);
}

Result<std::string> MemoryFiles::read(std::string const& path) {
  Lock const lock(mutex_);
  if (auto ok = begin_read("read", path); !ok) return fail(ok.error());
  auto const found = nodes_.find(clean(path));
  if (found == nodes_.end())
    return failure(ErrorCode::not_found, "read", path, "No such file or directory");
  if (found->second.directory)
    return failure(ErrorCode::conflict, "read", path, "Is a directory; move the directory away");
  return found->second.content;
}

Result<std::string> MemoryFiles::read_end(std::string const& path, std::size_t octets) {
  auto content = read(path);
  if (content && content->size() > octets) content->erase(0, content->size() - octets);
  return content;
}

Result<Stat> MemoryFiles::stat(std::string const& path) {
  Lock const lock(mutex_);
  if (auto ok = begin_read("stat", path); !ok) return fail(ok.error());
  auto const found = nodes_.find(clean(path));
  if (found == nodes_.end())
    return failure(ErrorCode::not_found, "stat", path, "No such file or directory");
  auto const& node = found->second;
  return Stat{.directory = node.directory,
              .regular = !node.directory,
              .mode = node.mode,
              .owner = node.owner,
              .group = node.group,
              .size = node.content.size(),
              .changed = node.changed};
}

Result<std::vector<std::string>> MemoryFiles::list(std::string const& directory) {
  Lock const lock(mutex_);
  if (auto ok = begin_read("list", directory); !ok) return fail(ok.error());
  auto const path = clean(directory);
  auto const found = nodes_.find(path);
  if (found == nodes_.end() || !found->second.directory)
    return failure(ErrorCode::not_found, "list", directory, "No such file or directory");
  std::vector<std::string> names;
  auto const prefix = as_prefix(path);
  for (auto at = nodes_.upper_bound(prefix); at != nodes_.end() && at->first.starts_with(prefix);
       ++at) {
    auto name = at->first.substr(prefix.size());
    if (name.find('/') == std::string::npos) names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<> MemoryFiles::write(std::string const& path, std::string_view content,
                            Attributes const& attributes) {
  Lock const lock(mutex_);
  auto const at = clean(path);
  if (auto ok = begin_change("write", path); !ok) return ok;
  if (auto ok = require_parent("write", at); !ok) return ok;
  auto const found = nodes_.find(at);
  if (found != nodes_.end() && found->second.directory)
    return failure(ErrorCode::conflict, "write", path, "Is a directory; move the directory away");
  auto const before = found == nodes_.end() ? 0 : found->second.content.size();
  if (auto ok = take_space("write", path, before, content.size()); !ok) return ok;
  crash_before();
  Node node;
  node.mode = attributes.mode;
  node.owner = attributes.owner.value_or("root");
  node.group = attributes.group.value_or("root");
  node.content = content;
  node.changed = time_;
  nodes_[at] = std::move(node);
  note_entry(at);
  crash_after();
  return {};
}

Result<> MemoryFiles::append(std::string const& path, std::string_view content) {
  Lock const lock(mutex_);
  auto const at = clean(path);
  if (auto ok = begin_change("append to", path); !ok) return ok;
  if (auto ok = require_parent("append to", at); !ok) return ok;
  auto const found = nodes_.find(at);
  if (found != nodes_.end() && found->second.directory)
    return failure(ErrorCode::conflict, "append to", path,
                   "Is a directory; move the directory away");
  if (auto ok = take_space("append to", path, 0, content.size()); !ok) return ok;
  bool const fatal = changes_ == fatal_change_;
  if (fatal && torn_ == Torn::half) content = content.substr(0, content.size() / 2);
  if (!fatal || torn_ != Torn::half) crash_before();
  auto& node = nodes_[at];
  if (found == nodes_.end()) node.mode = 0600;
  node.content += content;
  node.changed = time_;
  crash_after();
  return {};
}

Result<> MemoryFiles::make_directory(std::string const& path, Attributes const& attributes) {
  Lock const lock(mutex_);
  auto const at = clean(path);
  if (auto ok = begin_change("create directory", path); !ok) return ok;
  std::vector<std::string> missing;
  for (auto up = parent_of(at); !nodes_.contains(up); up = parent_of(up)) missing.push_back(up);
  auto const nearest = nodes_.find(missing.empty() ? parent_of(at) : parent_of(missing.back()));
  auto const found = nodes_.find(at);
  if (!nearest->second.directory || (found != nodes_.end() && !found->second.directory))
    return failure(ErrorCode::conflict, "create directory", path,
                   "something else is there; move it away");
  crash_before();
  for (auto const& up : missing) {
    nodes_[up].directory = true;
    nodes_[up].mode = 0755;
    nodes_[up].changed = time_;
    note_entry(up);
  }
  if (found == nodes_.end()) note_entry(at);
  auto& node = nodes_[at];
  node.directory = true;
  node.mode = attributes.mode;
  node.changed = time_;
  if (attributes.owner) node.owner = *attributes.owner;
  if (attributes.group) node.group = *attributes.group;
  crash_after();
  return {};
}

Result<> MemoryFiles::move(std::string const& from, std::string const& to) {
  Lock const lock(mutex_);
  auto const source = clean(from);
  auto const target = clean(to);
  if (auto ok = begin_change("move", from); !ok) return ok;
  if (auto ok = check_path(to); !ok) return ok;
  if (below(target, read_only_))
    return failure(ErrorCode::denied, "move", to, "Read-only file system");
  auto const found = nodes_.find(source);
  if (found == nodes_.end())
    return failure(ErrorCode::not_found, "move", from, "No such file or directory");
  if (auto ok = require_parent("move", target); !ok) return ok;
  if (source == target) return {};
  if (below(target, source))
    return failure(ErrorCode::invalid, "move", to, "a directory cannot move into itself");
  auto const replaced = nodes_.find(target);
  if (replaced != nodes_.end() &&
      (replaced->second.directory != found->second.directory || has_children(target)))
    return failure(ErrorCode::conflict, "move " + from + " to", to,
                   "something else is there; move away what it holds");
  crash_before();
  Nodes moved;
  for (auto const& [path, node] : nodes_)
    if (below(path, source)) moved[target + path.substr(source.size())] = node;
  std::erase_if(nodes_, [&](auto const& node) { return below(node.first, source); });
  for (auto& [path, node] : moved) nodes_[path] = std::move(node);
  nodes_[target].changed = time_;
  for (auto const& path : {source, target}) note_entry(path);
  crash_after();
  return {};
}

Result<> MemoryFiles::exchange(std::string const& a, std::string const& b) {
  Lock const lock(mutex_);
  auto const one = clean(a);
  auto const other = clean(b);
  if (auto ok = begin_change("exchange", a); !ok) return ok;
  if (auto ok = check_path(b); !ok) return ok;
  if (below(other, read_only_))
    return failure(ErrorCode::denied, "exchange", b, "Read-only file system");
  for (auto const& path : {one, other})
    if (!nodes_.contains(path))
      return failure(ErrorCode::not_found, "exchange", path, "No such file or directory");
  if (one == other) return {};
  if (below(one, other) || below(other, one))
    return failure(ErrorCode::invalid, "exchange", b, "a directory cannot move into itself");
  crash_before();
  Nodes swapped;
  for (auto const& [path, node] : nodes_)
    if (below(path, one))
      swapped[other + path.substr(one.size())] = node;
    else if (below(path, other))
      swapped[one + path.substr(other.size())] = node;
    else
      swapped[path] = node;
  nodes_ = std::move(swapped);
  for (auto const& path : {one, other}) {
    nodes_[path].changed = time_;
    note_entry(path);
  }
  crash_after();
  return {};
}

Result<> MemoryFiles::remove(std::string const& path) {
  Lock const lock(mutex_);
  auto const at = clean(path);
  if (auto ok = begin_change("remove", path); !ok) return ok;
  auto const found = nodes_.find(at);
  if (found == nodes_.end()) return {};
  if (at == "/") return failure(ErrorCode::invalid, "remove", path, "Invalid argument");
  if (found->second.directory && has_children(at))
    return failure(ErrorCode::conflict, "remove", path,
                   "Directory not empty; move away what it holds");
  crash_before();
  if (free_space_) *free_space_ += found->second.content.size();
  nodes_.erase(found);
  note_entry(at);
  crash_after();
  return {};
}

void MemoryFiles::fail_call(std::uint64_t n, ErrorCode code) {
  Lock const lock(mutex_);
  failing_call_ = calls_ + n;
  failing_code_ = code;
}

void MemoryFiles::set_read_only(std::string const& prefix) {
  Lock const lock(mutex_);
  read_only_ = prefix.empty() ? prefix : clean(prefix);
}

void MemoryFiles::set_unreadable(std::string const& prefix) {
  Lock const lock(mutex_);
  unreadable_ = prefix.empty() ? prefix : clean(prefix);
}

void MemoryFiles::set_free_space(std::optional<std::uint64_t> octets) {
  Lock const lock(mutex_);
  free_space_ = octets;
}

void MemoryFiles::crash_at(std::uint64_t n, Torn torn) {
  Lock const lock(mutex_);
  fatal_change_ = changes_ + n;
  torn_ = torn;
}

void MemoryFiles::revive() {
  Lock const lock(mutex_);
  dead_ = false;
  fatal_change_ = 0;
  failing_call_ = 0;
  read_only_.clear();
  unreadable_.clear();
  free_space_.reset();
}

void MemoryFiles::set_time(std::chrono::sys_time<std::chrono::microseconds> time) {
  Lock const lock(mutex_);
  time_ = time;
}

std::uint64_t MemoryFiles::changes() const {
  Lock const lock(mutex_);
  return changes_;
}

MemoryFiles::Image MemoryFiles::snapshot() const {
  std::lock_guard const lock(mutex_);
  Image image;
  image.nodes_ = nodes_;
  return image;
}

void MemoryFiles::restore(Image const& image) {
  std::lock_guard const lock(mutex_);
  nodes_ = image.nodes_;
}

}  // namespace mailstack::files
