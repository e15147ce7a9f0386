// SPDX-License-Identifier: Apache-2.0
// Kills four writing processes at random points, again and again: nothing acknowledged may be lost.
//
// FGX_CRASH_WRITES sets how many acknowledged writes end the test (default 2000; the nightly tier uses
// 100000).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "base/json.h"
#include "registry/registry.h"

extern char** environ;

namespace fgx {
namespace {

constexpr int kWriters = 4;

struct Writer {
  pid_t pid = 0;
  int pipe = -1;
  std::string rest;  // of a line that is not complete yet
};

class RegistryCrash : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "fgx_crash_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  Writer start(const std::string& name, unsigned seed) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::string program = FGX_WRITER, where = directory_ + "/store", label = name,
                number = std::to_string(seed);
    char* arguments[] = {program.data(), where.data(), label.data(), number.data(), nullptr};
    Writer writer;
    EXPECT_EQ(::posix_spawn(&writer.pid, FGX_WRITER, &actions, nullptr, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    writer.pipe = ends[0];
    return writer;
  }

  // Notes what a writer acknowledged; false at the end of its output.
  bool listen(Writer* writer) {
    char buffer[4096];
    const ssize_t got = ::read(writer->pipe, buffer, sizeof(buffer));
    if (got <= 0) return false;
    writer->rest.append(buffer, static_cast<size_t>(got));
    size_t end = 0;
    while ((end = writer->rest.find('\n')) != std::string::npos) {
      std::istringstream line(writer->rest.substr(0, end));
      writer->rest.erase(0, end + 1);
      std::string what, id;
      int64_t version = 1;
      line >> what >> id;
      if (what == "U") line >> version;
      int64_t& known = acknowledged_[id];
      known = std::max(known, version);
      ++writes_;
    }
    return true;
  }

  void verify() {
    // All writers may have been killed before the first of them had made the store.
    if (acknowledged_.empty() && !std::filesystem::exists(directory_ + "/store/_metadata.json")) {
      return;
    }
    RegistryOptions options;
    options.no_builtin = true;
    options.read_only = true;
    Registry registry(directory_ + "/store", options);
    std::map<std::string, int64_t> versions;
    for (const RecordFields& fields : registry.list()) versions[fields.op_id] = fields.version;
    for (const auto& [id, version] : acknowledged_) {
      const auto found = versions.find(id);
      ASSERT_NE(found, versions.end()) << id << " was acknowledged and is lost";
      ASSERT_GE(found->second, version) << id;
    }
    // A record's version counts its changes: more than one beyond what was told means a double write.
    for (const auto& [id, version] : versions) {
      const auto told = acknowledged_.find(id);
      if (told == acknowledged_.end()) continue;
      ASSERT_LE(version, told->second + 1) << id;
    }
    const Json report = Json::parse(registry.report());
    for (const JsonView repair : report.at("repairs").elements())
      ASSERT_EQ(repair.as_string().find("damaged"), std::string_view::npos) << repair.as_string();
  }

  std::string directory_;
  std::map<std::string, int64_t> acknowledged_;
  int64_t writes_ = 0;
};

TEST_F(RegistryCrash, NothingAcknowledgedIsLost) {
  const char* wanted_text = std::getenv("FGX_CRASH_WRITES");
  const int64_t wanted = wanted_text ? std::atoll(wanted_text) : 2000;
  std::mt19937 random(20260101);
  int rounds = 0;
  while (writes_ < wanted || rounds < 10) {
    std::vector<Writer> writers;
    for (int i = 0; i < kWriters; ++i)
      writers.push_back(start("r" + std::to_string(rounds) + "w" + std::to_string(i), random()));
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(20 + random() % 400);
    size_t alive = writers.size();
    // Each dies at a moment of its own.
    while (alive > 0) {
      std::vector<pollfd> polls;
      for (const Writer& writer : writers) polls.push_back({writer.pipe, POLLIN, 0});
      ::poll(polls.data(), polls.size(), 5);
      for (size_t i = 0; i < writers.size(); ++i) {
        if (writers[i].pipe < 0) continue;
        if ((polls[i].revents & (POLLIN | POLLHUP)) != 0 && !listen(&writers[i])) {
          ::close(writers[i].pipe);
          writers[i].pipe = -1;
          --alive;
        }
      }
      if (std::chrono::steady_clock::now() > end) {
        for (Writer& writer : writers) {
          if (writer.pid != 0 && random() % 3 == 0) {
            ::kill(writer.pid, SIGKILL);
            int status = 0;
            ASSERT_EQ(::waitpid(writer.pid, &status, 0), writer.pid);
            ASSERT_TRUE(WIFSIGNALED(status)) << "a writer ended by itself";
            writer.pid = 0;
          }
        }
      }
    }
    ++rounds;
    ASSERT_NO_FATAL_FAILURE(verify());
  }
  // Whoever comes after repairs what is left and goes on.
  RegistryOptions options;
  options.no_builtin = true;
  Registry registry(directory_ + "/store", options);
  registry.register_record("{\"op_name\":\"after\",\"op_id\":\"after\"}");
  registry.compact();
  for (const auto& item : std::filesystem::directory_iterator(directory_ + "/store"))
    EXPECT_EQ(item.path().filename().string().find(".tmp."), std::string::npos) << item.path();
  RecordProperty("writes", static_cast<int>(writes_));
  RecordProperty("rounds", rounds);
}

}  // namespace
}  // namespace fgx
