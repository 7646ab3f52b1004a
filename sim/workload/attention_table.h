#pragma once
// Tables of what attention reads, layer by layer, from traces and measurements.

#include <string>

namespace orrery {

// The text of attention_patterns, with an end ("end"), for a file of one line a layer after a header,
// "layer,attention"; or of one line a head after "layer,head,density": a layer computes the mean of its
// heads' shares of the pairs, its heads one after another. Layers that it does not name are as the model's
// file says. Throws ConfigError with file and line.
std::string attention_patterns_of_file(const std::string& file);

}  // namespace orrery
