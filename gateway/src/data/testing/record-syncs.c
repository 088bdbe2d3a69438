/*
 * Loaded into a process by LD_PRELOAD: writes to the file DISK_RECORD, in their order, what the process makes durable or
 * renames, and what it says on stdout. One line each, fields separated by tabs; power-cut.ts reads them.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int record = -1;

/* One system call a line, which O_APPEND puts behind all others. */
static void note(const char *line, int length) {
  if (record >= 0 && length > 0 && syscall(SYS_write, record, line, length) != length) abort();
}

#define NOTE(...)                                        \
  do {                                                   \
    char line[9000];                                     \
    note(line, snprintf(line, sizeof line, __VA_ARGS__)); \
  } while (0)

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("DISK_RECORD");
  if (path != NULL) record = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static unsigned long long inode_of(const char *path) {
  struct stat found;
  return lstat(path, &found) == 0 ? found.st_ino : 0;
}

/* The size before the call: what is written meanwhile may not be in it. */
static int synced(int descriptor, int (*real)(int)) {
  struct stat found;
  char link[64], path[4096];
  int known = fstat(descriptor, &found);
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  int result = real(descriptor);
  if (result == 0 && known == 0 && length > 0) {
    path[length] = 0;
    NOTE("%s\t%llu\t%lld\t%s\n", S_ISDIR(found.st_mode) ? "sync-folder" : "sync",
         (unsigned long long)found.st_ino, (long long)found.st_size, path);
  }
  return result;
}

int fsync(int descriptor) { return synced(descriptor, REAL(fsync)); }

int fdatasync(int descriptor) { return synced(descriptor, REAL(fdatasync)); }

int rename(const char *from, const char *to) {
  unsigned long long inode = inode_of(from);
  int result = REAL(rename)(from, to);
  if (result == 0) NOTE("rename\t%llu\t%s\t%s\n", inode, from, to);
  return result;
}

int link(const char *from, const char *to) {
  int result = REAL(link)(from, to);
  if (result == 0) NOTE("link\t%llu\t%s\n", inode_of(to), to);
  return result;
}

int unlink(const char *path) {
  int result = REAL(unlink)(path);
  if (result == 0) NOTE("unlink\t%s\n", path);
  return result;
}

int mkdir(const char *path, mode_t mode) {
  int result = REAL(mkdir)(path, mode);
  if (result == 0) NOTE("folder\t%llu\t%s\n", inode_of(path), path);
  return result;
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
  const char *end = memchr(bytes, '\n', length);
  int said = (int)(end == NULL ? length : (size_t)(end - (const char *)bytes));
  if (descriptor == STDOUT_FILENO) NOTE("said\t%.*s\n", said, (const char *)bytes);
  return REAL(write)(descriptor, bytes, length);
}
