// SPDX-License-Identifier: Apache-2.0
// What the registry's tests share: a directory of their own, records, and how to read errors.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "registry/registry.h"

namespace fgx {

class RegistryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // These tests write thousands of files; where memory serves as a disk, they need no real one.
    const bool has_shm = ::access("/dev/shm", W_OK) == 0;
    std::string pattern = (has_shm ? "/dev/shm/" : ::testing::TempDir()) + "fgx_registry_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override {
    set_io_fault_for_test(nullptr, nullptr);
    std::filesystem::remove_all(root_);
  }

  std::string path(const std::string& name = "store") const { return root_ + "/" + name; }
  std::string file(const std::string& name) const { return path() + "/" + name; }

  std::unique_ptr<Registry> open(const std::string& where, RegistryOptions options = {}) const {
    options.no_builtin = true;
    return std::make_unique<Registry>(where, options);
  }
  std::unique_ptr<Registry> open() const { return open(path()); }
  std::unique_ptr<Registry> open_read_only() const {
    RegistryOptions options;
    options.read_only = true;
    return open(path(), options);
  }

  static std::string record(const std::string& name, const std::string& op_id = "") {
    Json json = Json::object();
    json.set("op_name", name).set("category", "pointwise").set("language", "cpp");
    if (!op_id.empty()) json.set("op_id", op_id);
    return json.dump();
  }

  static std::string slurp(const std::string& where) { return read_file(where, size_t{1} << 30); }
  static void spit(const std::string& where, const std::string& content) {
    write_file_atomic(where, content);
  }

  // The error a call ends with; its code is checked.
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

  static std::string repairs(const Registry& registry) {
    return Json::parse(registry.report()).at("repairs").dump();
  }

  std::string root_;
};

}  // namespace fgx
