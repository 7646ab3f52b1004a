#pragma once
// The message of the ConfigError that some work throws; "" when it throws none.

#include <string>

#include "sim/util/errors.h"

namespace orrery::test {

template <class Work>
std::string config_error(Work work) {
  try {
    work();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

}  // namespace orrery::test
