// libsystemc's own main() refers to this; Orrery's programs have their own main() and never call it. Compiled
// into each program, so that the library's reference is met whatever else is linked.
extern "C" int sc_main(int argc, char* argv[]);
extern "C" int sc_main(int /*argc*/, char* /*argv*/[]) {
  return 0;
}
