// SPDX-License-Identifier: Apache-2.0
// Reading and writing the files that are named on the command line.
#include "support/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "support/failure.h"
#include "support/text.h"

namespace cli {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool close() {
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd) == 0;
  }

 private:
  int fd_;
};

[[noreturn]] void refuse(const std::string& path, const char* action, int error) {
  throw Failure(error == ENOENT ? kNotFound : kInputRefused,
                format("cannot %s %s: %s", action, path.c_str(), std::strerror(error)));
}

}  // namespace

std::string read_file(const std::string& path, size_t limit) {
  // O_NONBLOCK: opening a FIFO without a writer would wait for ever.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) refuse(path, "read", errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) refuse(path, "read", errno);
  if (!S_ISREG(status.st_mode)) {
    throw Failure(kInputRefused, format("cannot read %s: not a regular file", path.c_str()));
  }
  if (static_cast<size_t>(status.st_size) > limit) {
    throw Failure(kInputRefused,
                  format("cannot read %s: %lld bytes, the limit is %zu", path.c_str(),
                         static_cast<long long>(status.st_size), limit));
  }
  std::string content;
  content.reserve(static_cast<size_t>(status.st_size));
  char buffer[65536];
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) refuse(path, "read", errno);
    if (count == 0) return content;
    content.append(buffer, static_cast<size_t>(count));
    if (content.size() > limit) {
      throw Failure(kInputRefused,
                    format("cannot read %s: it grew beyond %zu bytes", path.c_str(), limit));
    }
  }
}

void write_file(const std::string& path, std::string_view content) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    throw Failure(kInputRefused,
                  format("cannot write %s: it exists and is not a regular file", path.c_str()));
  }
  const std::string temporary = format("%s.tmp.%d", path.c_str(), static_cast<int>(::getpid()));
  Descriptor file(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
  if (file.get() < 0) refuse(path, "write", errno);
  const auto give_up = [&](int error) {
    ::unlink(temporary.c_str());
    refuse(path, "write", error);
  };
  while (!content.empty()) {
    const ssize_t count = ::write(file.get(), content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) give_up(errno);
    content.remove_prefix(static_cast<size_t>(count));
  }
  if (::fsync(file.get()) != 0) give_up(errno);
  if (!file.close()) give_up(errno);
  if (::rename(temporary.c_str(), path.c_str()) != 0) give_up(errno);
}

void make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) == 0) return;
  const int error = errno;
  struct stat status {};
  if (error == EEXIST && ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return;
  refuse(path, "create directory", error);
}

}  // namespace cli
