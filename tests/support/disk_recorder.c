/* To be preloaded (LD_PRELOAD): writes down each call of a program that changes something below one directory, in the format of
   disk_trace.hpp, so that the disk can be rebuilt as a power loss would have left it after any of them.

     DISK_RECORDER_ROOT    the directory, an absolute path; it must be there and should be empty
     DISK_RECORDER_TRACE   the file to append to, outside of it; other programs append their marks to the same file
     DISK_RECORDER_LIE     fsync and fdatasync return at once and are not written down

   What is written through mmap is not seen. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CREATE = 1, MAKE_DIRECTORY, LINK, REMOVE, RENAME, WRITE, TRUNCATE, SYNC_BEGIN, SYNC_END, MARK };

struct call {
  uint64_t kind, inode, directory, other_directory, at;
  char const *leaf, *other_leaf;
  struct iovec const* parts;
  int count;
  size_t size; /* of the parts, as far as they were written */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static int trace = -1;
static int lies;

static void put(char** to, void const* octets, size_t size) {
  if (size > 0) memcpy(*to, octets, size);
  *to += size;
}
static void put_text(char** to, char const* text) {
  uint64_t const size = text ? strlen(text) : 0;
  put(to, &size, sizeof size);
  put(to, text, size);
}

/* One write, so that the marks of other processes do not fall in between. */
static void note(struct call const* call) {
  size_t const most = 8 * 8 + call->size + (call->leaf ? strlen(call->leaf) : 0) + (call->other_leaf ? strlen(call->other_leaf) : 0);
  char* const octets = malloc(most);
  char* to = octets;
  if (!octets) abort();
  put(&to, &call->kind, 5 * sizeof(uint64_t));
  put_text(&to, call->leaf);
  put_text(&to, call->other_leaf);
  uint64_t left = call->size;
  put(&to, &left, sizeof left);
  for (int i = 0; i < call->count && left > 0; ++i) {
    size_t const some = call->parts[i].iov_len < left ? call->parts[i].iov_len : left;
    put(&to, call->parts[i].iov_base, some);
    left -= some;
  }
  if (syscall(SYS_write, trace, octets, (size_t)(to - octets)) != to - octets) abort();
  free(octets);
}

static uint64_t inode_of(int file) {
  struct stat found;
  return fstat(file, &found) == 0 ? found.st_ino : 0;
}

static int below(char const* path) {
  size_t const size = strlen(root);
  return strncmp(path, root, size) == 0 && (path[size] == '/' || path[size] == 0);
}

/* Whether an open file is below the root. */
static int ours(int file) {
  char link[64], path[PATH_MAX];
  if (trace < 0 || file < 0 || file == trace) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t const size = readlink(link, path, sizeof path - 1);
  if (size <= 0) return 0;
  path[size] = 0;
  return below(path);
}

/* The inode of the directory in which `path` has its last part, and that part; 0 where it is none of ours. */
static uint64_t place(int directory, char const* path, char const** leaf) {
  char parent[PATH_MAX];
  char const* const slash = strrchr(path, '/');
  *leaf = slash ? slash + 1 : path;
  if (trace < 0) return 0;
  snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
  int const opened = (int)syscall(SYS_openat, directory, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return 0;
  uint64_t const inode = ours(opened) ? inode_of(opened) : 0;
  syscall(SYS_close, opened);
  return inode;
}

static uint64_t inode_at(int directory, char const* path) {
  struct stat found;
  return fstatat(directory, path, &found, AT_SYMLINK_NOFOLLOW) == 0 ? found.st_ino : 0;
}

__attribute__((constructor)) static void start(void) {
  char const* const wanted = getenv("DISK_RECORDER_ROOT");
  char const* const file = getenv("DISK_RECORDER_TRACE");
  char mark[64];
  if (!wanted || !file || !realpath(wanted, root)) return;
  lies = getenv("DISK_RECORDER_LIE") != NULL;
  trace = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (trace < 0) abort();
  /* Away from the numbers that programs count on. */
  int const high = fcntl(trace, F_DUPFD_CLOEXEC, 900);
  if (high >= 0) {
    syscall(SYS_close, trace);
    trace = high;
  }
  snprintf(mark, sizeof mark, "root %llu", (unsigned long long)inode_at(AT_FDCWD, root));
  struct iovec const part = {mark, strlen(mark)};
  note(&(struct call){.kind = MARK, .parts = &part, .count = 1, .size = part.iov_len});
}

static int open_noted(int directory, char const* path, int flags, mode_t mode) {
  if (trace < 0 || !(flags & (O_CREAT | O_TRUNC))) return (int)syscall(SYS_openat, directory, path, flags, mode);
  char const* leaf;
  pthread_mutex_lock(&mutex);
  uint64_t const parent = place(directory, path, &leaf);
  int const was_there = faccessat(directory, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
  int const file = (int)syscall(SYS_openat, directory, path, flags, mode);
  if (file >= 0 && parent != 0 && !was_there)
    note(&(struct call){.kind = CREATE, .inode = inode_of(file), .directory = parent, .leaf = leaf});
  else if (file >= 0 && parent != 0 && (flags & O_TRUNC))
    note(&(struct call){.kind = TRUNCATE, .inode = inode_of(file)});
  pthread_mutex_unlock(&mutex);
  return file;
}

static mode_t mode_of(int flags, va_list words) {
  return flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(words, int) : 0;
}
#define OPEN(name, directory_parameter, directory)                      \
  int name directory_parameter {                                        \
    va_list words;                                                      \
    va_start(words, flags);                                             \
    int const file = open_noted(directory, path, flags, mode_of(flags, words)); \
    va_end(words);                                                      \
    return file;                                                        \
  }
OPEN(open, (char const* path, int flags, ...), AT_FDCWD)
OPEN(open64, (char const* path, int flags, ...), AT_FDCWD)
OPEN(openat, (int directory, char const* path, int flags, ...), directory)
OPEN(openat64, (int directory, char const* path, int flags, ...), directory)

static ssize_t write_noted(int file, struct iovec const* parts, int count, off_t at) {
  int const wanted = ours(file);
  if (wanted) pthread_mutex_lock(&mutex);
  ssize_t const written = at < 0 ? syscall(SYS_writev, file, parts, count) : syscall(SYS_pwritev, file, parts, count, at, 0);
  if (wanted && written > 0) {
    off_t const from = at < 0 ? lseek(file, 0, SEEK_CUR) - written : at;
    note(&(struct call){.kind = WRITE, .inode = inode_of(file), .at = (uint64_t)from, .parts = parts, .count = count, .size = (size_t)written});
  }
  if (wanted) pthread_mutex_unlock(&mutex);
  return written;
}
static ssize_t write_part(int file, void const* octets, size_t size, off_t at) {
  struct iovec const part = {(void*)octets, size};
  return write_noted(file, &part, 1, at);
}
ssize_t write(int file, void const* octets, size_t size) { return write_part(file, octets, size, -1); }
ssize_t writev(int file, struct iovec const* parts, int count) { return write_noted(file, parts, count, -1); }
ssize_t pwrite(int file, void const* octets, size_t size, off_t at) { return write_part(file, octets, size, at); }
ssize_t pwrite64(int file, void const* octets, size_t size, off_t at) { return write_part(file, octets, size, at); }
ssize_t pwritev(int file, struct iovec const* parts, int count, off_t at) { return write_noted(file, parts, count, at); }
ssize_t pwritev64(int file, struct iovec const* parts, int count, off_t at) { return write_noted(file, parts, count, at); }

static int resized(int result, int file) {
  struct stat found;
  if (result == 0 && ours(file) && fstat(file, &found) == 0)
    note(&(struct call){.kind = TRUNCATE, .inode = found.st_ino, .at = (uint64_t)found.st_size});
  pthread_mutex_unlock(&mutex);
  return result;
}
int ftruncate(int file, off_t size) {
  pthread_mutex_lock(&mutex);
  return resized((int)syscall(SYS_ftruncate, file, size), file);
}
int ftruncate64(int file, off_t size) { return ftruncate(file, size); }
int fallocate(int file, int mode, off_t at, off_t size) {
  pthread_mutex_lock(&mutex);
  return resized((int)syscall(SYS_fallocate, file, mode, at, size), file);
}
int fallocate64(int file, int mode, off_t at, off_t size) { return fallocate(file, mode, at, size); }

static int sync_noted(long number, int file) {
  if (!ours(file)) return (int)syscall(number, file);
  if (lies) return 0;
  struct call call = {.kind = SYNC_BEGIN, .inode = inode_of(file)};
  pthread_mutex_lock(&mutex);
  note(&call);
  pthread_mutex_unlock(&mutex);
  int const result = (int)syscall(number, file);
  call.kind = SYNC_END;
  pthread_mutex_lock(&mutex);
  if (result == 0) note(&call);
  pthread_mutex_unlock(&mutex);
  return result;
}
int fsync(int file) { return sync_noted(SYS_fsync, file); }
int fdatasync(int file) { return sync_noted(SYS_fdatasync, file); }

int renameat2(int from_directory, char const* from, int to_directory, char const* to, unsigned flags) {
  char const *leaf, *other_leaf;
  pthread_mutex_lock(&mutex);
  uint64_t const parent = place(from_directory, from, &leaf), other = place(to_directory, to, &other_leaf);
  int const result = (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
  if (result == 0 && (parent != 0 || other != 0))
    note(&(struct call){.kind = RENAME, .directory = parent, .other_directory = other, .leaf = leaf, .other_leaf = other_leaf});
  pthread_mutex_unlock(&mutex);
  return result;
}
int renameat(int from_directory, char const* from, int to_directory, char const* to) {
  return renameat2(from_directory, from, to_directory, to, 0);
}
int rename(char const* from, char const* to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int directory, char const* path, int flags) {
  char const* leaf;
  pthread_mutex_lock(&mutex);
  uint64_t const parent = place(directory, path, &leaf);
  int const result = (int)syscall(SYS_unlinkat, directory, path, flags);
  if (result == 0 && parent != 0) note(&(struct call){.kind = REMOVE, .directory = parent, .leaf = leaf});
  pthread_mutex_unlock(&mutex);
  return result;
}
int unlink(char const* path) { return unlinkat(AT_FDCWD, path, 0); }

int linkat(int from_directory, char const* from, int to_directory, char const* to, int flags) {
  char const* leaf;
  pthread_mutex_lock(&mutex);
  uint64_t const parent = place(to_directory, to, &leaf);
  int const result = (int)syscall(SYS_linkat, from_directory, from, to_directory, to, flags);
  if (result == 0 && parent != 0)
    note(&(struct call){.kind = LINK, .inode = inode_at(to_directory, to), .directory = parent, .leaf = leaf});
  pthread_mutex_unlock(&mutex);
  return result;
}
int link(char const* from, char const* to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int mkdirat(int directory, char const* path, mode_t mode) {
  char const* leaf;
  pthread_mutex_lock(&mutex);
  uint64_t const parent = place(directory, path, &leaf);
  int const result = (int)syscall(SYS_mkdirat, directory, path, mode);
  if (result == 0 && parent != 0)
    note(&(struct call){.kind = MAKE_DIRECTORY, .inode = inode_at(directory, path), .directory = parent, .leaf = leaf});
  pthread_mutex_unlock(&mutex);
  return result;
}
int mkdir(char const* path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
