// SPDX-License-Identifier: Apache-2.0
// Safe files.
#include "base/file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/strings.h"

namespace fgx {
namespace {

std::atomic<IoFault> g_fault{nullptr};
std::atomic<void*> g_fault_data{nullptr};

// Whether the operation may go on; otherwise errno is set.
bool may(IoOperation operation, size_t* size = nullptr) noexcept {
  const IoFault fault = g_fault.load(std::memory_order_acquire);
  if (fault == nullptr) return true;
  const int number = fault(g_fault_data.load(std::memory_order_acquire), operation, size);
  if (number == 0) return true;
  errno = number;
  return false;
}

std::string error_text(int number) {
  char buffer[128];
  return strerror_r(number, buffer, sizeof(buffer));
}

void require_regular(int fd, const std::string& path) {
  struct stat status {};
  if (fstat(fd, &status) != 0) fail_io("examine", path, errno);
  if (!S_ISREG(status.st_mode))
    fail(FGX_PERMISSION, "%s is not a regular file", escape_for_display(path).c_str());
}

void check_path(const std::string& path) {
  if (path.empty()) fail(FGX_INVALID_ARGUMENT, "a path is empty");
  if (path.find('\0') != std::string::npos) fail(FGX_PERMISSION, "a path holds a NUL byte");
}

UniqueFd open_checked(const std::string& path, int flags) {
  check_path(path);
  UniqueFd file(io::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644));
  if (!file) {
    // What O_NOFOLLOW says of a symlink, and what opening a socket says.
    if (errno == ELOOP || errno == ENXIO)
      fail(FGX_PERMISSION, "%s is not a regular file", escape_for_display(path).c_str());
    fail_io("open", path, errno);
  }
  require_regular(file.get(), path);
  return file;
}

}  // namespace

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void UniqueFd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void set_io_fault_for_test(IoFault fault, void* data) noexcept {
  g_fault_data.store(data, std::memory_order_release);
  g_fault.store(fault, std::memory_order_release);
}

namespace io {

int open(const char* path, int flags, unsigned mode) noexcept {
  if (!may(IoOperation::kOpen)) return -1;
  int fd = -1;
  do {
    fd = ::open(path, flags, mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

int64_t read_at(int fd, void* buffer, size_t size, uint64_t offset) noexcept {
  if (!may(IoOperation::kRead, &size)) return -1;
  size_t have = 0;
  while (have < size) {
    const ssize_t got = ::pread(fd, static_cast<char*>(buffer) + have, size - have,
                                static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    have += static_cast<size_t>(got);
  }
  return static_cast<int64_t>(have);
}

bool write_at(int fd, const void* data, size_t size, uint64_t offset) noexcept {
  size_t done = 0;
  while (done < size) {
    size_t part = size - done;
    if (!may(IoOperation::kWrite, &part)) return false;
    const ssize_t put = ::pwrite(fd, static_cast<const char*>(data) + done, part,
                                 static_cast<off_t>(offset + done));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    done += static_cast<size_t>(put);
  }
  return true;
}

int sync_data(int fd) noexcept { return may(IoOperation::kSync) ? ::fdatasync(fd) : -1; }
int sync(int fd) noexcept { return may(IoOperation::kSync) ? ::fsync(fd) : -1; }
int rename(const char* from, const char* to) noexcept {
  return may(IoOperation::kRename) ? ::rename(from, to) : -1;
}
int truncate(int fd, uint64_t size) noexcept {
  return may(IoOperation::kTruncate) ? ::ftruncate(fd, static_cast<off_t>(size)) : -1;
}
int64_t size(int fd) noexcept {
  struct stat status {};
  if (!may(IoOperation::kStat) || fstat(fd, &status) != 0) return -1;
  return status.st_size;
}

}  // namespace io

void fail_io(const char* action, const std::string& path, int number) {
  const bool forbidden = number == EACCES || number == EPERM || number == EROFS;
  fail(forbidden ? FGX_PERMISSION : FGX_IO, "cannot %s %s: %s", action,
       escape_for_display(path).c_str(), error_text(number).c_str());
}

UniqueFd open_regular_file(const std::string& path, FollowLinks links) {
  return open_checked(path, O_RDONLY | (links == FollowLinks::kNo ? O_NOFOLLOW : 0));
}

UniqueFd open_for_append(const std::string& path) {
  return open_checked(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW);
}

std::string read_file(const UniqueFd& file, const std::string& path, size_t max_bytes) {
  const int64_t size = io::size(file.get());
  if (size < 0) fail_io("examine", path, errno);
  if (static_cast<uint64_t>(size) > max_bytes)
    fail(FGX_IO, "%s has %lld bytes, the limit is %zu", escape_for_display(path).c_str(),
         static_cast<long long>(size), max_bytes);
  std::string content(static_cast<size_t>(size), '\0');
  const int64_t got = io::read_at(file.get(), content.data(), content.size(), 0);
  if (got < 0) fail_io("read", path, errno);
  content.resize(static_cast<size_t>(got));
  return content;
}

std::string read_file(const std::string& path, size_t max_bytes, FollowLinks links) {
  return read_file(open_regular_file(path, links), path, max_bytes);
}

bool path_exists(const std::string& path) noexcept {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

void validate_relative_path(std::string_view path) {
  const auto refuse = [&](const char* reason) {
    fail(FGX_PERMISSION, "path '%s' is refused: %s",
         escape_for_display(path.substr(0, 200)).c_str(), reason);
  };
  if (path.empty()) refuse("it is empty");
  if (path.size() > 1024) refuse("it is longer than 1024 bytes");
  if (path.front() == '/') refuse("it is absolute");
  if (!is_displayable(path)) refuse("it holds control characters or malformed UTF-8");
  if (path.find('\\') != std::string_view::npos) refuse("it holds a backslash");
  for (const std::string_view segment : split(path, '/')) {
    if (segment.empty() || segment == ".") refuse("it has an empty or dot segment");
    if (segment == "..") refuse("it leaves the package");
    if (segment.size() > 255) refuse("a segment is longer than 255 bytes");
  }
}

UniqueFd open_package_file(const std::string& root, std::string_view relative) {
  validate_relative_path(relative);
  check_path(root);
  UniqueFd at(io::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!at) fail_io("open", root, errno);
  const std::string shown = join_path(root, relative);
  const std::vector<std::string_view> segments = split(relative, '/');
  // Component by component, so that a symlink swapped in meanwhile is not followed either.
  for (size_t i = 0; i < segments.size(); ++i) {
    const bool last = i + 1 == segments.size();
    const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    UniqueFd next(
        ::openat(at.get(), std::string(segments[i]).c_str(), last ? flags : flags | O_DIRECTORY));
    if (!next) {
      if (errno == ELOOP || errno == ENXIO || (errno == ENOTDIR && !last))
        fail(FGX_PERMISSION, "%s is not a regular file of the package",
             escape_for_display(shown).c_str());
      fail_io("open", shown, errno);
    }
    at = std::move(next);
  }
  require_regular(at.get(), shown);
  return at;
}

std::string read_package_file(const std::string& root, std::string_view relative,
                              size_t max_bytes) {
  return read_file(open_package_file(root, relative), join_path(root, relative), max_bytes);
}

void write_file_atomic(const std::string& path, std::string_view content, unsigned mode) {
  check_path(path);
  std::string temporary = path + ".tmp.XXXXXX";
  UniqueFd file(may(IoOperation::kOpen) ? ::mkostemp(temporary.data(), O_CLOEXEC) : -1);
  if (!file) fail_io("create a file beside", path, errno);
  const auto give_up = [&](const char* action) {
    const int number = errno;
    ::unlink(temporary.c_str());
    fail_io(action, path, number);
  };
  if (!io::write_at(file.get(), content.data(), content.size(), 0)) give_up("write");
  if (::fchmod(file.get(), mode) != 0) give_up("set the mode of");
  if (io::sync(file.get()) != 0) give_up("sync");
  if (io::rename(temporary.c_str(), path.c_str()) != 0) give_up("replace");
  sync_directory(parent_directory(path));
}

void make_directories(const std::string& path) {
  check_path(path);
  for (size_t end = 1; end <= path.size(); ++end) {
    if (end < path.size() && path[end] != '/') continue;
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), 0755) == 0) {
      sync_directory(parent_directory(part));
      continue;
    }
    struct stat status {};
    const int number = errno;
    if (::stat(part.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) continue;
    fail_io("make the directory", part, number);
  }
}

void sync_directory(const std::string& path) {
  UniqueFd directory(io::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) fail_io("open", path, errno);
  // Some file systems have nothing to sync for a directory and say so.
  if (io::sync(directory.get()) != 0 && errno != EINVAL) fail_io("sync", path, errno);
}

std::string parent_directory(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string join_path(std::string_view directory, std::string_view name) {
  std::string path(directory);
  if (!path.empty() && path.back() != '/') path += '/';
  path += name;
  return path;
}

bool is_network_file_system(const std::string& path) {
  struct statfs status {};
  if (::statfs(path.c_str(), &status) != 0) fail_io("examine the file system of", path, errno);
  // Numbers that linux/magic.h does not name everywhere.
  constexpr uint32_t kCifs = 0xff534d42u, kSmb2 = 0xfe534d42u, kLustre = 0x0bd00bd0u,
                     kGpfs = 0x47504653u, kBeegfs = 0x19830326u, kCeph = 0x00c36400u,
                     kNfs = 0x6969u, kAfs = 0x5346414fu, kCoda = 0x73757245u, k9p = 0x01021997u;
  switch (static_cast<uint32_t>(status.f_type)) {
    case kCifs:
    case kSmb2:
    case kLustre:
    case kGpfs:
    case kBeegfs:
    case kCeph:
    case kNfs:
    case kAfs:
    case kCoda:
    case k9p:
    case static_cast<uint32_t>(SMB_SUPER_MAGIC):
      return true;
    default:
      return false;
  }
}

FileLock::FileLock(const std::string& path) : path_(path) {
  file_ = UniqueFd(
      io::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644));
  if (!file_) fail_io("open", path, errno);
  require_regular(file_.get(), path);
}

void FileLock::lock() {
  for (;;) {
    if (may(IoOperation::kLock) && ::flock(file_.get(), LOCK_EX) == 0) return;
    if (errno != EINTR) fail_io("lock", path_, errno);
  }
}

bool FileLock::try_lock() {
  if (may(IoOperation::kLock) && ::flock(file_.get(), LOCK_EX | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK || errno == EINTR) return false;
  fail_io("lock", path_, errno);
}

void FileLock::unlock() noexcept {
  if (file_) ::flock(file_.get(), LOCK_UN);
}

}  // namespace fgx
