#pragma once
// Says a struct's keys: each by the member that it is, its unit, and a sentence. The member's type gives the
// shape of its value, its default is what a new struct holds.
//
//   Fields<CacheSpec> f("a core's own memory");
//   f.key("banks", &CacheSpec::banks, "", "accessed side by side").required().range(1, 65536);

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "sim/describe/shape.h"
#include "sim/describe/sources.h"
#include "sim/util/enum_names.h"

namespace orrery {

// The table of a struct's keys; specialised where the struct's keys are said.
template <class T>
const Table& table_of();

// A struct's number in the unit of its key, whose scale may be a decimal fraction (1e-6 of a microsecond).
inline double in_key_unit(double value, double scale) {
  return scale < 1 ? value * (1 / scale) : value / scale;
}

// How a member of type M stands in a document: read from it, and written to it.
template <class M, class Enable = void>
struct Written {  // a struct with a table
  static Shape shape() { return Shape::object(&table_of<M>); }
  static M read(const nlohmann::json& value, const Place& at, double /*scale*/) {
    M m{};
    table_of<M>().read(&m, value, at);
    return m;
  }
  static nlohmann::ordered_json write(const M& m, double /*scale*/) { return table_of<M>().write(&m); }
};

// What JSON itself holds.
template <class M>
struct WrittenPlain {
  static M read(const nlohmann::json& value, const Place& /*at*/, double /*scale*/) { return value.get<M>(); }
  static nlohmann::ordered_json write(const M& m, double /*scale*/) { return m; }
};

template <>
struct Written<bool> : WrittenPlain<bool> {
  static Shape shape() { return Shape::of(ShapeKind::flag); }
};

template <>
struct Written<std::string> : WrittenPlain<std::string> {
  static Shape shape() { return Shape::text(); }
};

// As it stands: of what is read in a later step.
template <>
struct Written<nlohmann::json> : WrittenPlain<nlohmann::json> {
  static Shape shape() { return {}; }
};

template <class M>
struct Written<M, std::enable_if_t<std::is_arithmetic_v<M>>> {
  static Shape shape() {
    Shape shape = Shape::of(std::is_integral_v<M> ? ShapeKind::integer : ShapeKind::number);
    if constexpr (std::is_integral_v<M>) {
      if (std::is_unsigned_v<M>) shape.least = 0;
      if (sizeof(M) < sizeof(std::uint64_t)) shape.most = static_cast<double>(std::numeric_limits<M>::max());
    }
    return shape;
  }
  static M read(const nlohmann::json& value, const Place& /*at*/, double scale) {
    if (scale == 1) return value.get<M>();
    return static_cast<M>(value.get<double>() * scale);
  }
  static nlohmann::ordered_json write(M value, double scale) {
    if (scale == 1) return value;
    return in_key_unit(static_cast<double>(value), scale);
  }
};

template <class M>
struct Written<M, std::enable_if_t<std::is_enum_v<M>>> {
  static Shape shape() { return Shape::word(words_of<M>()); }
  static M read(const nlohmann::json& value, const Place& /*at*/, double /*scale*/) {
    return from_word<M>(value.get<std::string>()).value();
  }
  static nlohmann::ordered_json write(M value, double /*scale*/) { return to_string(value); }
};

// Nothing: null where results say so, a key that is left out elsewhere.
template <class M>
struct Written<std::optional<M>> {
  static Shape shape() { return Written<M>::shape(); }
  static std::optional<M> read(const nlohmann::json& value, const Place& at, double scale) {
    if (value.is_null()) return std::nullopt;
    return Written<M>::read(value, at, scale);
  }
  static nlohmann::ordered_json write(const std::optional<M>& value, double scale) {
    return value ? Written<M>::write(*value, scale) : nlohmann::ordered_json();
  }
};

template <class M>
struct Written<std::vector<M>> {
  static Shape shape() { return Shape::list(Written<M>::shape()); }
  static std::vector<M> read(const nlohmann::json& value, const Place& at, double scale) {
    std::vector<M> items;
    for (std::size_t i = 0; i < value.size(); ++i)
      items.push_back(Written<M>::read(value[i], Place(at, i), scale));
    return items;
  }
  static nlohmann::ordered_json write(const std::vector<M>& items, double scale) {
    nlohmann::ordered_json out = nlohmann::ordered_json::array();
    for (const M& item : items) out.push_back(Written<M>::write(item, scale));
    return out;
  }
};

template <class M, std::size_t N>
struct Written<std::array<M, N>> {
  static Shape shape() {
    Shape shape = Shape::list(Written<M>::shape(), N);
    shape.longest = N;
    return shape;
  }
  static std::array<M, N> read(const nlohmann::json& value, const Place& at, double scale) {
    std::array<M, N> items{};
    for (std::size_t i = 0; i < N; ++i) items[i] = Written<M>::read(value[i], Place(at, i), scale);
    return items;
  }
  static nlohmann::ordered_json write(const std::array<M, N>& items, double scale) {
    return Written<std::vector<M>>::write({items.begin(), items.end()}, scale);
  }
};

template <class M>
struct Written<std::map<std::string, M>> {
  static Shape shape() { return Shape::map(Written<M>::shape()); }
  static std::map<std::string, M> read(const nlohmann::json& value, const Place& at, double scale) {
    std::map<std::string, M> items;
    for (const auto& [key, item] : value.items()) items[key] = Written<M>::read(item, Place(at, key), scale);
    return items;
  }
  static nlohmann::ordered_json write(const std::map<std::string, M>& items, double scale) {
    nlohmann::ordered_json out = nlohmann::ordered_json::object();
    for (const auto& [key, item] : items) out[key] = Written<M>::write(item, scale);
    return out;
  }
};

template <class M>
struct IsOptional : std::false_type {};
template <class M>
struct IsOptional<std::optional<M>> : std::true_type {};

template <class T>
class Fields {
 public:
  explicit Fields(std::string sentence, Bears bears = Bears::timing)
      : sentence_(std::move(sentence)), bears_(bears) {}

  // `member`: a pointer to it, or a function from the struct to it.
  template <class Member>
  Fields& key(const char* key, Member member, const char* unit, const char* sentence) {
    using M = std::remove_cv_t<std::remove_reference_t<std::invoke_result_t<Member, T&>>>;
    Field& f = add(key, Written<M>::shape(), unit, sentence);
    f.read = [member](void* into, const nlohmann::json& value, const Place& at, double scale) {
      std::invoke(member, *static_cast<T*>(into)) = Written<M>::read(value, at, scale);
    };
    f.write = [member](const void* from, double scale) {
      return Written<M>::write(std::invoke(member, const_cast<T&>(*static_cast<const T*>(from))), scale);
    };
    f.nullable = IsOptional<M>::value && results_;
    told_ = false;
    return *this;
  }

  // Keys that lie deeper in the document, of the same struct.
  Fields& group(const char* key, TableOf table, const char* sentence) {
    Field& f = add(key, Shape::object(table), "", sentence);
    f.read = [table](void* into, const nlohmann::json& value, const Place& at, double) {
      table().read(into, value, at);
    };
    f.write = [table](const void* from, double) { return table().write(from); };
    return *this;
  }

  // How a key of other() is written.
  Fields& written(std::function<nlohmann::ordered_json(const T&)> write) {
    last().write = [write = std::move(write)](const void* from, double) {
      return write(*static_cast<const T*>(from));
    };
    return *this;
  }

  // What follows from the struct, and is only written; `of`: from the struct to its value.
  template <class Of>
  Fields& figure(const char* key, Of of, const char* unit, const char* sentence) {
    using M = std::decay_t<std::invoke_result_t<Of, const T&>>;
    Field& f = add(key, Written<M>::shape(), unit, sentence);
    f.write = [of](const void* from, double scale) {
      return Written<M>::write(of(*static_cast<const T*>(from)), scale);
    };
    f.nullable = IsOptional<M>::value;
    return *this;
  }

  // A field of another struct that this one holds; `part`: where.
  Fields& field(Field of, void* (*part)(T&)) {
    settle();
    if (of.read) {
      of.read = [read = of.read, part](void* into, const nlohmann::json& value, const Place& at,
                                       double scale) {
        read(part(*static_cast<T*>(into)), value, at, scale);
      };
    }
    if (of.write) {
      of.write = [write = of.write, part](const void* from, double scale) {
        return write(part(const_cast<T&>(*static_cast<const T*>(from))), scale);
      };
    }
    fields_.push_back(std::move(of));
    return *this;
  }

  // A table of results: all keys are written, what is not defined as null.
  Fields& results() {
    results_ = true;
    return *this;
  }

  // What is read otherwise; without `read` it is somebody else's to read.
  Fields& other(const char* key, Shape shape, const char* unit, const char* sentence,
                std::function<void(T&, const nlohmann::json&, const Place&)> read = {}) {
    Field& f = add(key, std::move(shape), unit, sentence);
    if (read) {
      f.read = [read = std::move(read)](void* into, const nlohmann::json& value, const Place& at, double) {
        read(*static_cast<T*>(into), value, at);
      };
    }
    return *this;
  }

  // Of the key before:
  Fields& optional() {
    last().required = false;
    return *this;
  }
  Fields& nullable() {
    last().nullable = true;
    return *this;
  }
  Fields& required() {
    last().required = true;
    return *this;
  }
  Fields& range(double least, double most) { return within({}, least, most); }
  Fields& at_least(double least) { return within({}, least, numbers().most); }
  Fields& above(double bound, std::optional<double> most = {}) { return within(bound, {}, most); }
  Fields& items(std::size_t shortest, std::size_t longest = kAnyLength) {
    last().shape.shortest = shortest;
    last().shape.longest = longest;
    return *this;
  }
  Fields& characters(std::size_t shortest, std::size_t longest) { return items(shortest, longest); }
  Fields& shaped(Shape shape) {
    last().shape = std::move(shape);
    return *this;
  }
  Fields& times(double scale) {
    last().scale = scale;
    // 0.5 GiB is a whole number of bytes.
    if (last().shape.kind == ShapeKind::integer) last().shape.kind = ShapeKind::number;
    return *this;
  }
  Fields& bears(Bears bears) {
    last().bears = bears;
    return *this;
  }
  Fields& standing(const char* words) {
    last().standing = words;
    return *this;
  }
  // What the value is called where people read it.
  Fields& label(const char* words) {
    last().has_label = true;
    last().label = words;
    return *this;
  }
  // What sweeps call the figure where they compare, constrain and optimise it.
  Fields& compared(const char* name) { return compared(name, ""); }
  // The same of one key of an object; several go one by one.
  Fields& compared(const char* name, const char* member) {
    last().compared.push_back({name, member});
    return *this;
  }
  Fields& deprecated() {
    last().deprecated = true;
    return *this;
  }

  // What a document's first keys are; `schema` is its name ("orrery/arch/1").
  Fields& document(const char* schema) {
    other("schema", Shape::word({schema}), "", "which kind of document this is").bears(Bears::none);
    other("name", Shape::text(), "", "what it goes by").characters(1, 200).bears(Bears::none);
    other("description", Shape::text(), "", "for people").bears(Bears::none);
    other("base", Shape::text(), "", "file or name of the catalogue that this one derives from")
        .bears(Bears::none);
    return other("sources", Shape::map(Shape::object(&table_of_sources)), "",
                 "provenance of the numbers below each key path")
        .bears(Bears::none);
  }

  operator Table() {
    settle();
    return Table(std::move(sentence_), std::move(fields_));
  }

 private:
  std::string sentence_;
  Bears bears_;
  std::vector<Field> fields_;
  bool results_ = false;
  bool told_ = true;  // what holds where the last key is left out

  Field& add(const char* key, Shape shape, const char* unit, const char* sentence) {
    settle();
    const auto again = [key](const Field& f) { return f.key == key; };  // of document()'s, said anew
    fields_.erase(std::remove_if(fields_.begin(), fields_.end(), again), fields_.end());
    Field f;
    f.key = key;
    f.shape = std::move(shape);
    f.unit = unit;
    f.sentence = sentence;
    f.bears = bears_;
    f.required = results_;
    fields_.push_back(std::move(f));
    return fields_.back();
  }
  // The last key is complete: its default can be told.
  void settle() {
    if (!told_ && !last().required && last().standing.empty() && !results_) {
      static const auto fresh = std::make_unique<T>();
      const nlohmann::ordered_json value = last().write(fresh.get(), last().scale);
      if (value.is_string()) last().standing = value.template get<std::string>();
      if (value.is_number() || value.is_boolean()) last().standing = value.dump();
    }
    told_ = true;
  }
  Field& last() { return fields_.back(); }
  // The numbers that bounds are of: the value's, or those in it.
  Shape& numbers() {
    Shape* shape = &last().shape;
    while (shape->kind == ShapeKind::list || shape->kind == ShapeKind::map) shape = &shape->parts[0];
    return *shape;
  }
  Fields& within(std::optional<double> above, std::optional<double> least, std::optional<double> most) {
    Shape& shape = numbers();
    shape.above = above;
    shape.least = least;
    shape.most = most;
    return *this;
  }
};

// A struct as a document's object.
template <class T>
nlohmann::ordered_json written(const T& value) {
  return Written<T>::write(value, 1);
}

// A struct from an object that has been checked.
template <class T>
T read_as(const nlohmann::json& object, const Place& at = Place()) {
  return Written<T>::read(object, at, 1);
}

}  // namespace orrery
