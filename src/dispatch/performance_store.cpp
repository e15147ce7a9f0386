// SPDX-License-Identifier: Apache-2.0
// Reading and writing of the statistics' files.
#include "dispatch/performance_store.h"

#include <charconv>
#include <cstdio>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/strings.h"

namespace fgx {
namespace {

constexpr size_t kMaxFileBytes = size_t{256} << 20;
constexpr size_t kMaxLineBytes = size_t{1} << 20;

std::string line_of(const std::string& row) {
  char crc[16];
  std::snprintf(crc, sizeof crc, "%08x ", crc32c(row.data(), row.size()));
  return crc + row + '\n';
}

// The row of a line, or false when the line is damaged.
bool read_line(std::string_view line, Json& row) {
  if (line.size() < 10 || line.size() > kMaxLineBytes || line[8] != ' ') return false;
  uint32_t crc = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + 8, crc, 16);
  const std::string_view text = line.substr(9);
  if (error != std::errc() || end != line.data() + 8 || crc32c(text.data(), text.size()) != crc) {
    return false;
  }
  try {
    row = Json::parse(text);
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::string read_if_exists(const std::string& path) {
  return path_exists(path) ? read_file(path, kMaxFileBytes) : std::string();
}

// Calls row(json) for each line that is whole; returns the number of damaged ones.
template <typename Row>
int64_t for_each_row(const std::string& text, Row&& row) {
  int64_t damaged = 0;
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty()) continue;
    Json json;
    if (read_line(line, json)) {
      row(std::move(json));
    } else {
      ++damaged;
    }
  }
  return damaged;
}

// Later lines of a row supersede earlier ones; returns the text with one line per row.
std::string compacted(const std::string& text, const std::string& without_op, bool all) {
  std::map<std::string, std::string> lines;
  for_each_row(text, [&](const Json& json) {
    try {
      const PerformanceRow row = PerformanceRow::from_json(json);
      if (!all && row.key.op != without_op) lines[row.id()] = line_of(json.dump());
    } catch (const Error&) {
      return;
    }
  });
  std::string result;
  for (const auto& [id, line] : lines) result += line;
  return result;
}

}  // namespace

StoredRows load_rows(const std::string& directory) {
  StoredRows stored;
  const std::string base = read_if_exists(join_path(directory, kBaseFile));
  if (!base.empty()) {
    try {
      const Json document = Json::parse(base);
      for (const JsonView row : cache_rows(document).elements()) stored.rows.push(Json(row));
    } catch (const Error&) {
      ++stored.damaged_lines;
    }
  }
  stored.damaged_lines += for_each_row(read_if_exists(join_path(directory, kOverlayFile)),
                                       [&](Json row) { stored.rows.push(std::move(row)); });
  return stored;
}

void append_rows(const std::string& directory, const std::vector<PerformanceRow>& rows) {
  if (rows.empty()) return;
  make_directories(directory);
  const std::string path = join_path(directory, kOverlayFile);
  FileLock lock(path + ".lock");
  lock.lock();
  std::string text = read_if_exists(path);
  const size_t before = text.size();
  // A line that a crash cut short must not swallow the next one.
  if (!text.empty() && text.back() != '\n') text += '\n';
  for (const PerformanceRow& row : rows) text += line_of(row.to_json().dump());
  const std::string small = compacted(text, "", false);
  if (small.size() * 2 < text.size() || text.size() == before) {
    write_file_atomic(path, small);
    return;
  }
  const UniqueFd file = open_for_append(path);
  const std::string_view added = std::string_view(text).substr(before);
  if (!io::write_at(file.get(), added.data(), added.size(), before)) {
    const int number = errno;
    fail_io("append to", path, number);
  }
  if (io::sync_data(file.get()) != 0) fail_io("flush", path, errno);
}

void remove_rows(const std::string& directory, const std::string& op) {
  const std::string path = join_path(directory, kOverlayFile);
  if (!path_exists(path)) return;
  FileLock lock(path + ".lock");
  lock.lock();
  write_file_atomic(path, compacted(read_if_exists(path), op, op.empty()));
}

PinnedDecisions load_decisions(const std::string& directory) {
  PinnedDecisions decisions;
  const std::string text = read_if_exists(join_path(directory, kDecisionsFile));
  if (text.empty()) return decisions;
  const Json document = Json::parse(text);
  if (document.get_string("schema_version").substr(0, 2) != "1.") {
    document.at("schema_version").fail("this library reads version 1: upgrade it");
  }
  for (const JsonView item : document.get_array("decisions").elements()) {
    PerformanceKey key;
    key.op = item.get_string("operator");
    key.device = item.get_string("device");
    key.signature = item.get_string("signature");
    key.dtype = item.get_string("dtype");
    key.layout = item.get_string_or("layout", "");
    key.attributes = item.get_string_or("attributes", "");
    decisions[{key.text(), item.get_string_or("shape", "")}] = item.get_string("implementation");
  }
  return decisions;
}

void save_decisions(const std::string& directory,
                    const std::map<std::pair<std::string, std::string>,
                                   std::pair<PerformanceKey, std::string>>& decisions) {
  Json list = Json::array();
  for (const auto& [id, decision] : decisions) {
    const PerformanceKey& key = decision.first;
    Json item = Json::object();
    item.set("operator", key.op).set("device", key.device).set("signature", key.signature);
    item.set("dtype", key.dtype).set("layout", key.layout).set("attributes", key.attributes);
    if (!id.second.empty()) item.set("shape", id.second);
    item.set("implementation", decision.second);
    list.push(std::move(item));
  }
  Json document = Json::object();
  document.set("schema_version", "1.0").set("kind", "decisions").set("decisions", std::move(list));
  make_directories(directory);
  write_file_atomic(join_path(directory, kDecisionsFile), document.dump_pretty() + "\n");
}

}  // namespace fgx
