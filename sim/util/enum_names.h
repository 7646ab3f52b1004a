#pragma once
// The words that an enumeration goes by in files and options, said once: a specialisation of EnumNames lists
// them in the enumerators' order.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"

namespace orrery {

// static constexpr std::array<const char*, N> kWords.
template <class E>
struct EnumNames;

template <class E, class = decltype(EnumNames<E>::kWords)>
constexpr const char* to_string(E value) {
  return EnumNames<E>::kWords[static_cast<std::size_t>(value)];
}

template <class E>
std::vector<std::string> words_of() {
  return {EnumNames<E>::kWords.begin(), EnumNames<E>::kWords.end()};
}

template <class E>
std::optional<E> from_word(const std::string& word) {
  for (std::size_t i = 0; i < EnumNames<E>::kWords.size(); ++i) {
    if (word == EnumNames<E>::kWords[i]) return static_cast<E>(i);
  }
  return std::nullopt;
}

// Throws ConfigError that names them all; `what` is at fault ("--fidelity").
template <class E>
E named(const std::string& word, const std::string& what) {
  if (const std::optional<E> value = from_word<E>(word)) return *value;
  std::string all;
  for (const std::string& w : words_of<E>()) all += (all.empty() ? "" : ", ") + w;
  throw ConfigError("",
                    what + " is '" + word + "'; expected one of " + all + did_you_mean(word, words_of<E>()));
}

}  // namespace orrery
