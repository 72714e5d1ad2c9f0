#include "daemon/serve/call_filter.hpp"

#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

namespace mailstack::serve {

namespace {

constexpr int refused[] = {
// Looking into others, and into oneself from outside. A leak sanitizer does.
#ifndef __SANITIZE_ADDRESS__
    SCMP_SYS(ptrace),
#endif
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(kcmp),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(process_madvise),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    // Another kernel, or more of it.
    SCMP_SYS(bpf),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(reboot),
    SCMP_SYS(syslog),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    SCMP_SYS(modify_ldt),
    // Other file systems.
    SCMP_SYS(mount),
    SCMP_SYS(umount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(move_mount),
    SCMP_SYS(open_tree),
    SCMP_SYS(fsopen),
    SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),
    SCMP_SYS(fspick),
    SCMP_SYS(mount_setattr),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(quotactl),
    SCMP_SYS(quotactl_fd),
    SCMP_SYS(acct),
    SCMP_SYS(name_to_handle_at),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(fanotify_init),
    // Other namespaces (and clone() with their flags, below).
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    // Keys of the kernel.
    SCMP_SYS(add_key),
    SCMP_SYS(keyctl),
    SCMP_SYS(request_key),
    // What the whole host shares.
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(stime),
    SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname),
    SCMP_SYS(vhangup),
    // A second way to make most of the others.
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
};

constexpr int namespaces[] = {CLONE_NEWNS,  CLONE_NEWUTS, CLONE_NEWIPC,   CLONE_NEWUSER,
                              CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWCGROUP};

constexpr bool family_needed(int family) {
  return family == AF_UNIX || family == AF_INET || family == AF_INET6 ||
         family == AF_NETLINK;  // the host's own addresses
}

struct FilterEnds {
  void operator()(void* filter) const { ::seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, FilterEnds>;

/// 0, or a negative number of errno.
int add_rules(scmp_filter_ctx filter) {
  auto const eperm = SCMP_ACT_ERRNO(EPERM);
  for (int const call : refused)
    if (int const error = ::seccomp_rule_add(filter, eperm, call, 0); error != 0) return error;
  for (int const flag : namespaces) {
    auto const bits = static_cast<scmp_datum_t>(flag);
    auto const has = SCMP_A0(SCMP_CMP_MASKED_EQ, bits, bits);
    if (int const error = ::seccomp_rule_add(filter, eperm, SCMP_SYS(clone), 1, has); error != 0)
      return error;
  }
  // Its flags lie in memory, where no filter looks. Libraries take clone() where it is not there.
  if (int const error = ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
      error != 0)
    return error;
  auto const no_family = SCMP_ACT_ERRNO(EAFNOSUPPORT);
  for (int family = 0; family < AF_MAX; ++family) {
    if (family_needed(family)) continue;
    auto const is = SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(family));
    if (int const error = ::seccomp_rule_add(filter, no_family, SCMP_SYS(socket), 1, is);
        error != 0)
      return error;
  }
  return 0;
}

}  // namespace

Result<> refuse_calls() {
  Filter const filter(::seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) return fail(ErrorCode::unavailable, "no filter for system calls: out of memory");
  // Of another architecture (a 32-bit program) every call is refused: its numbers mean others.
  ::seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
  ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  // A tree and not a line of comparisons: each call of a busy server goes through it.
  ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  int error = add_rules(filter.get());
  if (error == 0) error = ::seccomp_load(filter.get());
  if (error == 0) return {};
  // A filter of the service manager's may forbid another one, and is one.
  if (::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER) return {};
  return fail(ErrorCode::unavailable,
              std::string("system calls cannot be filtered: ") + std::strerror(-error));
}

}  // namespace mailstack::serve
