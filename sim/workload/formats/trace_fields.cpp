#include "sim/workload/formats/trace_fields.h"

#include "sim/describe/fields.h"
#include "sim/util/stored_format.h"
#include "sim/workload/operator.h"

namespace orrery {
namespace {

struct TraceLine {};  // read by trace_reader
using LineFields = Fields<TraceLine>;

Shape count(double least = 0) {
  Shape shape = Shape::of(ShapeKind::integer);
  shape.least = least;
  return shape;
}

const Table& memory_table() {
  static const Table table = [] {
    LineFields f("of one device");
    f.results();
    f.other("weights", count(), "bytes", "of the model");
    f.other("kv_cache", count(), "bytes", "of all sequences at their longest");
    f.other("activations", count(), "bytes", "of a step");
    return Table(f);
  }();
  return table;
}

const Table& step_table() {
  static const Table table = [] {
    LineFields f("a graph of the prefill");
    f.results();
    f.other("sequences", count(1), "", "in its step");
    f.other("times", count(1), "", "that it runs");
    return Table(f);
  }();
  return table;
}

const Table& tensor_table() {
  static const Table table = [] {
    LineFields f("a tensor");
    f.results();
    f.other("id", Shape::text(), "", "the same in all operators that use it");
    f.other("kind", Shape::word(words_of<TensorKind>()), "", "of tensor");
    f.other("shape", Shape::list(count(1), 1), "", "extents");
    f.other("dtype", Shape::word(words_of<DType>()), "", "as it is stored");
    f.other("bits", Shape::of(ShapeKind::number), "",
            "per element, where they are not the format's usual ones")
        .optional();
    f.other("sparsity", Shape::text(), "", "of elements that are kept: 2:4, 0.3, 32x64:0.3, circulant:16")
        .optional();
    return Table(f);
  }();
  return table;
}

const Table& division_table() {
  static const Table table = [] {
    LineFields f("how devices divide the model");
    f.results();
    f.other("tp", count(1), "", "devices that share each layer");
    f.other("pp", count(1), "", "stages of layers");
    f.other("ep", count(1), "", "devices that share a mixture's experts");
    f.other("dp", count(1), "", "replicas that share the batch");
    f.other("cp", count(1), "", "devices that share a sequence");
    f.other("micro_batches", count(1), "", "that decode one behind the other");
    return Table(f);
  }();
  return table;
}

}  // namespace

const Table& trace_header_table() {
  static const Table table = [] {
    LineFields f("the first line: what ran");
    f.results();
    f.other("schema", Shape::word({kTraceSchema}), "", "of this file");
    f.other("model", Shape::text(), "", "that ran");
    f.other("batch", count(), "sequences", "at once");
    f.other("input", count(), "tokens", "of a prompt");
    f.other("output", count(), "tokens", "that follow it");
    f.other("dtype", Shape::word(words_of<DType>()), "", "format");
    f.other("plain", Shape::word(words_of<DType>()), "", "format of what is not quantised").optional();
    f.other("kv", Shape::word(words_of<DType>()), "", "format of keys and values, where it is another")
        .optional();
    f.other("devices", count(), "", "in all");
    f.other("parallelism", Shape::object(&division_table), "",
            "how they divide the model, where they do not all share each layer")
        .optional();
    f.other("ranks", count(1), "", "that are not all alike, a graph each for every step").optional();
    f.other("prefill_graphs", count(), "", "of the prompts");
    f.other("decode_graphs", count(), "", "of the tokens after the first");
    f.other("memory_bytes", Shape::object(&memory_table), "", "of one device");
    f.other("operators", count(), "", "lines that follow");
    f.other("prefill_steps", Shape::list(Shape::object(&step_table)), "",
            "of each graph of the prompts, where they are not all alike")
        .optional();
    f.other("parameters", count(), "", "of the model").optional();
    f.other("active_parameters", count(), "", "that a token goes through").optional();
    return Table(f);
  }();
  return table;
}

const Table& trace_operator_table() {
  static const Table table = [] {
    LineFields f("an operator on one device");
    f.results();
    f.other("id", count(), "", "in its graph");
    f.other("op", Shape::word(words_of<OperatorKind>()), "", "what it does");
    f.other("layer", Shape::of(ShapeKind::integer), "", "-1 = outside the layers");
    f.other("phase", Shape::word({"prefill", "decode"}), "", "of the inference");
    f.other("step", count(), "", "graph of the phase");
    f.other("stage", count(), "", "of the pipeline, beyond the first").optional();
    f.other("rank", count(), "", "beyond the first, where ranks are not all alike").optional();
    f.other("meeting", count(), "", "the same on all ranks that do it together").optional();
    f.other("deps", Shape::list(count()), "", "operators of its graph that come before it");
    f.other("shape", Shape::map({}), "", "extents, by the operator's family");
    f.other("dtype", Shape::word(words_of<DType>()), "", "of its arithmetic");
    f.other("inputs", Shape::list(Shape::object(&tensor_table), 1), "", "read");
    f.other("outputs", Shape::list(Shape::object(&tensor_table), 1), "", "written");
    return Table(f);
  }();
  return table;
}

}  // namespace orrery
