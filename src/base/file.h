// SPDX-License-Identifier: Apache-2.0
// Safe files: regular files only, size limits before reading, atomic and durable writing, locks.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace fgx {

// A file descriptor that closes itself.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset();

 private:
  int fd_ = -1;
};

// Where tests make operations fail: called before each one, it returns 0 or the errno to fail with.
// A write may be cut short through *size.
enum class IoOperation { kOpen, kRead, kWrite, kSync, kRename, kTruncate, kLock, kStat };
using IoFault = int (*)(void* data, IoOperation operation, size_t* size);
void set_io_fault_for_test(IoFault fault, void* data) noexcept;

// System calls with the fault hook; EINTR is retried. They return -1 and set errno as usual.
namespace io {
int open(const char* path, int flags, unsigned mode = 0) noexcept;
int64_t read_at(int fd, void* buffer, size_t size, uint64_t offset) noexcept;
bool write_at(int fd, const void* data, size_t size, uint64_t offset) noexcept;  // all or false
int sync_data(int fd) noexcept;
int sync(int fd) noexcept;
int rename(const char* from, const char* to) noexcept;
int truncate(int fd, uint64_t size) noexcept;
int64_t size(int fd) noexcept;
}  // namespace io

// Throws Io or Permission for `number` (an errno), as "cannot <action> <path>: <reason>".
[[noreturn]] void fail_io(const char* action, const std::string& path, int number);

enum class FollowLinks { kNo, kYes };

// Opens an existing regular file for reading without ever blocking: FIFOs, devices, sockets and
// directories are refused, and so is a symlink as the last component unless links are followed.
// Throws Io (absent or unreadable) or Permission.
UniqueFd open_regular_file(const std::string& path, FollowLinks links = FollowLinks::kNo);
// Opens or creates a regular file for appending, with the same refusals.
UniqueFd open_for_append(const std::string& path);

// Reads an open file from its start, at most `max_bytes`. Throws Io.
std::string read_file(const UniqueFd& file, const std::string& path, size_t max_bytes);
// Reads a whole regular file. Throws Io (also when it is larger than `max_bytes`) or Permission.
std::string read_file(const std::string& path, size_t max_bytes,
                      FollowLinks links = FollowLinks::kNo);

bool path_exists(const std::string& path) noexcept;

// Refuses (Permission) absolute paths, empty or dot segments, "..", NUL, backslashes and control
// characters in a path that a package names.
void validate_relative_path(std::string_view path);
// Reads a file of a package: `relative` is validated, and no component of it may be a symlink.
std::string read_package_file(const std::string& root, std::string_view relative, size_t max_bytes);
// Opens the same.
UniqueFd open_package_file(const std::string& root, std::string_view relative);

// Replaces a file: temporary file beside it, fsync, rename, fsync of the directory. A reader sees
// the old content or the new one; after a failure the old one stays. Throws Io, Permission.
void write_file_atomic(const std::string& path, std::string_view content, unsigned mode = 0644);

// Makes a directory and its parents. Throws Io, Permission.
void make_directories(const std::string& path);
// Makes the names in a directory durable. Throws Io.
void sync_directory(const std::string& path);
// The directory part of a path: "." when there is none.
std::string parent_directory(const std::string& path);
std::string join_path(std::string_view directory, std::string_view name);

// Whether the file system beneath `path` is a network one, where locks and fsync may not hold.
bool is_network_file_system(const std::string& path);

// An exclusive lock between processes and between handles of one process (flock). Threads that
// share one FileLock need a mutex of their own.
class FileLock {
 public:
  FileLock() = default;
  // Opens or creates the lock file. Throws Io, Permission.
  explicit FileLock(const std::string& path);

  void lock();  // waits
  bool try_lock();
  void unlock() noexcept;

 private:
  UniqueFd file_;
  std::string path_;
};

}  // namespace fgx
