// SPDX-License-Identifier: Apache-2.0
// The ring of trace events and its Chrome trace form.
#include "dispatch/trace.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

#include "base/json.h"

namespace fgx {

void Trace::start(int32_t capacity) {
  std::lock_guard lock(mutex_);
  capacity_ = static_cast<size_t>(capacity);
  if (capacity == 0) return;
  events_.clear();
  next_ = 0;
  recorded_ = 0;
}

void Trace::add(TraceEvent event) {
  std::lock_guard lock(mutex_);
  if (capacity_ == 0) return;
  ++recorded_;
  if (events_.size() < capacity_) {
    events_.push_back(std::move(event));
    return;
  }
  events_[next_] = std::move(event);
  next_ = (next_ + 1) % capacity_;
}

std::string Trace::to_json() const {
  std::lock_guard lock(mutex_);
  Json list = Json::array();
  const int64_t process = getpid();
  for (size_t i = 0; i < events_.size(); ++i) {
    const TraceEvent& event = events_[(next_ + i) % events_.size()];
    Json args = Json::object();
    args.set("implementation", event.implementation);
    args.set("level", event.level);
    args.set("signature", event.signature);
    args.set("status", fgx_status_string(event.status));
    if (!event.chain.empty()) {
      Json chain = Json::array();
      for (const TraceEvent::Step& step : event.chain) {
        chain.push(
            Json::object().set("implementation", step.implementation).set("error", step.error));
      }
      args.set("chain", std::move(chain));
    }
    list.push(Json::object()
                  .set("name", event.op)
                  .set("cat", "dispatch")
                  .set("ph", "X")
                  .set("ts", static_cast<double>(event.start_ns) / 1e3)
                  .set("dur", static_cast<double>(event.duration_ns) / 1e3)
                  .set("pid", process)
                  .set("tid", event.thread)
                  .set("args", std::move(args)));
  }
  Json document = Json::object();
  document.set("traceEvents", std::move(list));
  document.set("displayTimeUnit", "ns");
  document.set(
      "otherData",
      Json::object().set("recorded", recorded_).set("kept", static_cast<int64_t>(events_.size())));
  return document.dump();
}

TraceEvent make_trace_event(const fgx_op& op, const Chain* chain, const char* level) {
  TraceEvent event;
  event.op = op.name;
  event.level = level;
  event.thread = trace_thread_id();
  if (chain == nullptr) return event;
  for (const ChainStep& step : chain->steps()) {
    event.chain.push_back(
        {step.implementation->def.name,
         std::string(fgx_status_string(step.error.code())) + ": " + step.error.message()});
  }
  return event;
}

int64_t trace_thread_id() {
  static thread_local const int64_t id = syscall(SYS_gettid);
  return id;
}

}  // namespace fgx
