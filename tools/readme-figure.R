# The picture of README.md, from the installed package: small, in grey.
library(cordgain)
ggplot2::ggsave("man/figures/references.png", plot(excess_by_reference(keio_ips)), width = 7, height = 6, dpi = 110,
  bg = "white")
