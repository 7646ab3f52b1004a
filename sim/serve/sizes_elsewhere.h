#pragma once
// Sizes of steps of a second machine: SystemC elaborates one a process, so a child simulates them and answers
// over a socket. To be made before this process elaborates its own.

#include <functional>

#include "sim/serve/step_sizes.h"

namespace orrery {

class SizesElsewhere : public StepSizes {
 public:
  // `serve`: called in the child with what answers there; what it is given has to be called with the sizes,
  // and returns when this object is gone. Throws SimulationError: no process.
  using Answer = std::function<void(StepSizes&)>;
  explicit SizesElsewhere(const std::function<void(const Answer&)>& serve);
  ~SizesElsewhere() override;
  SizesElsewhere(const SizesElsewhere&) = delete;
  SizesElsewhere& operator=(const SizesElsewhere&) = delete;

  // Throw what the child's simulation throws; SimulationError when it is gone.
  std::size_t stages() const override { return stages_; }
  bool has(std::size_t stage, StepPart part) override;
  StepCost simulated(const StepSize& size) override;

 private:
  int other_ = -1, child_ = -1;
  std::size_t stages_ = 0;

  enum class Wanted : std::uint8_t { stages, has, size };
  struct Question {
    Wanted wanted = Wanted::size;
    StepSize size;
  };
  static void answer_questions(StepSizes& sizes, int other);
  void end() const;
  StepCost ask(const Question& question) const;
};

}  // namespace orrery
