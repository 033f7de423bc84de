# `cmake --install` and `cpack` (a .deb, and a tar.gz that is an installation once unpacked, on any distribution with glibc 2.36).
#   bin/stack                  the program
#   libexec/stack/stack-shim   found from the program's own place (engine/runtime/launch.cpp), as everything is
#   lib/stack/*.so             only in the tar.gz: the libraries that Debian has no static archive of
#   libexec/stack/stack-oci    the same under the name of its runc command line
#   share/, lib/systemd/       manual page, completions, licences, unit
include(GNUInstallDirs)

install(TARGETS stack RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
install(TARGETS stack-shim RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/stack COMPONENT program)
install(FILES ${CMAKE_BINARY_DIR}/stack-oci DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/stack COMPONENT program)
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
if(EXISTS ${CMAKE_SOURCE_DIR}/LICENSE)
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
endif()

# The manual page and the completions are written by the program that is installed, so they cannot be out of date.
set(STACK_PROGRAM ${CMAKE_BINARY_DIR}/stack)
configure_file(packaging/install_documents.cmake.in ${CMAKE_BINARY_DIR}/install_documents.cmake @ONLY)
install(SCRIPT ${CMAKE_BINARY_DIR}/install_documents.cmake COMPONENT program)

find_library(STACK_NFTABLES NAMES libnftables.so.1 REQUIRED)
configure_file(packaging/install_libraries.cmake.in ${CMAKE_BINARY_DIR}/install_libraries.cmake @ONLY)
install(SCRIPT ${CMAKE_BINARY_DIR}/install_libraries.cmake COMPONENT libraries EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR TGZ DEB)
set(CPACK_PACKAGE_NAME stack)
set(CPACK_PACKAGE_VENDOR "stack")
set(CPACK_PACKAGE_CONTACT "stack maintainers <root@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Runs Compose projects with a container engine of its own")
set(CPACK_PACKAGE_DESCRIPTION "One program that brings Compose projects up, with nothing to administer\n\
beside it. It speaks the Docker Engine API both ways: as a client of other\n\
engines, and as an engine.")
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
string(TOLOWER ${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR} platform)
set(CPACK_PACKAGE_FILE_NAME stack-${PROJECT_VERSION}-${platform})
set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_SOURCE_DIR}/packaging/cpack_generator.cmake)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS libnftables1)  # loaded when first needed, so its name is not in the program's header
set(CPACK_DEBIAN_PACKAGE_CONFLICTS haskell-stack)  # it has a /usr/bin/stack, too
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/packaging/postinst;${CMAKE_SOURCE_DIR}/packaging/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
