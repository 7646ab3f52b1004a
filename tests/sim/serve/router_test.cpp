#include "sim/serve/router.h"

#include <gtest/gtest.h>

#include "tests/support/fixed_costs.h"

namespace orrery::test {
namespace {

class Routers : public testing::Test {
 protected:
  Routers() {
    for (int i = 0; i < 3; ++i) {
      own_.push_back(make_scheduler({}, KvBlocks({1000, 16}, true)));
      all_.push_back(own_.back().get());
    }
  }
  std::vector<std::unique_ptr<Scheduler>> own_;
  std::vector<Scheduler*> all_;
};

TEST_F(Routers, RoundRobinTakesTurns) {
  Router router(RouterKind::round_robin);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(router.choose(all_, {}), i % 3);
}

TEST_F(Routers, LeastLoadedAvoidsThoseWithMoreToDo) {
  Sequence large;
  large.known = 500;
  all_[0]->add(&large);
  Sequence small;
  small.known = 5;
  all_[1]->add(&small);
  Router router(RouterKind::least_loaded);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(router.choose(all_, {}), 2U);
}

TEST_F(Routers, PrefixAwareGoesWhereThePromptBeginsCached) {
  Sequence s;
  s.request.input = s.known = 160;
  s.request.output = 1;
  s.request.content = {9};
  s.request.content_tokens = 160;
  all_[1]->add(&s);
  Batch batch;
  all_[1]->form(batch);
  all_[1]->remove(&s);
  Router router(RouterKind::prefix_aware);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(router.choose(all_, s.request), 1U);
}

}  // namespace
}  // namespace orrery::test
