# One folder = one library. orrery_library(NAME SOURCES ... LINK ... HEAVY ...): includes start at the repository
# root. HEAVY headers of others, which most of the folder's files include, are parsed once a library. COLD ones read,
# check and print: they are optimised less, which halves their compilation. Presets `release` and `asan` compile a
# library's files in batches (CMake's unity builds), so that templates of others are instantiated once a batch: names in
# anonymous namespaces differ within a library.
option(ORRERY_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)

add_library(orrery_options INTERFACE)
target_include_directories(orrery_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(
  orrery_options
  INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wswitch-enum -Werror -ffp-contract=off)
if(ORRERY_SANITIZE)
  target_compile_options(orrery_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
                                                  -fno-omit-frame-pointer
                                                  # GCC 12 warns inside <regex> only when sanitizing
                                                  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(orrery_options INTERFACE -fsanitize=address,undefined)
endif()

if(ORRERY_FUZZ)
  target_compile_options(orrery_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

function(orrery_library name)
  cmake_parse_arguments(ARG "COLD" "" "SOURCES;LINK;HEAVY" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC orrery_options ${ARG_LINK})
  if(ARG_COLD)
    target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  endif()
  if(ARG_HEAVY)
    target_precompile_headers(${name} PRIVATE ${ARG_HEAVY})
  endif()
endfunction()
