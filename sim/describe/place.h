#pragma once
// Where in a document a value stands, while it is read: a chain of keys and indices up to the root.

#include <cstddef>
#include <string>

namespace orrery {

class ConfigDocument;

class Place {
 public:
  // The root of a document; null: of a value that was put together by the program.
  explicit Place(const ConfigDocument* document = nullptr) : document_(document) {}
  Place(const Place& outer, const std::string& key)
      : document_(outer.document_), outer_(&outer), key_(&key) {}
  Place(const Place& outer, std::size_t index) : document_(outer.document_), outer_(&outer), index_(index) {}

  const ConfigDocument* document() const { return document_; }
  // As a JSON pointer.
  std::string pointer() const;

 private:
  const ConfigDocument* document_;
  const Place* outer_ = nullptr;
  const std::string* key_ = nullptr;
  std::size_t index_ = 0;
};

}  // namespace orrery
