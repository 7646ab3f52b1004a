#pragma once
// A kind of document: its schema's name, the table of its keys, and where the catalogue keeps it.

namespace orrery {

class Table;
using TableOf = const Table& (*)();  // built when it is first asked for

struct DocumentKind {
  const char* schema;  // "orrery/dram/1"
  const char* what;    // "DRAM preset", for messages
  const char* folder;  // of arch_configs
  TableOf table;
};

}  // namespace orrery
