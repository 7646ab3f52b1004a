#include "sim/serve/serving_run.h"

#include <algorithm>
#include <queue>
#include <tuple>

#include "sim/util/errors.h"

namespace orrery {
class ServingRun::Events {
 public:
  Events(const ServingSetup& setup, std::vector<std::unique_ptr<Replica>>& replicas, RequestSource& source,
         const LoadSpec& load, const RequestTargets& targets, const ServingListeners& listeners)
      : setup_(setup),
        replicas_(replicas),
        source_(source),
        load_(load),
        targets_(targets),
        listeners_(listeners),
        router_(setup.router),
        prefill_router_(setup.router),
        link_free_s_(replicas.size(), 0) {
    for (std::size_t i = 0; i < replicas_.size(); ++i) {
      for (std::size_t r = 0; r < replicas_[i]->ranks(); ++r) {
        std::vector<Place>& places = i < setup_.serving.count ? serving_ : prefilling_;
        places.push_back({i, r});
        (i < setup_.serving.count ? serving_ranks_ : prefilling_ranks_).push_back(&replicas_[i]->rank(r));
      }
    }
  }

  ServingOutcome run() {
    const std::uint64_t at_first = load_.closed() ? load_.concurrency : 1;
    for (std::uint64_t i = 0; i < at_first; ++i) {
      if (!send_next(0)) break;
    }
    if (events_.empty()) throw ConfigError(load_.trace, "no request: there is nothing to serve");
    while (!events_.empty()) {
      const Event event = events_.top();
      events_.pop();
      now_ = event.time;
      switch (event.kind) {
        case EventKind::arrival:
          arrive(event.sequence);
          break;
        case EventKind::at_replica:
          enter(event.sequence, !prefilling_.empty());
          break;
        case EventKind::step_end:
          end_step(event.replica);
          break;
        case EventKind::handed_over:
          hand_over(event.replica, event.sequence);
          break;
      }
    }
    out_.end_s = now_;
    add_up();
    return std::move(out_);
  }

 private:
  enum class EventKind : std::uint8_t { arrival, at_replica, step_end, handed_over };

  struct Event {
    double time = 0;
    std::uint64_t order = 0;
    EventKind kind = EventKind::arrival;
    std::size_t replica = 0;
    Sequence* sequence = nullptr;
    bool operator>(const Event& other) const {
      return std::tie(time, order) > std::tie(other.time, other.order);
    }
  };
  struct Place {
    std::size_t replica, rank;
  };
  const ServingSetup& setup_;
  std::vector<std::unique_ptr<Replica>>& replicas_;
  RequestSource& source_;
  const LoadSpec& load_;
  const RequestTargets& targets_;
  const ServingListeners& listeners_;
  Router router_, prefill_router_;
  std::vector<Place> serving_, prefilling_;
  std::vector<Scheduler*> serving_ranks_, prefilling_ranks_;
  std::vector<double> link_free_s_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t order_ = 0;
  double now_ = 0;
  std::vector<std::unique_ptr<Sequence>> all_;
  std::vector<Sequence*> spare_;
  ServingOutcome out_;

  void post(double time, EventKind kind, std::size_t replica, Sequence* sequence) {
    events_.push({time, order_++, kind, replica, sequence});
  }

  Sequence* fresh() {
    if (spare_.empty()) {
      all_.push_back(std::make_unique<Sequence>());
      return all_.back().get();
    }
    Sequence* s = spare_.back();
    spare_.pop_back();
    return s;
  }

  // The next request of the source sets out, not before `earliest`.
  bool send_next(double earliest) {
    Sequence* s = fresh();
    Request request = std::move(s->request);  // keeps its memory
    request.content.clear();
    if (!source_.next(request)) {
      s->request = std::move(request);
      spare_.push_back(s);
      return false;
    }
    *s = Sequence();
    s->request = std::move(request);
    const double at = std::max(earliest, s->request.arrival_s);
    s->outcome.number = out_.arrived++;
    s->outcome.arrival_s = at;
    s->outcome.input = s->request.input;
    s->outcome.output = s->request.output;
    s->request.output = std::max(1U, s->request.output);  // a step makes a token, asked for or not
    s->known = s->request.input;
    post(at, EventKind::arrival, 0, s);
    return true;
  }

  void arrive(Sequence* s) {
    if (out_.finished + out_.refused == 0 && s->outcome.number == 0) out_.first_arrival_s = now_;
    out_.last_arrival_s = now_;
    if (!load_.closed()) send_next(now_);
    std::string why;
    const std::uint64_t length = std::uint64_t{s->request.input} + s->request.output;
    if (setup_.most_positions > 0 && length > setup_.most_positions)
      why = std::to_string(s->request.input) + " prompt and " + std::to_string(s->request.output) +
            " output tokens are more than the model's context of " + std::to_string(setup_.most_positions);
    if (why.empty()) why = serving_ranks_.front()->refusal(s->request);
    if (!why.empty()) {
      if (out_.refused++ == 0) out_.why_refused = why;
      leave(s);
      return;
    }
    const double wait = setup_.request_s + setup_.prompt_token_s * static_cast<double>(s->request.input);
    if (wait > 0) {
      post(now_ + wait, EventKind::at_replica, 0, s);
    } else {
      enter(s, !prefilling_.empty());
    }
  }

  // Stands in a replica's queue from now on.
  void enter(Sequence* s, bool for_prompt) {
    const std::size_t chosen = for_prompt ? prefill_router_.choose(prefilling_ranks_, s->request)
                                          : router_.choose(serving_ranks_, s->request);
    const Place place = for_prompt ? prefilling_[chosen] : serving_[chosen];
    if (for_prompt) s->request.output = 1;
    Replica& replica = *replicas_[place.replica];
    replica.add(s, place.rank);
    if (replica.idle()) go_on(place.replica);
  }

  // Forms what can be formed, and waits for its end.
  void go_on(std::size_t r) {
    Replica& replica = *replicas_[r];
    const bool was_idle = replica.idle();
    replica.fill(now_);
    if (was_idle && !replica.idle()) post(replica.next_end(), EventKind::step_end, r, nullptr);
    if (replica.idle() && replica.waiting() > 0)
      throw SimulationError("serve", "replica " + std::to_string(r) + " has " +
                                         std::to_string(replica.waiting()) +
                                         " requests waiting and starts none of them");
  }

  void end_step(std::size_t r) {
    Replica& replica = *replicas_[r];
    const Replica::StepInFlight& step = replica.oldest();
    const double per_replica = 1.0 / static_cast<double>(replicas_.size());
    const bool for_prompt = r >= setup_.serving.count;
    (for_prompt ? out_.prefill_dynamic_w : out_.dynamic_w)
        .add(step.start_s, step.end_s, step.dynamic_j / std::max(1e-12, step.end_s - step.start_s));
    const double next_s = step.start_s + step.pace_s;
    out_.waiting.add(step.start_s, next_s, static_cast<double>(replica.waiting()));
    out_.running.add(step.start_s, next_s, static_cast<double>(replica.running()));
    const double used = replica.used_share();
    out_.kv_used.add(step.start_s, next_s, used * per_replica);
    out_.peak_kv = std::max(out_.peak_kv, used);
    double last_gap = -1;
    std::uint64_t alike = 0;
    ended_.clear();
    for (const Batch& batch : step.ranks) {
      for (const BatchEntry& entry : batch.entries) {
        RequestOutcome& o = entry.sequence->outcome;
        if (o.scheduled_s < 0) o.scheduled_s = step.start_s;
        if (entry.emitted == 0 || for_prompt) {
          if (entry.last) ended_.push_back(entry.sequence);
          continue;
        }
        if (o.first_token_s < 0) {
          o.first_token_s = now_;
        } else {
          const double gap = now_ - o.last_token_s;
          if (gap != last_gap && alike > 0) {
            out_.itl.add(last_gap, alike);
            alike = 0;
          }
          last_gap = gap;
          ++alike;
        }
        o.last_token_s = now_;
        if (entry.last) ended_.push_back(entry.sequence);
      }
    }
    if (alike > 0) out_.itl.add(last_gap, alike);
    if (for_prompt) {
      begin_handovers(r);
      replica.retire(true);
    } else {
      replica.retire();
      for (Sequence* s : ended_) finish(s);
    }
    if (!replica.idle()) post(replica.next_end(), EventKind::step_end, r, nullptr);
    go_on(r);
  }

  std::vector<Sequence*> ended_;

  // Keys and values of prompts that are through set out, one after the other on the replica's links; their
  // blocks stay until they are there.
  void begin_handovers(std::size_t r) {
    const Handover& h = setup_.handover;
    for (Sequence* s : ended_) {
      const double bytes = h.fixed_bytes + h.bytes_per_token * static_cast<double>(s->request.input);
      link_free_s_[r] = std::max(now_, link_free_s_[r]) + bytes / h.bytes_per_s;
      post(link_free_s_[r] + h.orchestration_s, EventKind::handed_over, r, s);
    }
  }

  void hand_over(std::size_t r, Sequence* s) {
    replicas_[r]->release(s);
    s->held = HeldBlocks();
    s->done = false;
    s->arrived_computed = true;
    s->request.output = std::max(1U, s->outcome.output);
    s->computed = 0;
    s->outcome.first_token_s = s->outcome.last_token_s = now_;
    if (s->generated >= s->request.output) {
      finish(s);
    } else {
      enter(s, false);
    }
    if (replicas_[r]->idle() && replicas_[r]->waiting() > 0) go_on(r);
  }

  void finish(Sequence* s) {
    RequestOutcome& o = s->outcome;
    ++out_.finished;
    out_.input_tokens += o.input;
    out_.output_tokens += o.output;
    out_.cached_tokens += o.cached;
    out_.preemptions += o.preemptions;
    const bool empty = o.output == 0;
    const double ttft = empty ? 0 : o.first_token_s - o.arrival_s;
    const double e2e = empty ? 0 : o.last_token_s - o.arrival_s;
    const double tpot = o.output > 1 ? (e2e - ttft) / static_cast<double>(o.output - 1) : 0;
    if (!empty || setup_.empty_answers_count) {
      out_.ttft.add(ttft);
      out_.e2e.add(e2e);
    }
    out_.queued.add(o.scheduled_s - o.arrival_s);
    if (o.output > 1) out_.tpot.add(tpot);
    const auto keeps = [](double is, double target) { return target <= 0 || is <= target; };
    if (keeps(ttft, targets_.ttft_s) && keeps(tpot, targets_.tpot_s) && keeps(e2e, targets_.e2e_s))
      ++out_.good;
    if (listeners_.each) listeners_.each(o);
    if (listeners_.progress && out_.finished % 256 == 0) listeners_.progress(out_.finished);
    leave(s);
  }

  void leave(Sequence* s) {
    spare_.push_back(s);
    if (load_.closed()) send_next(now_ + load_.think_s);
  }

  void add_up() {
    for (std::size_t r = 0; r < replicas_.size(); ++r) {
      out_.steps += replicas_[r]->sums();
      if (r >= setup_.serving.count) {
        out_.steps_of_prefill += replicas_[r]->sums().steps;
        out_.prefill_dynamic_j += replicas_[r]->sums().dynamic_j;
      }
      for (std::size_t i = 0; i < replicas_[r]->ranks(); ++i) {
        const KvBlocks& blocks = replicas_[r]->rank(i).blocks();
        if (blocks.used() != 0)
          throw SimulationError(
              "serve", std::to_string(blocks.used()) + " KV blocks are held though every request has left");
      }
    }
    if (out_.finished + out_.refused != out_.arrived)
      throw SimulationError("serve", std::to_string(out_.arrived) + " requests came and " +
                                         std::to_string(out_.finished) + " were finished");
  }
};

ServingRun::ServingRun(const ServingSetup& setup) : setup_(setup) {
  for (std::uint32_t i = 0; i < setup_.serving.count; ++i)
    replicas_.push_back(std::make_unique<Replica>(setup_.serving.spec, *setup_.serving.costs));
  for (const ReplicaGroup& group : setup_.prefilling) {
    for (std::uint32_t i = 0; i < group.count; ++i)
      replicas_.push_back(std::make_unique<Replica>(group.spec, *group.costs));
  }
}

ServingRun::~ServingRun() = default;

ServingOutcome ServingRun::run(RequestSource& source, const LoadSpec& load, const RequestTargets& targets,
                               const ServingListeners& listeners) {
  return Events(setup_, replicas_, source, load, targets, listeners).run();
}

}  // namespace orrery
