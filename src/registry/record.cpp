// SPDX-License-Identifier: Apache-2.0
// Canonical records and changes to them.
#include "registry/record.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/strings.h"
#include "base/uuid.h"

namespace fgx {
namespace {

constexpr size_t kMaxNameBytes = 255;

// The order of a canonical record.
constexpr const char* kFieldOrder[] = {"op_name",
                                       "op_id",
                                       "category",
                                       "status",
                                       "implements",
                                       "language",
                                       "trust",
                                       "content_hash",
                                       "record_version",
                                       "created_at",
                                       "updated_at",
                                       "dtypes",
                                       "generation_info",
                                       "validation_info",
                                       "hardware_support",
                                       "graduation_tracking",
                                       "code_location",
                                       "claims",
                                       "evidence",
                                       "history"};

// Objects that every canonical record has, if only empty.
constexpr const char* kObjects[] = {"generation_info", "hardware_support", "graduation_tracking",
                                    "code_location"};

constexpr const char* kFixedFields[] = {"op_id", "created_at", "history", "evidence"};

// Takes the index fields out of the text while it is checked.
class FieldReader final : public JsonHandler {
 public:
  FieldReader(RecordFields* fields, std::string* compact)
      : fields_(fields), writer_(compact), compact_(compact != nullptr) {}

  bool is_object = false;
  bool has_name = false;
  std::string status, category;

  void on_begin(bool object) override {
    if (depth_++ == 0) is_object = object;
    if (compact_) writer_.on_begin(object);
  }
  void on_end(bool object) override {
    --depth_;
    if (compact_) writer_.on_end(object);
  }
  void on_key(std::string_view raw, bool has_escapes) override {
    if (compact_) writer_.on_key(raw, has_escapes);
    if (depth_ != 1) return;
    decoded_key_ = has_escapes ? decode_json_string(raw) : std::string();
    key_ = has_escapes ? std::string_view(decoded_key_) : raw;
  }
  void on_string(std::string_view raw, bool has_escapes) override {
    if (compact_) writer_.on_string(raw, has_escapes);
    if (depth_ != 1) return;
    std::string* const field = find();
    if (field == nullptr) return;
    *field = has_escapes ? decode_json_string(raw) : std::string(raw);
    if (field == &fields_->op_name) has_name = true;
  }
  void on_number(std::string_view text) override {
    if (compact_) writer_.on_number(text);
    if (depth_ != 1 || key_ != "record_version") return;
    std::from_chars(text.data(), text.data() + text.size(), fields_->version);
  }
  void on_literal(std::string_view text) override {
    if (compact_) writer_.on_literal(text);
  }

 private:
  std::string* find() {
    if (key_ == "op_id") return &fields_->op_id;
    if (key_ == "op_name") return &fields_->op_name;
    if (key_ == "implements") return &fields_->implements;
    if (key_ == "language") return &fields_->language;
    if (key_ == "trust") return &fields_->trust;
    if (key_ == "status") return &status;
    if (key_ == "category") return &category;
    return nullptr;
  }

  RecordFields* fields_;
  JsonCompactor writer_;
  bool compact_;
  int depth_ = 0;
  std::string_view key_;
  std::string decoded_key_;
};

// Names become file names, keys and terminal output.
void check_name(JsonView value) {
  const std::string_view text = value.as_string();
  if (text.empty()) value.fail("is empty");
  if (text.size() > kMaxNameBytes) value.fail("is longer than %zu bytes", kMaxNameBytes);
  if (!is_displayable(text) || text.find_first_of(" /\\\"'`$") != std::string_view::npos)
    value.fail("'%s' holds characters that a name may not have",
               escape_for_display(text.substr(0, 80)).c_str());
}

void check_text(JsonView value) {
  if (value.is_null()) return;
  const std::string_view text = value.as_string();
  if (text.size() > 4096 || !is_displayable(text)) value.fail("holds characters it may not have");
}

JsonView object_or_nothing(JsonView value) {
  if (value && !value.is_null() && !value.is_object()) value.fail("expected an object");
  return value;
}

RecordStatus read_status(JsonView value) {
  RecordStatus status{};
  if (value.is_null()) return RecordStatus::kExperimental;
  if (!parse_status(value.as_string(), &status))
    value.fail("'%s' is no status; the statuses are %s",
               escape_for_display(value.as_string().substr(0, 80)).c_str(), status_names().c_str());
  return status;
}

RecordCategory read_category(JsonView value) {
  RecordCategory category{};
  if (value.is_null()) return RecordCategory::kCustom;
  if (!parse_category(value.as_string(), &category))
    value.fail("'%s' is no category; the categories are blas, reduction, pointwise, custom",
               escape_for_display(value.as_string().substr(0, 80)).c_str());
  return category;
}

Json timestamp_or_null(JsonView value) {
  if (value.is_null()) return nullptr;
  return canonical_timestamp(value.as_string());
}

// Moves `value` into an object that does not have the member yet; null counts as nothing.
void set_if_absent(Json* object, const char* name, Json value) {
  if (!value.is_null() && !object->has(name)) object->set(name, std::move(value));
}

// {dtype: [shapes]}; shapes may be lists or text such as "(1024,)".
void check_coverage(JsonView coverage) {
  if (coverage.is_null()) return;
  for (const auto& [dtype, shapes] : coverage.members()) {
    if (!is_displayable(dtype)) coverage.fail("a dtype holds characters it may not have");
    for (const JsonView shape : shapes.elements())
      if (!shape.is_string()) shape.as_int64_list(0);
  }
}

void check_baselines(JsonView baselines) {
  if (baselines.is_null()) return;
  for (const JsonView baseline : baselines.elements()) {
    for (const auto& [name, value] : baseline.members()) {
      if (name == "speedup" || name == "memory_overhead") {
        if (!value.is_null()) value.as_double();
      } else if (name == "device" || name == "dtype" || name == "reference_impl") {
        check_text(value);
      } else if (name == "shape" && !value.is_string() && !value.is_null()) {
        value.as_int64_list(0);
      }
    }
  }
}

// Checks what validation_info says, in either nesting.
void check_validation(JsonView record) {
  const JsonView source = object_or_nothing(record.find("validation_info"));
  const JsonView nested = object_or_nothing(source.find("accuracy_tests"));
  const JsonView timed = object_or_nothing(source.find("performance_tests"));
  const JsonView passed = nested ? nested.find("passed") : source.find("accuracy_passed");
  if (!passed.is_null()) passed.as_bool();
  const JsonView cases = nested ? nested.find("test_cases") : source.find("test_cases_total");
  if (!cases.is_null()) cases.as_int64(0);
  for (const JsonView last_run :
       {source.find("last_run"), nested.find("last_run"), timed.find("last_run")})
    check_text(last_run);
  check_coverage(nested ? nested.find("coverage") : source.find("coverage"));
  check_baselines(timed.find("baselines") ? timed.find("baselines")
                                          : record.find("performance_baselines"));
}

// The plan's nesting out of either nesting.
Json canonical_validation(Json* record) {
  Json source = record->take("validation_info");
  if (!source.is_object()) source = Json::object();
  Json accuracy = source.take("accuracy_tests");
  const bool nested = accuracy.is_object();
  if (!nested) accuracy = Json::object();
  set_if_absent(&accuracy, "passed", source.take("accuracy_passed"));
  set_if_absent(&accuracy, "test_cases", source.take("test_cases_total"));
  set_if_absent(&accuracy, "test_cases_passed", source.take("test_cases_passed"));
  if (!nested) {
    set_if_absent(&accuracy, "last_run", source.take("last_run"));
    set_if_absent(&accuracy, "coverage", source.take("coverage"));
  }
  Json performance = source.take("performance_tests");
  if (!performance.is_object()) performance = Json::object();
  set_if_absent(&performance, "baselines", record->take("performance_baselines"));
  if (!performance.has("baselines")) performance.set("baselines", Json::array());
  for (Json* part : {&accuracy, &performance})
    if (part->has("last_run")) part->set("last_run", timestamp_or_null(part->find("last_run")));

  Json result = Json::object();
  result.append("accuracy_tests", std::move(accuracy));
  result.append("performance_tests", std::move(performance));
  for (const auto& [name, value] : source.members()) result.set(name, Json(value));
  return result;
}

}  // namespace

std::string canonical_timestamp(std::string_view text) {
  int64_t time = 0;
  return parse_timestamp(text, &time) ? format_timestamp(time) : std::string(text);
}

RecordFields read_record_fields(std::string_view text, std::string_view key, const char* what,
                                std::string* compact) {
  RecordFields fields;
  FieldReader reader(&fields, compact);
  JsonLimits limits;
  limits.max_bytes = kMaxRecordBytes;
  limits.what = what;
  scan_json(text, limits, &reader);
  if (!reader.is_object) fail(FGX_METADATA_INVALID, "%s: expected an object", what);
  if (!reader.has_name) fail(FGX_METADATA_INVALID, "%s/op_name: is missing", what);
  if (fields.op_id.empty()) fields.op_id = key;
  if (!reader.status.empty() && !parse_status(reader.status, &fields.status))
    fail(FGX_METADATA_INVALID, "%s/status: '%s' is no status; the statuses are %s", what,
         escape_for_display(reader.status.substr(0, 80)).c_str(), status_names().c_str());
  if (!reader.category.empty() && !parse_category(reader.category, &fields.category))
    fail(FGX_METADATA_INVALID, "%s/category: '%s' is no category", what,
         escape_for_display(reader.category.substr(0, 80)).c_str());
  return fields;
}

Json canonical_record(Json record, std::string_view op_id) {
  // Everything is checked before anything moves, so that errors point into the record as it was.
  const JsonView given = record.view();
  if (!given.is_object()) given.fail("expected an object");
  check_name(given.at("op_name"));
  const JsonView own_id = given.find("op_id");
  if (!own_id.is_null()) check_name(own_id);
  for (const char* name :
       {"implements", "language", "trust", "content_hash", "created_at", "updated_at"})
    check_text(given.find(name));
  for (const char* name : {"evidence", "history"})
    if (const JsonView list = given.find(name); !list.is_null()) list.elements();
  if (const JsonView dtypes = given.find("dtypes"); dtypes.is_array()) dtypes.as_string_list();
  for (const char* name : kObjects) object_or_nothing(given.find(name));
  check_text(given.find("generation_info").find("generation_date"));
  const RecordStatus status = read_status(given.find("status"));
  const RecordCategory category = read_category(given.find("category"));
  if (const JsonView version = given.find("record_version"); !version.is_null())
    version.as_int64(1);
  check_validation(given);

  Json validation = canonical_validation(&record);
  Json result = Json::object();
  for (const char* name : kFieldOrder) {
    const std::string_view field = name;
    Json value = record.take(field);
    if (field == "op_id") {
      if (value.is_null()) value = op_id;
    } else if (field == "category") {
      value = category_name(category);
    } else if (field == "status") {
      value = status_name(status);
    } else if (field == "record_version") {
      if (value.is_null()) value = 1;
    } else if (field == "created_at" || field == "updated_at") {
      result.append(field, timestamp_or_null(value));
      continue;
    } else if (field == "validation_info") {
      value = std::exchange(validation, Json());
    } else if (field == "history") {
      if (value.is_null()) value = Json::array();
    } else if (value.is_null()) {
      if (std::find(std::begin(kObjects), std::end(kObjects), field) == std::end(kObjects))
        continue;
      value = Json::object();
    } else if (field == "generation_info" && value.has("generation_date")) {
      value.set("generation_date", timestamp_or_null(value.find("generation_date")));
    }
    result.append(field, std::move(value));
  }
  // What nobody knows here is kept, behind the rest.
  while (!record.view().empty()) {
    const std::string name((*record.members().begin()).first);
    result.append(name, record.take(name));
  }
  return result;
}

Json new_record(Json record) {
  Json result = canonical_record(std::move(record), make_uuid());
  const std::string now = current_timestamp();
  result.set("record_version", 1);
  if (result.find("created_at").is_null()) result.set("created_at", now);
  result.set("updated_at", now);
  if (result.at("history").empty()) {
    Json line = Json::object();
    line.set("from", nullptr)
        .set("to", Json(result.at("status")))
        .set("at", now)
        .set("reason", "registered");
    Json history = Json::array();
    history.push(std::move(line));
    result.set("history", std::move(history));
  }
  return result;
}

void change_status(Json* record, RecordStatus to, const std::string& reason) {
  const RecordStatus from = read_status(record->at("status"));
  if (!is_legal_transition(from, to))
    fail(FGX_METADATA_INVALID, "/status: %s cannot become %s; legal from here: %s",
         status_name(from), status_name(to), legal_successors(from).c_str());
  Json line = Json::object();
  line.set("from", status_name(from))
      .set("to", status_name(to))
      .set("at", current_timestamp())
      .set("reason", reason);
  Json history(record->at("history"));
  history.push(std::move(line));
  record->set("status", status_name(to));
  record->set("history", std::move(history));
}

void stamp_change(Json* record) {
  record->set("record_version", record->get_int64_or("record_version", 0) + 1);
  record->set("updated_at", current_timestamp());
}

Json updated_record(Json record, JsonView patch) {
  if (!patch.is_object()) patch.fail("expected an object");
  const int64_t version = record.get_int64("record_version");
  if (const JsonView expected = patch.find("record_version")) {
    const int64_t stale = expected.as_int64();
    if (stale != version)
      expected.fail("stale update: it was made for version %lld, the record is at version %lld",
                    static_cast<long long>(stale), static_cast<long long>(version));
  }
  for (const char* name : kFixedFields) {
    const JsonView value = patch.find(name);
    if (value && !(value == record.find(name))) value.fail("cannot be changed by an update");
  }
  Json change(patch);
  for (const char* name : {"record_version", "reason", "status", "updated_at"}) change.erase(name);
  const RecordStatus from = read_status(record.at("status"));
  const std::string op_id = record.get_string("op_id");

  record.merge_patch(change);
  Json result = canonical_record(std::move(record), op_id);
  if (const JsonView wanted = patch.find("status")) {
    const RecordStatus to = read_status(wanted);
    if (to != from) {
      const std::string reason = patch.get_string_or("reason", "");
      if (trim(reason).empty()) wanted.fail("a change of status needs a \"reason\"");
      if (!is_displayable(reason) || reason.size() > 4096)
        patch.at("reason").fail("holds characters it may not have");
      change_status(&result, to, reason);
    }
  }
  stamp_change(&result);
  return result;
}

}  // namespace fgx
