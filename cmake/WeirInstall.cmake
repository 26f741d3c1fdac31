# SPDX-License-Identifier: MIT OR Apache-2.0
# Where the program is built and what `cmake --install` copies. The program lies at the top of its
# build folder (build/release/weir), whatever folder declares it.

if(TARGET weir)
  set_target_properties(weir PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
  install(TARGETS weir RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
install(FILES "${PROJECT_SOURCE_DIR}/share/completions/weir.bash" OPTIONAL RENAME weir
  DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
install(FILES "${PROJECT_SOURCE_DIR}/share/completions/_weir" OPTIONAL
  DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
install(FILES "${PROJECT_SOURCE_DIR}/share/completions/weir.fish" OPTIONAL
  DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
install(FILES "${PROJECT_SOURCE_DIR}/share/man/weir.1" OPTIONAL
  DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
set(WEIR_SYSTEMD_UNIT_DIR "lib/systemd/system" CACHE STRING "Where systemd units are installed to")
# The unit names the program where it is installed to, which is known for sure only then.
install(CODE "
  file(READ \"${PROJECT_SOURCE_DIR}/share/systemd/weir.service\" unit)
  get_filename_component(program \"${CMAKE_INSTALL_BINDIR}/weir\" ABSOLUTE
    BASE_DIR \"\${CMAKE_INSTALL_PREFIX}\")
  string(REPLACE \"/usr/bin/weir\" \"\${program}\" unit \"\${unit}\")
  file(WRITE \"${PROJECT_BINARY_DIR}/weir.service\" \"\${unit}\")")
install(FILES "${PROJECT_BINARY_DIR}/weir.service" "${PROJECT_SOURCE_DIR}/share/systemd/weir.socket"
  DESTINATION "${WEIR_SYSTEMD_UNIT_DIR}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE-MIT" "${PROJECT_SOURCE_DIR}/LICENSE-APACHE"
  DESTINATION "${CMAKE_INSTALL_DOCDIR}")

# libweir (docs/library.md): the engine's components as static libraries, their headers, and what
# find_package(weir) reads.
set(library_components
  base hash bencode metainfo http wire tracker store swarm engine io client)
foreach(component IN LISTS library_components)
  set_target_properties(weir_${component} PROPERTIES EXPORT_NAME ${component})
  install(TARGETS weir_${component} EXPORT weir ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/src/${component}" DESTINATION "${WEIR_INCLUDE_DIR}"
    FILES_MATCHING PATTERN "*.h" PATTERN "testing" EXCLUDE)
endforeach()
set(WEIR_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/weir")
install(EXPORT weir NAMESPACE weir:: FILE weirTargets.cmake DESTINATION "${WEIR_CMAKE_DIR}")
include(CMakePackageConfigHelpers)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/weirConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_SOURCE_DIR}/cmake/weirConfig.cmake"
  "${PROJECT_BINARY_DIR}/weirConfigVersion.cmake" DESTINATION "${WEIR_CMAKE_DIR}")
