// SPDX-License-Identifier: Apache-2.0
// Tests of safe files.
#include "base/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <functional>

namespace fgx {
namespace {

using ::testing::HasSubstr;

class Files : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "fgx_file_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override {
    set_io_fault_for_test(nullptr, nullptr);
    std::filesystem::remove_all(root_);
  }
  std::string path(const std::string& name) const { return root_ + "/" + name; }

  static std::string error_of(fgx_status code, const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.message();
      return error.message();
    }
    ADD_FAILURE() << "no error";
    return {};
  }

  std::string root_;
};

TEST_F(Files, ReadsWhatItWrote) {
  write_file_atomic(path("a"), std::string("x\0y", 3));
  EXPECT_EQ(read_file(path("a"), 3), std::string("x\0y", 3));
  EXPECT_THAT(error_of(FGX_IO, [&] { read_file(path("a"), 2); }),
              HasSubstr("3 bytes, the limit is 2"));
  error_of(FGX_IO, [&] { read_file(path("absent"), 10); });
  error_of(FGX_INVALID_ARGUMENT, [&] { read_file("", 10); });
  error_of(FGX_PERMISSION, [&] { read_file(std::string("a\0b", 3), 10); });
}

TEST_F(Files, OnlyRegularFilesAreOpenedAndNothingBlocks) {
  write_file_atomic(path("real"), "x");
  std::filesystem::create_symlink(path("real"), path("link"));
  error_of(FGX_PERMISSION, [&] { read_file(path("link"), 10); });
  EXPECT_EQ(read_file(path("link"), 10, FollowLinks::kYes), "x");
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  error_of(FGX_PERMISSION, [&] { read_file(path("fifo"), 10); });
  error_of(FGX_PERMISSION, [&] { open_for_append(path("fifo")); });
  error_of(FGX_PERMISSION, [&] { read_file(root_, 10); });
  error_of(FGX_PERMISSION, [&] { read_file("/dev/zero", 10); });
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof(address.sun_path), "%s", path("socket").c_str());
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  error_of(FGX_PERMISSION, [&] { read_file(path("socket"), 10); });
  ::close(listener);
}

TEST_F(Files, PackagePathsStayInThePackage) {
  for (const char* bad : {"", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/.", "a\\b",
                          "a\nb", "a\x1b[2J", "..", "a/"})
    error_of(FGX_PERMISSION, [&] { validate_relative_path(bad); });
  error_of(FGX_PERMISSION, [&] { validate_relative_path(std::string_view("a\0b", 3)); });
  error_of(FGX_PERMISSION, [&] { validate_relative_path(std::string(2000, 'a')); });
  error_of(FGX_PERMISSION, [&] { validate_relative_path(std::string(300, 'a')); });
  validate_relative_path("src/kernel.cu");
  std::filesystem::create_directories(path("package/src"));
  write_file_atomic(path("package/src/kernel.cu"), "code");
  write_file_atomic(path("secret"), "secret");
  EXPECT_EQ(read_package_file(path("package"), "src/kernel.cu", 100), "code");
  std::filesystem::create_symlink(path("secret"), path("package/src/leak"));
  error_of(FGX_PERMISSION, [&] { read_package_file(path("package"), "src/leak", 100); });
  std::filesystem::create_directory_symlink(root_, path("package/up"));
  error_of(FGX_PERMISSION, [&] { read_package_file(path("package"), "up/secret", 100); });
  error_of(FGX_PERMISSION, [&] { read_package_file(path("package"), "src", 100); });
  error_of(FGX_IO, [&] { read_package_file(path("package"), "src/absent", 100); });
  error_of(FGX_PERMISSION, [&] { read_package_file(path("package"), "src/kernel.cu/x", 100); });
}

// Fails the n-th operation.
int fail_nth(void* data, IoOperation, size_t*) {
  int* const left = static_cast<int*>(data);
  return (*left)-- == 0 ? ENOSPC : 0;
}

TEST_F(Files, AtomicWritesLeaveTheOldContentOrTheNew) {
  write_file_atomic(path("a"), "old");
  int succeeded = 0;
  for (int n = 0; n < 12; ++n) {
    int left = n;
    set_io_fault_for_test(fail_nth, &left);
    bool ok = true;
    try {
      write_file_atomic(path("a"), "new");
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), FGX_IO);
      ok = false;
    }
    set_io_fault_for_test(nullptr, nullptr);
    const std::string content = read_file(path("a"), 10);
    EXPECT_TRUE(content == "new" || (!ok && content == "old")) << n;
    succeeded += ok ? 1 : 0;
    // Nothing is left behind.
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(root_), {}), 1) << n;
    if (!ok) write_file_atomic(path("a"), "old");
  }
  EXPECT_GT(succeeded, 0);
  EXPECT_LT(succeeded, 12);
  error_of(FGX_IO, [&] { write_file_atomic(path("absent/a"), "x"); });
}

TEST_F(Files, DirectoriesAndPaths) {
  make_directories(path("x/y/z"));
  make_directories(path("x/y/z"));
  EXPECT_TRUE(std::filesystem::is_directory(path("x/y/z")));
  write_file_atomic(path("file"), "");
  error_of(FGX_IO, [&] { make_directories(path("file/x")); });
  error_of(FGX_IO, [&] { sync_directory(path("absent")); });
  EXPECT_EQ(parent_directory("a/b"), "a");
  EXPECT_EQ(parent_directory("/a"), "/");
  EXPECT_EQ(parent_directory("a"), ".");
  EXPECT_EQ(join_path("a", "b"), "a/b");
  EXPECT_EQ(join_path("a/", "b"), "a/b");
  EXPECT_TRUE(path_exists(path("x")));
  EXPECT_FALSE(path_exists(path("nothing")));
  EXPECT_FALSE(is_network_file_system("/"));
  error_of(FGX_IO, [&] { is_network_file_system(path("absent")); });
}

TEST_F(Files, LocksExcludeEachOther) {
  FileLock one(path("lock")), two(path("lock"));
  one.lock();
  EXPECT_FALSE(two.try_lock());
  one.unlock();
  EXPECT_TRUE(two.try_lock());
  EXPECT_FALSE(one.try_lock());
  two.unlock();
  two.lock();
  two.unlock();
  error_of(FGX_IO, [&] { FileLock(path("absent/lock")); });
}

TEST_F(Files, DescriptorsCloseThemselves) {
  UniqueFd first(::dup(0));
  const int number = first.get();
  UniqueFd second = std::move(first);
  EXPECT_FALSE(first);
  EXPECT_EQ(second.get(), number);
  second = UniqueFd();
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

}  // namespace
}  // namespace fgx
