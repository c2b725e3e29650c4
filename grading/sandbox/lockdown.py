"""Lock the calling process in, before it runs a stranger's line. Nothing that is shut here can be opened again.

| part | keeps a submission from | by |
| --- | --- | --- |
| limits | taking the machine's memory, processor and disk | setrlimit |
| user | what root may do, if root marks the class; counting others' threads among its own | setresuid, unshare |
| system calls | new processes, sockets, signals, every change to a file: what is not listed is refused | seccomp |
| files | reading anything but Python's libraries: not this project, not other submissions | Landlock |
| end | outliving the process that started it | PR_SET_PDEATHSIG |

The last four are Linux's; Landlock is there from kernel 5.13. What a system cannot lock, `lock_in` returns. User or
PID namespaces add nothing else: a process that can neither start nor signal another one, nor mount, needs none.
"""
import contextlib
import ctypes
import os
import platform
import pwd
import re
import resource
import signal
import struct
import sys
from pathlib import Path

MEMORY = 2 << 30  # bytes, on top of what TensorFlow occupies
MOST_THREADS = 256
FIRST_USER = 0x70000000  # numbers from here on belong to no user
CPU_TIME = 90  # seconds of all threads; the time limit of a submission is the marking process's own

# The system calls that Python and TensorFlow compute with: number on x86_64, number on aarch64.
ALLOWED = """
read 0 63, write 1 64, readv 19 65, writev 20 66, pread64 17 67, close 3 57, lseek 8 62, dup 32 23, pipe2 293 59,
fstat 5 80, newfstatat 262 79, stat 4 -, lstat 6 -, statx 332 291, access 21 -, faccessat 269 48,
faccessat2 439 439, readlink 89 -, readlinkat 267 78, getcwd 79 17, getdents64 217 61, mmap 9 222, mprotect 10 226,
munmap 11 215, brk 12 214, mremap 25 216, madvise 28 233, mincore 27 232, futex 202 98, set_robust_list 273 99,
set_tid_address 218 96, rseq 334 293, membarrier 324 283, exit 60 93, exit_group 231 94, nanosleep 35 101,
clock_nanosleep 230 115, clock_gettime 228 113, clock_getres 229 114, gettimeofday 96 169, time 201 -,
times 100 153, getrandom 318 278, uname 63 160, sysinfo 99 179, getpid 39 172, gettid 186 178, getppid 110 173,
getuid 102 174, geteuid 107 175, getgid 104 176, getegid 108 177, getrlimit 97 163, getrusage 98 165,
sched_yield 24 124, sched_getaffinity 204 123, getcpu 309 168, get_mempolicy 239 236, poll 7 -, ppoll 271 73,
select 23 -, pselect6 270 72, eventfd2 290 19, epoll_create1 291 20, epoll_ctl 233 21, epoll_wait 232 -,
epoll_pwait 281 22, rt_sigaction 13 134, rt_sigprocmask 14 135, rt_sigreturn 15 139, sigaltstack 131 132,
restart_syscall 219 128, arch_prctl 158 -"""
CLONE, OPENAT, TGKILL, PRLIMIT, FCNTL = (56, 220), (257, 56), (234, 131), (302, 261), (72, 25)  # refused in part
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, name in the kernel's records
FIRST_NEW_CALL = 424  # calls from here on are younger than those that C libraries fall back to

_libc = ctypes.CDLL(None, use_errno=True)


def _call(function, *arguments):
    """Call a function of the C library; raise OSError if it fails."""
    result = function(*(ctypes.c_long(value) if isinstance(value, int) else value for value in arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def _set_limit(limit, value):
    """Lower a limit for good, unless it is lower already."""
    hard = resource.getrlimit(limit)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (value, value))


def _limit():
    """Limit what the process may use, and return what could not be limited."""
    limits = {"CORE": 0, "FSIZE": 0, "NOFILE": 256, "CPU": CPU_TIME}
    if sys.platform != "linux":
        limits["NPROC"] = 0  # no second process; Linux would count threads too
    else:
        limits["AS"] = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + MEMORY
    for name, value in limits.items():
        _set_limit(getattr(resource, f"RLIMIT_{name}"), value)
    return [] if "AS" in limits else ["memory"]


def _be_a_user_of_its_own():
    """Leave root, and let nobody share the count of threads; return whether that was possible."""
    set_keep, new_user_namespace, kept = 8, 0x10000000, 0
    if os.getuid():
        try:
            _call(_libc.unshare, new_user_namespace)  # threads are counted by user and namespace
        except OSError:
            return False
    else:  # the libraries may lie in a folder of root's: keep the right to read, which the rules below narrow
        held = int(re.search(r"CapPrm:\s*(\w+)", Path("/proc/self/status").read_text())[1], 16)
        read, read_and_write = 1 << 2, 1 << 1  # CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE; nothing is written anyway
        kept, user = held & read or held & read_and_write, FIRST_USER + os.getpid()
        _call(_libc.prctl, set_keep, 1, 0, 0, 0)
        os.setgroups([])
        try:
            os.setresgid(user, user, user)
        except OSError:  # a container that knows fewer users
            user = pwd.getpwnam("nobody").pw_uid
            os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    version, own = 0x20080522, 0
    _call(_libc.capset, struct.pack("Ii", version, own), struct.pack("6I", kept, kept, 0, 0, 0, 0))
    return True


def _restrict_files(readable):
    """Landlock: refuse to open any file but those below the readable paths; no TCP, no signals to other processes."""
    create, add, restrict = 444, 445, 446
    version = _call(_libc.syscall, create, None, 0, 1)
    files = (1 << (13 if version < 2 else 14 if version < 3 else 15 if version < 5 else 16)) - 1
    rules = struct.pack("QQQ", files, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _call(_libc.syscall, create, rules, size, 0)
    read_file, read_folder = 1 << 2, 1 << 3
    own_command = f"/proc/{os.getpid()}/cmdline"  # TensorFlow insists on reading it
    for path in filter(os.path.exists, [*readable, own_command]):
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rights = read_file | (read_folder if os.path.isdir(path) else 0)
        _call(_libc.syscall, add, ruleset, 1, struct.pack("=Qi", rights, handle), 0)
        if path != own_command:  # the rule is about an inode, which the kernel would forget
            os.close(handle)
    _call(_libc.syscall, restrict, ruleset, 0)
    os.close(ruleset)


def _restrict_system_calls():
    """Seccomp: allow the system calls above, and some more with harmless arguments."""
    column, machine = MACHINES[platform.machine()]
    load, equal, larger, at_least, bits, answer = 0x20, 0x15, 0x25, 0x35, 0x45, 0x06
    allow, refuse, unknown = 0x7FFF0000, 0x00050000 | 1, 0x00050000 | 38  # or with EPERM, ENOSYS
    calls = [entry.split()[1 + column] for entry in ALLOWED.split(",")]
    calls = [int(number) for number in calls if number != "-"]
    first, third = 16, 32  # where the first and the third argument stand; the number stands at 0, the machine at 4

    def if_call(call, argument, operation, value, then, otherwise):
        """Decide on one call by one of its arguments."""
        return [(equal, 0, 4, call[column]), (load, 0, 0, argument), (operation, 0, 1, value), (answer, 0, 0, then),
                (answer, 0, 0, otherwise)]

    program = [(load, 0, 0, 4), (equal, 1, 0, machine), (answer, 0, 0, refuse), (load, 0, 0, 0)]
    program += if_call(CLONE, first, bits, 0x10000, allow, refuse)  # a thread, not a process
    program += if_call(OPENAT, third, bits, os.O_ACCMODE | os.O_CREAT | os.O_TRUNC, refuse, allow)  # to read only
    program += if_call(TGKILL, first, equal, os.getpid(), allow, refuse)  # abort(), not another process
    program += if_call(PRLIMIT, first, equal, 0, allow, refuse)  # its own limits, which it cannot raise
    program += if_call(FCNTL, first + 8, larger, 3, refuse, allow)  # not who gets a signal when data arrive
    for number in calls:
        program += [(equal, 0, 1, number), (answer, 0, 0, allow)]
    program += [(at_least, 0, 1, FIRST_NEW_CALL), (answer, 0, 0, unknown), (answer, 0, 0, refuse)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    pointer = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(code)))
    set_seccomp, filter_mode = 22, 2
    _call(_libc.prctl, set_seccomp, filter_mode, pointer, 0, 0)


def lock_in(readable):
    """Lock the calling process in, as far as the system can.

    Args:
        readable: list of paths below which it may still read: the libraries.

    Returns:
        list of str, what could not be locked.
    """
    parent = os.getppid()
    open_to = _limit()
    if sys.platform != "linux":
        return [*open_to, "files", "network"]
    with contextlib.suppress(OSError):  # if the machine runs out of memory, this process goes first
        Path("/proc/self/oom_score_adj").write_text("1000")
    if _be_a_user_of_its_own():
        _set_limit(resource.RLIMIT_NPROC, MOST_THREADS)
    else:
        open_to.append("the number of threads")
    set_parent_death_signal, set_no_new_privileges = 1, 38
    _call(_libc.prctl, set_parent_death_signal, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    _call(_libc.prctl, set_no_new_privileges, 1, 0, 0, 0)
    for restrict, names in ((lambda: _restrict_files(readable), ["reading files"]),
                            (_restrict_system_calls, ["processes", "network", "writing files"])):
        try:
            restrict()
        except (OSError, KeyError):  # not in this kernel, or an unknown machine
            open_to += names
    return open_to
