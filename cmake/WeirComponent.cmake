# SPDX-License-Identifier: MIT OR Apache-2.0
# weir_component(NAME [DEPS component...] [LIBS target...])
#
# Declares src/NAME as the static library weir_NAME: every .cc directly in the folder (and in
# internal/) except *_test.cc, which together become the program NAME_test. DEPS are other weir
# components, LIBS outside libraries. The layer check compares DEPS with docs/ARCHITECTURE.md.
function(weir_component name)
  cmake_parse_arguments(arg "" "" "DEPS;LIBS;TEST_LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS
    "${CMAKE_CURRENT_SOURCE_DIR}/*.cc" "${CMAKE_CURRENT_SOURCE_DIR}/internal/*.cc")
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  if(sources)
    add_library(weir_${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(weir_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(weir_${name} ${scope}
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>" "$<INSTALL_INTERFACE:${WEIR_INCLUDE_DIR}>")
  target_compile_features(weir_${name} ${scope} cxx_std_23)
  foreach(dep IN LISTS arg_DEPS)
    target_link_libraries(weir_${name} ${scope} weir_${dep})
  endforeach()
  target_link_libraries(weir_${name} ${scope} ${arg_LIBS})
  if(WEIR_TESTS AND tests)
    find_package(GTest REQUIRED)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE weir_${name} ${arg_TEST_LIBS} GTest::gtest GTest::gtest_main)
    add_test(NAME unit.${name} COMMAND ${name}_test)
    set_tests_properties(unit.${name} PROPERTIES LABELS unit)
    weir_time_limit(unit.${name} 300)
  endif()
endfunction()
