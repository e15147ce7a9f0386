// SPDX-License-Identifier: Apache-2.0
// Reading and writing of snapshots.
#include "registry/snapshot.h"

#include <fcntl.h>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <unordered_set>

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/strings.h"

namespace fgx {
namespace {

constexpr size_t kChunk = size_t{1} << 20;
constexpr size_t kHeadBytes = 1024;  // the header lies within them
constexpr std::string_view kChecksumMark = "\"checksum\": \"crc32c:";
constexpr std::string_view kBlankChecksum = "00000000";
constexpr int64_t kStoreFormat = 1;

// Takes the members of an index apart.
class IndexReceiver final : public JsonSplitter::Receiver {
 public:
  IndexReceiver(const std::shared_ptr<RecordFile>& file, bool keep_text,
                const std::function<void(StoredRecord&&)>& on_record)
      : file_(file), keep_text_(keep_text), on_record_(on_record) {}

  bool has_version = false;
  bool has_store = false;
  SnapshotHeader header;
  uint64_t records = 0;

  void on_member(bool inside, std::string_view key, std::string_view value,
                 uint64_t offset) override {
    if (inside) return record(key, value, offset);
    const std::string what = "/" + escape_for_display(key);
    JsonLimits limits;
    limits.what = what.c_str();
    if (key == "ops") fail(FGX_METADATA_INVALID, "/ops: expected an object");
    if (key == "version") {
      check_version(Json::parse(value, limits));
    } else if (key == "last_updated") {
      const Json time = Json::parse(value, limits);
      if (time.is_string()) header.last_updated = time.view().as_string();
    } else if (key == "store") {
      const Json store = Json::parse(value, limits);
      const int64_t format = store.get_int64("format");
      if (format > kStoreFormat)
        fail(FGX_UNSUPPORTED,
             "the index has store format %lld, this library reads up to %lld: use a newer version",
             static_cast<long long>(format), static_cast<long long>(kStoreFormat));
      header.generation = store.at("generation").as_uint64();
      header.sequence = store.at("sequence").as_uint64();
      header.records = store.at("records").as_uint64();
      has_store = true;
    } else {
      // Unknown members are ignored, but they must be JSON.
      scan_json(value, limits, nullptr);
    }
  }

 private:
  void check_version(const Json& version) {
    const std::string_view text = version.view().as_string();
    int64_t major = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), major);
    if (result.ec != std::errc()) fail(FGX_METADATA_INVALID, "/version: is no version number");
    if (major > kIndexMajor)
      fail(FGX_UNSUPPORTED,
           "the index has version %s, this library reads up to %lld: use a newer version",
           escape_for_display(text).c_str(), static_cast<long long>(kIndexMajor));
    has_version = true;
  }

  void record(std::string_view key, std::string_view value, uint64_t offset) {
    const std::string what = "/ops/" + escape_for_display(escape_json_pointer(key));
    if (!seen_.insert(hash_text(key)).second)
      fail(FGX_METADATA_INVALID, "%s: the key occurs twice", what.c_str());
    StoredRecord stored;
    stored.key = std::string(key);
    const bool canonical = file_ != nullptr && file_->canonical;
    compact_.clear();
    stored.fields =
        read_record_fields(value, key, what.c_str(), keep_text_ && canonical ? &compact_ : nullptr);
    if (!is_displayable(stored.fields.op_id) || !is_displayable(stored.fields.op_name) ||
        !is_displayable(key))
      fail(FGX_METADATA_INVALID, "%s: a name holds characters it may not have", what.c_str());
    if (stored.fields.op_id != key && !seen_.insert(hash_text(stored.fields.op_id, 1)).second)
      fail(FGX_METADATA_INVALID, "%s/op_id: another record has it too", what.c_str());
    if (keep_text_ && canonical) {
      stored.text = std::make_shared<const std::string>(compact_);
    } else if (keep_text_) {
      try {
        stored.text =
            std::make_shared<const std::string>(canonical_record(Json::parse(value), key).dump());
        stored.fields = read_record_fields(*stored.text, key, what.c_str());
      } catch (const Error& error) {
        throw Error(error.code(), what + error.message());
      }
    } else {
      stored.file = file_;
      stored.span = {offset, static_cast<uint32_t>(value.size()),
                     crc32c(value.data(), value.size())};
    }
    ++records;
    on_record_(std::move(stored));
  }

  const std::shared_ptr<RecordFile>& file_;
  const bool keep_text_;
  const std::function<void(StoredRecord&&)>& on_record_;
  std::string compact_;                // reused between records
  std::unordered_set<uint64_t> seen_;  // hashes of keys, and of op_ids that differ from them
};

JsonLimits index_limits() {
  JsonLimits limits;
  limits.what = "index";
  return limits;
}

// Position of the checksum's digits in the head of a file, or npos.
size_t find_checksum(std::string_view head) {
  const size_t mark = head.substr(0, kHeadBytes).find(kChecksumMark);
  if (mark == std::string_view::npos) return mark;
  const size_t digits = mark + kChecksumMark.size();
  return digits + kBlankChecksum.size() <= head.size() ? digits : std::string_view::npos;
}

// Pretty text of a record from its compact text, without building a tree.
class Prettifier final : public JsonHandler {
 public:
  Prettifier(std::string* out, int depth) : out_(out), depth_(depth) {}

  void on_begin(bool is_object) override {
    const bool in_array = !open_.empty() && !open_.back().is_object;
    before_value(in_array);
    if (in_array) open_.back().nested = true;
    *out_ += is_object ? '{' : '[';
    open_.push_back({is_object, false, 0});
  }
  void on_end(bool is_object) override {
    const Open closed = open_.back();
    open_.pop_back();
    if (closed.count > 0 && (is_object || closed.nested)) new_line();
    *out_ += is_object ? '}' : ']';
  }
  void on_key(std::string_view raw, bool) override {
    if (open_.back().count++ > 0) *out_ += ',';
    new_line();
    *out_ += '"';
    *out_ += raw;
    *out_ += "\": ";
  }
  void on_string(std::string_view raw, bool) override {
    before_value(false);
    *out_ += '"';
    *out_ += raw;
    *out_ += '"';
  }
  void on_number(std::string_view text) override {
    before_value(false);
    *out_ += text;
  }
  void on_literal(std::string_view text) override {
    before_value(false);
    *out_ += text;
  }

 private:
  struct Open {
    bool is_object;
    bool nested;
    size_t count;
  };

  void before_value(bool own_line) {
    if (open_.empty() || open_.back().is_object) return;
    if (open_.back().count++ > 0) *out_ += own_line ? "," : ", ";
    if (own_line) new_line();
  }
  void new_line() {
    *out_ += '\n';
    out_->append(2 * (static_cast<size_t>(depth_) + open_.size()), ' ');
  }

  std::string* out_;
  int depth_;
  std::vector<Open> open_;
};

// Writes a file in big pieces and sums it up.
class SnapshotWriter {
 public:
  SnapshotWriter(const UniqueFd& file, const std::string& path) : file_(file), path_(path) {}

  uint64_t position() const { return written_ + buffer_.size(); }
  std::string* buffer() { return &buffer_; }
  void flush_if_full() {
    if (buffer_.size() >= kChunk) flush();
  }
  void flush() {
    if (!io::write_at(file_.get(), buffer_.data(), buffer_.size(), written_))
      fail_io("write", path_, errno);
    checksum_ = crc32c(buffer_.data(), buffer_.size(), checksum_);
    written_ += buffer_.size();
    buffer_.clear();
  }
  uint32_t checksum() const { return checksum_; }

 private:
  const UniqueFd& file_;
  const std::string& path_;
  std::string buffer_;
  uint64_t written_ = 0;
  uint32_t checksum_ = 0;
};

}  // namespace

SnapshotInfo read_snapshot(const std::shared_ptr<RecordFile>& file, bool keep_text,
                           const std::function<void(StoredRecord&&)>& on_record) {
  SnapshotInfo info;
  IndexReceiver receiver(file, keep_text, on_record);
  const JsonLimits limits = index_limits();
  JsonSplitter splitter("ops", kMaxRecordBytes, limits, &receiver);
  std::string buffer(kChunk, '\0');
  uint32_t checksum = 0, stated = 0;
  // A file that bears a checksum is ours: what is wrong with it is damage, not someone's mistake.
  bool ours = false;
  try {
    for (uint64_t offset = 0;;) {
      const int64_t got = io::read_at(file->file.get(), buffer.data(), kChunk, offset);
      if (got < 0) fail_io("read", file->path, errno);
      if (got == 0) break;
      const std::string_view piece(buffer.data(), static_cast<size_t>(got));
      if (offset == 0) {
        const size_t digits = find_checksum(piece);
        ours = digits != std::string_view::npos ||
               piece.substr(0, kHeadBytes).find("\"store\": {") != std::string_view::npos ||
               piece.substr(0, kHeadBytes).find("crc32c:") != std::string_view::npos;
        file->canonical = ours;
        if (digits != std::string_view::npos) {
          const char* const begin = piece.data() + digits;
          const auto result = std::from_chars(begin, begin + kBlankChecksum.size(), stated, 16);
          if (result.ptr != begin + kBlankChecksum.size() ||
              format_text("%08x", stated) != piece.substr(digits, kBlankChecksum.size()))
            info.damage = "its checksum is no number";
          checksum = crc32c(piece.data(), digits, checksum);
          checksum = crc32c(kBlankChecksum.data(), kBlankChecksum.size(), checksum);
          const size_t rest = digits + kBlankChecksum.size();
          checksum = crc32c(piece.data() + rest, piece.size() - rest, checksum);
        } else if (ours) {
          info.damage = "its header is damaged";
        }
      } else if (ours) {
        checksum = crc32c(piece.data(), piece.size(), checksum);
      }
      splitter.feed(piece);
      offset += static_cast<uint64_t>(got);
      info.bytes = offset;
    }
    splitter.finish();
  } catch (const Error& error) {
    if (!ours || error.code() != FGX_METADATA_INVALID) throw;
    info.damage = error.message();
  }
  info.header = receiver.header;
  info.canonical = ours;
  if (ours && info.damage.empty()) {
    if (checksum != stated) {
      info.damage = format_text("its checksum is %08x, it says %08x", checksum, stated);
    } else if (!receiver.has_store || receiver.header.records != receiver.records) {
      info.damage = "it does not hold the records it says it holds";
    }
  }
  if (!ours && !receiver.has_version && receiver.records == 0)
    fail(FGX_METADATA_INVALID, "%s is no metadata index: it has neither \"version\" nor \"ops\"",
         escape_for_display(file->path).c_str());
  return info;
}

SnapshotInfo read_snapshot_text(std::string_view text,
                                const std::function<void(StoredRecord&&)>& on_record) {
  const std::shared_ptr<RecordFile> none;
  IndexReceiver receiver(none, true, on_record);
  const JsonLimits limits = index_limits();
  JsonSplitter splitter("ops", kMaxRecordBytes, limits, &receiver);
  splitter.feed(text);
  splitter.finish();
  SnapshotInfo info;
  info.header = receiver.header;
  info.bytes = text.size();
  return info;
}

bool read_snapshot_header(const std::string& path, SnapshotHeader* header) {
  try {
    const UniqueFd file = open_regular_file(path);
    char head[kHeadBytes];
    const int64_t got = io::read_at(file.get(), head, sizeof(head), 0);
    if (got <= 0) return false;
    const std::string_view text(head, static_cast<size_t>(got));
    if (find_checksum(text) == std::string_view::npos) return false;
    const auto number = [&](std::string_view name, uint64_t* value) {
      const size_t at = text.find(name);
      if (at == std::string_view::npos) return false;
      const char* const begin = text.data() + at + name.size();
      return std::from_chars(begin, text.data() + text.size(), *value).ec == std::errc();
    };
    return number("\"generation\": ", &header->generation) &&
           number("\"sequence\": ", &header->sequence);
  } catch (const Error&) {
    return false;
  }
}

uint64_t write_snapshot(const std::string& path, const SnapshotHeader& header,
                        std::vector<SnapshotItem>* items) {
  auto target = std::make_shared<RecordFile>();
  target->path = path;
  target->canonical = true;
  target->file =
      UniqueFd(io::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!target->file) fail_io("create", path, errno);
  SnapshotWriter writer(target->file, path);
  std::string* const out = writer.buffer();
  out->reserve(kChunk + kMaxRecordBytes);
  *out += "{\n  \"version\": \"1.0\",\n  \"last_updated\": ";
  append_json_string(header.last_updated, out);
  *out += format_text(
      ",\n  \"store\": {\"format\": %lld, \"generation\": %llu, \"sequence\": %llu, "
      "\"records\": %zu, ",
      static_cast<long long>(kStoreFormat), static_cast<unsigned long long>(header.generation),
      static_cast<unsigned long long>(header.sequence), items->size());
  *out += kChecksumMark;
  const uint64_t digits = writer.position();
  *out += kBlankChecksum;
  *out += "\"},\n  \"ops\": {";
  JsonLimits limits;
  limits.max_bytes = kMaxRecordBytes;
  limits.what = "record";
  for (SnapshotItem& item : *items) {
    if (&item != items->data()) *out += ',';
    *out += "\n    ";
    append_json_string(item.key, out);
    *out += ": ";
    const std::shared_ptr<const std::string> text =
        item.text ? item.text : load_record(*item.file, item.span, item.key);
    const size_t start = out->size();
    const uint64_t offset = writer.position();
    Prettifier prettifier(out, 2);
    scan_json(*text, limits, &prettifier);
    item.span = {offset, static_cast<uint32_t>(out->size() - start),
                 crc32c(out->data() + start, out->size() - start)};
    item.file = target;
    writer.flush_if_full();
  }
  *out += items->empty() ? "}\n}\n" : "\n  }\n}\n";
  writer.flush();
  const std::string checksum = format_text("%08x", writer.checksum());
  if (!io::write_at(target->file.get(), checksum.data(), checksum.size(), digits))
    fail_io("write", path, errno);
  if (io::sync(target->file.get()) != 0) fail_io("sync", path, errno);
  return writer.position();
}

std::shared_ptr<const std::string> load_record(const RecordFile& file, const RecordSpan& span,
                                               std::string_view key) {
  std::string text(span.size, '\0');
  const int64_t got = io::read_at(file.file.get(), text.data(), text.size(), span.offset);
  if (got < 0) fail_io("read", file.path, errno);
  if (static_cast<uint64_t>(got) != span.size || crc32c(text.data(), text.size()) != span.checksum)
    fail(FGX_METADATA_CORRUPTED, "%s: the record '%s' changed on disk after it was indexed",
         escape_for_display(file.path).c_str(), escape_for_display(key).c_str());
  return std::make_shared<const std::string>(
      file.canonical ? compact_json(text) : canonical_record(Json::parse(text), key).dump());
}

}  // namespace fgx
