# Started by run_cordgain(); page, server and everything they call are functions of the package.
shiny::shinyApp(cordgain:::app_page(), cordgain:::app_server)
