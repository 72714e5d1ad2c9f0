#include "daemon/queue/log_spool/apart.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "daemon/queue/log_spool/crc32c.hpp"

namespace mailstack::queue {

namespace {

std::string reason() { return std::strerror(errno); }

}  // namespace

Result<std::vector<std::string>> list_directory(int directory) {
  files::Descriptor again(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!again.open()) return fail(ErrorCode::unavailable, reason());
  std::unique_ptr<DIR, int (*)(DIR*)> const opened(::fdopendir(again.number()), ::closedir);
  if (!opened) return fail(ErrorCode::unavailable, reason());
  (void)again.release();
  std::vector<std::string> names;
  errno = 0;
  while (auto const* entry = ::readdir(opened.get())) {
    std::string_view const name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return fail(ErrorCode::unavailable, reason());
  return names;
}

ApartContents::ApartContents(SpoolOptions const& options, files::Descriptor directory,
                             Written written)
    : options_(options),
      directory_(std::move(directory)),
      written_(std::move(written)),
      thread_([this] { run(); }) {}

ApartContents::~ApartContents() {
  {
    std::lock_guard const lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void ApartContents::put(Operation operation) {
  {
    std::lock_guard const lock(mutex_);
    asked_.push_back(std::move(operation));
  }
  wake_.notify_one();
}

void ApartContents::remove(ItemId id) { put(Operation{.kind = Kind::remove, .id = id}); }

void ApartContents::finish() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [&] { return asked_.empty() && !busy_; });
}

void ApartContents::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return stopping_ || !asked_.empty(); });
    if (asked_.empty()) return;
    auto operation = std::move(asked_.front());
    asked_.pop_front();
    busy_ = true;
    lock.unlock();
    if (operation.kind == Kind::put) {
      auto result = write(operation);
      operation.content.reset();
      written_(std::move(operation), std::move(result));
    } else {
      // What stays behind after a crash is an orphan, which the next start removes.
      options_.disk->remove(directory_.number(), format_id(operation.id).c_str(), 0);
    }
    lock.lock();
    busy_ = false;
    if (asked_.empty()) idle_.notify_all();
  }
}

Result<> ApartContents::write(Operation const& operation) {
  auto& disk = *options_.disk;
  auto const leaf = format_id(operation.id);
  files::Descriptor const file(disk.create(directory_.number(), leaf.c_str(), O_WRONLY));
  if (!file.open()) return fail(ErrorCode::unavailable, "apart/" + leaf + ": " + reason());
  if (auto written = write_octets(file.number(), *operation.content); !written) {
    disk.remove(directory_.number(), leaf.c_str(), 0);
    return fail(within(written.error(), "apart/" + leaf));
  }
  if (disk.sync(file.number()) != 0 || disk.sync(directory_.number()) != 0)
    die(options_, "sync of apart/" + leaf + ": " + reason());
  return {};
}

Result<> ApartContents::write_octets(int file, std::string_view octets) {
  for (off_t at = 0; !octets.empty();) {
    iovec const part{const_cast<char*>(octets.data()), octets.size()};
    auto const written = options_.disk->write_at(file, &part, 1, at);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(ErrorCode::unavailable, reason());
    octets.remove_prefix(static_cast<std::size_t>(written));
    at += written;
  }
  return {};
}

Result<Content> ApartContents::read(ItemId id, Part const& content) const {
  auto const leaf = format_id(id);
  files::Descriptor const file(
      ::openat(directory_.number(), leaf.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file.open())
    return fail(errno == ENOENT ? ErrorCode::not_found : ErrorCode::unavailable,
                "apart/" + leaf + ": " + reason());
  auto octets = read_at(file.number(), 0, content.octets);
  if (!octets) return fail(within(std::move(octets.error()), "apart/" + leaf));
  if (crc32c(*octets) != content.crc)
    return fail(ErrorCode::invalid, "apart/" + leaf + ": its checksum is wrong");
  return std::make_shared<std::string const>(*std::move(octets));
}

Result<std::set<ItemId>> ApartContents::keep_only(std::set<ItemId> const& ids) {
  auto const names = list_directory(directory_.number());
  if (!names) return fail(within(names.error(), "apart"));
  auto missing = ids;
  for (auto const& name : *names) {
    auto const id = parse_id(name);
    if (!id) continue;
    missing.erase(*id);
    if (!ids.contains(*id)) options_.disk->remove(directory_.number(), name.c_str(), 0);
  }
  return missing;
}

}  // namespace mailstack::queue
