# SPDX-License-Identifier: Apache-2.0
# The command, its manual pages and its completion. It is linked with the static library: the option tables of core/ are
# hidden in the shared one, and a command that needs no other file of ours can be copied anywhere.
file(GLOB CLI_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/cli/*.c)
add_executable(fovea_command ${CLI_SOURCES})
set_target_properties(fovea_command PROPERTIES OUTPUT_NAME fovea)
embed_file(fovea_command ${PROJECT_SOURCE_DIR}/src/cli/watch.html watch_page)
target_include_directories(fovea_command PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(fovea_command PRIVATE fovea_static ${FOVEA_LINK})

set(FOVEA_MANUALS ${PROJECT_BINARY_DIR}/man)
add_custom_command(
  OUTPUT ${FOVEA_MANUALS}/man1/fovea.1 ${FOVEA_MANUALS}/fovea.bash ${FOVEA_MANUALS}/_fovea ${FOVEA_MANUALS}/fovea.fish
  COMMAND fovea_command --manuals ${FOVEA_MANUALS}
  COMMAND fovea_command --completion bash > ${FOVEA_MANUALS}/fovea.bash
  COMMAND fovea_command --completion zsh > ${FOVEA_MANUALS}/_fovea
  COMMAND fovea_command --completion fish > ${FOVEA_MANUALS}/fovea.fish
  DEPENDS fovea_command
  COMMENT "Writing the manual pages")
add_custom_target(fovea_manuals ALL DEPENDS ${FOVEA_MANUALS}/man1/fovea.1)

include(GNUInstallDirs)
install(TARGETS fovea_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT command)
install(DIRECTORY ${FOVEA_MANUALS}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT command)
install(FILES ${FOVEA_MANUALS}/fovea.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME fovea COMPONENT command)
install(FILES ${FOVEA_MANUALS}/_fovea DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT command)
install(FILES ${FOVEA_MANUALS}/fovea.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT command)
