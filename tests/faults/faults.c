/* A disk that fails: preloaded, it lets the n-th call that writes a file fail.
 *
 * Counted are write, pwrite, fsync, fdatasync and ftruncate on files whose path begins with FAULT_PATH. The call number
 * FAULT_AT, from 1, fails as FAULT_KIND says; 0 or nothing fails none. How many calls there were is written to FAULT_COUNT at
 * the end. One process, one thread that writes: SQLite's.
 *
 *   eio           this call fails with EIO, later ones succeed
 *   enospc        this call and all later ones fail with ENOSPC
 *   short         this write takes half of the bytes, later ones succeed
 *   short-enospc  this write takes half of the bytes, all later calls fail with ENOSPC
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static long calls = 0;

static int is_ours(int fd) {
    const char *path = getenv("FAULT_PATH");
    if (!path) return 0;
    char link[64], target[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, target, sizeof target - 1);
    if (length < 0) return 0;
    target[length] = 0;
    return strncmp(target, path, strlen(path)) == 0;
}

/* What happens to a call: nothing, an error, or half of it. */
enum { SUCCEEDS = 0, HALF = -1 };

static int fate(int fd, int writes) {
    if (!is_ours(fd)) return SUCCEEDS;
    calls++;
    const char *number = getenv("FAULT_AT"), *kind = getenv("FAULT_KIND");
    long at = number ? atol(number) : 0;
    if (at == 0 || calls < at || !kind) return SUCCEEDS;
    int is_short = strncmp(kind, "short", 5) == 0;
    if (calls == at && is_short) return writes ? HALF : SUCCEEDS;
    if (calls == at) return strcmp(kind, "eio") == 0 ? EIO : ENOSPC;
    return strstr(kind, "enospc") ? ENOSPC : SUCCEEDS;
}

static long done(int fate, long (*call)(long, long, long, long), long a, long b, long c, long d) {
    if (fate > 0) {
        errno = fate;
        return -1;
    }
    return call(a, b, fate == HALF && c > 1 ? c / 2 : c, d);
}

static long sys_write(long fd, long bytes, long count, long at) { (void)at; return syscall(SYS_write, fd, bytes, count); }
static long sys_pwrite(long fd, long bytes, long count, long at) { return syscall(SYS_pwrite64, fd, bytes, count, at); }
static long sys_fsync(long fd, long b, long c, long d) { (void)b; (void)c; (void)d; return syscall(SYS_fsync, fd); }
static long sys_fdatasync(long fd, long b, long c, long d) { (void)b; (void)c; (void)d; return syscall(SYS_fdatasync, fd); }
static long sys_ftruncate(long fd, long length, long c, long d) { (void)c; (void)d; return syscall(SYS_ftruncate, fd, length); }

ssize_t write(int fd, const void *bytes, size_t count) {
    return done(fate(fd, 1), sys_write, fd, (long)bytes, (long)count, 0);
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    return done(fate(fd, 1), sys_pwrite, fd, (long)bytes, (long)count, at);
}
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    return done(fate(fd, 1), sys_pwrite, fd, (long)bytes, (long)count, at);
}
int fsync(int fd) { return (int)done(fate(fd, 0), sys_fsync, fd, 0, 0, 0); }
int fdatasync(int fd) { return (int)done(fate(fd, 0), sys_fdatasync, fd, 0, 0, 0); }
int ftruncate(int fd, off_t length) { return (int)done(fate(fd, 0), sys_ftruncate, fd, length, 0, 0); }
int ftruncate64(int fd, off64_t length) { return (int)done(fate(fd, 0), sys_ftruncate, fd, length, 0, 0); }

__attribute__((destructor)) static void tell(void) {
    const char *name = getenv("FAULT_COUNT");
    if (!name) return;
    char text[32];
    int length = snprintf(text, sizeof text, "%ld", calls);
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0) return;
    if (syscall(SYS_write, fd, text, length) != length) abort();
    close(fd);
}
